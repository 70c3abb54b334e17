"""Templates of mails and how they are filled."""

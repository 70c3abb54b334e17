"""What a person may see: journeys of mails and messages."""

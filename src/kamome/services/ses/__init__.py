"""Amazon Simple Email Service: identities and the receiving of mail (API of 2010-12-01)."""

"""Server-side encryption: keys of customers, keys of KMS."""

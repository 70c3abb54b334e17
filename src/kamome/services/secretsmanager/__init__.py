"""AWS Secrets Manager: secrets, their versions and staging labels. See DESIGN.md."""

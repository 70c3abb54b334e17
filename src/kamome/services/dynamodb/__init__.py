"""Amazon DynamoDB: tables, items and expressions. See DESIGN.md."""

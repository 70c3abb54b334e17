"""Amazon SQS: queues, messages, dead letters. See DESIGN.md."""

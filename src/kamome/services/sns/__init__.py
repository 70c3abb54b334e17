"""SNS: topics, subscriptions, publishing and delivery. Begin with `DESIGN.md`."""

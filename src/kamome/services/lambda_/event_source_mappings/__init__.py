"""Event source mappings, and the pollers that read the queues."""

"""Resource-based policies."""

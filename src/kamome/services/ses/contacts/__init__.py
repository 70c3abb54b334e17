"""Contact lists, contacts, and how they unsubscribe."""

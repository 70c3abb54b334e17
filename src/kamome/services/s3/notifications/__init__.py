"""Event notifications."""

"""Lifecycle configurations, and what they make of objects by the clock."""

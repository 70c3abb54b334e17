"""Faults to order: rules that make calls fail and messages come late, twice or out of order."""

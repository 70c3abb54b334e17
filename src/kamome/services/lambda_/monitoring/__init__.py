"""The log of a function."""

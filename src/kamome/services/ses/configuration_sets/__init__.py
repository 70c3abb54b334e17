"""Configuration sets, their event destinations and pools."""

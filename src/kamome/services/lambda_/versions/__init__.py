"""Versions and aliases."""

"""Buckets: their names, owners, regions, versioning state and configurations."""

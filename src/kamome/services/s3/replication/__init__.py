"""Replication to other buckets of this server."""

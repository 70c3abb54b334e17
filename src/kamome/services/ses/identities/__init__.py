"""Addresses and domains that may send: their verification, keys and policies."""

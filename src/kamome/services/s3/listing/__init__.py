"""Listings of objects, versions and uploads, a page at a time."""

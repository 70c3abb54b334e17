"""Multipart uploads and their parts."""

"""KMS: keys that never leave the server, and what is done with them. Begin with `DESIGN.md`."""

"""STS: who is calling. Begin with `DESIGN.md`."""

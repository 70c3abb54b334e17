"""Objects: written, read, copied, deleted, tagged, and their versions."""

"""Kamome for tests: a server inside the test process."""

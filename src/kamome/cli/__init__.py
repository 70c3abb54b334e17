"""The command line `kamome`."""

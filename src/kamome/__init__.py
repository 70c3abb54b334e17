"""Kamome: the AWS mail-and-message backbone as one server on your own machine."""

__version__ = "0.1.0"

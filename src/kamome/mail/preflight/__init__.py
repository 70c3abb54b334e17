"""Preflight: whether the world will take the mails of a domain, told before the first one is sent.

Pure judges look at what DNS and other mail servers say, one module per topic; `examination` asks
them side by side, within bounds. What is asked goes through ports, so that tests answer themselves.
"""

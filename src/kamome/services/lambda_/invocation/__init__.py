"""Invocation: synchronous, asynchronous with its retries and destinations, streamed."""

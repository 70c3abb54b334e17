"""The mailbox for people and tests, and the examination of a domain."""

"""Mail by SMTP: what a session, a transaction, an envelope and a reply are. Knows nothing of AWS.

`smtp_listener` accepts sessions, `session` speaks the protocol (with `commands`, `mail_data` and
`replies`), `inbound` says when a mail counts as accepted, `store` keeps mails, `header_fields`
reads the headers of any mail, however broken.
"""

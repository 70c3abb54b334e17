"""Limits of SMTP sessions, each with its source. All can be set when a listener is made."""

from __future__ import annotations

import msgspec

# 40 MB. AWS: SES Developer Guide, Service quotas (email receiving), maximum email size.
MAIL_BYTES_MAX = 41_943_040
# A client that keeps sending after the limit is read this far, then cut off.
OVERRUN_BYTES_MAX = MAIL_BYTES_MAX
# 1,000 octets with CRLF, the transparent dot not counted. RFC 5321 §4.5.3.1.6.
LINE_BYTES_MAX = 1_000
# RFC 5321 §4.5.3.1.4 asks for 512; MAIL's extensions and UTF-8 addresses need more (RFC 6531 §3.4).
COMMAND_BYTES_MAX = 2_048
# RFC 5321 §4.5.3.1.3 says 256 octets for a path; local parts of bounce addresses (VERP) often pass
# the 64 octets of §4.5.3.1.1, which only binds senders.
PATH_BYTES_MAX = 512
DOMAIN_BYTES_MAX = 255  # RFC 5321 §4.5.3.1.2
# RFC 5321 §4.5.3.1.8 asks for at least 100. AWS: SES Developer Guide, Service quotas: a received
# mail may have 500 recipients.
RECIPIENTS_MAX = 500
# A mail with more Received fields goes in circles. RFC 5321 §6.3: "normally at least 100".
RECEIVED_FIELDS_MAX = 100
# What a mail holds in memory before it goes to a file, and what is kept in a row.
# Measured for bodies in general: rows win below about 100 KB (ARCHITECTURE.md, storage).
INLINE_BYTES_MAX = 100 * 1024


class SessionLimits(msgspec.Struct, frozen=True):
    """What one listener grants. Times are seconds on the machine's clock, for they guard sockets.

    `command_s` is the wait for a command (RFC 5321 §4.5.3.2.7: at least 5 minutes), `data_s` the
    wait for the next piece of DATA (§4.5.3.2.5: 3 minutes), `session_s` the whole session.
    """

    mail_bytes: int = MAIL_BYTES_MAX
    recipients: int = RECIPIENTS_MAX
    sessions: int = 500
    sessions_per_address: int = 100
    commands: int = 20_000
    errors: int = 50
    command_s: float = 300
    data_s: float = 180
    session_s: float = 3_600

"""SMTP replies with their enhanced status codes. RFC 5321 §4.2, RFC 3463, RFC 5248.

Replies never repeat what the client sent, so that no text of his reaches a log or another reader
as ours.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Reply(NamedTuple):
    """One reply line. The enhanced code is empty for the greeting, EHLO and 354 (RFC 2034 §4)."""

    code: int
    enhanced: str
    text: str

    def line(self) -> bytes:
        """The reply as it goes over the wire."""
        words = (
            f"{self.code} {self.enhanced} {self.text}"
            if self.enhanced
            else (f"{self.code} {self.text}")
        )
        return words.encode() + b"\r\n"

    @property
    def is_error(self) -> bool:
        """Whether it counts against the session's allowance of errors."""
        return self.code >= 400


_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def parse_reply(line: str) -> Reply:
    """The parts of a reply line that has been checked: `451 4.7.1 Try again later`."""
    code, _, text = line.partition(" ")
    enhanced, _, rest = text.partition(" ")
    if _ENHANCED.fullmatch(enhanced):
        return Reply(int(code), enhanced, rest)
    return Reply(int(code), "", text)


OK = Reply(250, "2.0.0", "OK")
SENDER_OK = Reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK = Reply(250, "2.1.5", "Recipient OK")
GOODBYE = Reply(221, "2.0.0", "Bye")
READY_FOR_TLS = Reply(220, "2.0.0", "Ready to start TLS")
HELP = Reply(
    214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP STARTTLS; see RFC 5321"
)
CANNOT_VERIFY = Reply(252, "2.5.0", "Cannot VRFY user, but will take mail for known recipients")
START_MAIL = Reply(354, "", "End data with <CR><LF>.<CR><LF>")

SHUTTING_DOWN = Reply(421, "4.3.2", "Shutting down, try again later")
IDLE_TOO_LONG = Reply(421, "4.4.2", "Waited too long, closing")
SESSION_TOO_LONG = Reply(421, "4.4.2", "The session took too long, closing")
TOO_MANY_SESSIONS = Reply(421, "4.7.0", "Too many sessions, try again later")
TOO_MANY_COMMANDS = Reply(421, "4.7.0", "Too many commands, closing")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors, closing")
NOT_SMTP = Reply(421, "4.7.0", "This is an SMTP server, closing")
LOCAL_ERROR = Reply(451, "4.3.0", "Local error in processing, try again later")
NO_STORAGE = Reply(452, "4.3.1", "Insufficient system storage, try again later")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients, send the rest in another mail")
TLS_NOT_AVAILABLE = Reply(454, "4.7.0", "TLS is not available just now")

SYNTAX = Reply(500, "5.5.2", "Syntax error, command not understood")
BARE_LF_IN_COMMAND = Reply(500, "5.5.2", "Command lines end with <CR><LF>, and hold no other")
COMMAND_TOO_LONG = Reply(500, "5.5.2", "Command line too long")
UNKNOWN_COMMAND = Reply(500, "5.5.1", "Command not recognized")
BAD_ARGUMENTS = Reply(501, "5.5.4", "Syntax error in the command's arguments")
HELO_SYNTAX = Reply(501, "5.5.4", "Syntax: EHLO domain")
MAIL_SYNTAX = Reply(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]")
RCPT_SYNTAX = Reply(501, "5.5.4", "Syntax: RCPT TO:<address>")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Command not implemented")
HELO_FIRST = Reply(503, "5.5.1", "Send EHLO first")
NESTED_MAIL = Reply(503, "5.5.1", "Sender given already, send RSET first")
MAIL_FIRST = Reply(503, "5.5.1", "Send MAIL first")
RCPT_FIRST = Reply(503, "5.5.1", "No valid recipients")
CHUNKS_BEGUN = Reply(503, "5.5.1", "The mail has begun to come by BDAT")
TLS_ACTIVE = Reply(503, "5.5.1", "TLS is active already")
# Replies to AUTH: RFC 4954 §6.
LOGGED_IN = Reply(235, "2.7.0", "Authentication successful")
TOO_MANY_LOGINS = Reply(421, "4.7.0", "Too many failed logins, closing")
LOGIN_LATER = Reply(454, "4.7.0", "Too many failed logins from your address, try again later")
LOGIN_CANCELLED = Reply(501, "5.7.0", "Authentication cancelled")
LOGIN_SYNTAX = Reply(501, "5.5.2", "Cannot decode the response")
LOGIN_NOT_NOW = Reply(503, "5.5.1", "Authentication is not possible now")
UNKNOWN_MECHANISM = Reply(504, "5.5.4", "Authentication mechanism not served: PLAIN and LOGIN are")
LOGIN_FIRST = Reply(530, "5.7.0", "Authentication required")
LOGIN_WRONG = Reply(535, "5.7.8", "Authentication credentials invalid")
ENCRYPTION_FIRST = Reply(538, "5.7.11", "Authentication needs TLS: send STARTTLS first")
TLS_REQUIRED = Reply(530, "5.7.0", "Must issue a STARTTLS command first")
BAD_SENDER = Reply(553, "5.1.7", "Sender address is malformed")
BAD_RECIPIENT = Reply(553, "5.1.3", "Recipient address is malformed")
NOT_ASCII = Reply(553, "5.6.7", "Address is not ASCII: give SMTPUTF8 with MAIL, and UTF-8")
UNKNOWN_RECIPIENT = Reply(550, "5.1.1", "No such recipient here")
POLICY_REFUSED = Reply(550, "5.7.1", "Refused as the DMARC policy of the author's domain asks")
BLOCKED = Reply(550, "5.7.1", "Mail from your address is not taken for this recipient")
RELAYING_DENIED = Reply(550, "5.7.1", "Relaying denied")
MAIL_TOO_LARGE = Reply(552, "5.3.4", "Mail is larger than this server takes")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Parameter not recognized or not implemented")
MAIL_LOOPS = Reply(554, "5.4.6", "Too many hops: the mail goes in circles")
BARE_LINE_END = Reply(554, "5.6.0", "Mail holds a bare <CR> or <LF>, which is refused")
LINE_TOO_LONG = Reply(554, "5.6.0", "Mail holds a line longer than 998 octets")

# By the name of a `mail_data.Fault`.
OF_FAULTS = {
    "BARE_LINE_END": BARE_LINE_END,
    "LINE_TOO_LONG": LINE_TOO_LONG,
    "TOO_LARGE": MAIL_TOO_LARGE,
}


def greeting(hostname: str) -> Reply:
    """What the server says first."""
    return Reply(220, "", f"{hostname} ESMTP")


def hello(hostname: str, extensions: tuple[str, ...]) -> bytes:
    """The reply to EHLO: the name, then one extension a line. RFC 5321 §4.1.1.1."""
    lines = (hostname, *extensions)
    last = len(lines) - 1
    return b"".join(
        f"250{' ' if number == last else '-'}{line}\r\n".encode()
        for number, line in enumerate(lines)
    )


def chunk_received(octets: int) -> Reply:
    """A chunk has come, and more follow. RFC 3030 §2."""
    return Reply(250, "2.0.0", f"{octets} octets received")


def accepted(mail_id: str) -> Reply:
    """The mail is kept; the server answers for it from now on. RFC 5321 §6.1."""
    return Reply(250, "2.0.0", f"OK {mail_id}")

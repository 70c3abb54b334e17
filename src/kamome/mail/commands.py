"""Arguments of SMTP commands, parsed: EHLO's name, MAIL's and RCPT's paths and parameters.

Pure functions; what is wrong is raised as `BadCommand` with the reply to give.

More is accepted than RFC 5321 §4.1.2 generates, where senders are known to do it: blanks after
`FROM:`, local parts with doubled or trailing dots (once given out by Japanese mobile carriers),
labels with underscores, local parts beyond 64 octets (VERP).
"""

from __future__ import annotations

import re

import msgspec

from kamome.mail import replies
from kamome.mail.limits import DOMAIN_BYTES_MAX, PATH_BYTES_MAX
from kamome.mail.replies import Reply

# RFC 5321 §4.1.2 and RFC 6531 §3.3 (non-ASCII in atoms, quoted strings and labels). All classes are
# written as what is excluded of ASCII: classes that name ranges up to U+10FFFF take 20 ms each to
# compile.
_ATOMS = r'[^\x00-\x20"(),:;<>@\[\\\]\x7f]+'
_QUOTED = r'"(?:[^\x00-\x1f"\\\x7f]|\\[\x20-\x7e])*"'
_LETTER = r"[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"  # letters, digits, `_`, non-ASCII
_LABEL = rf"{_LETTER}+(?:-+{_LETTER}+)*"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_LITERAL = r"\[[\x21-\x5a\x5e-\x7e]+\]"
_MAILBOX = re.compile(rf"(?P<local>{_ATOMS}|{_QUOTED})@(?P<domain>{_DOMAIN}|{_LITERAL})")
# A source route is accepted and ignored. RFC 5321 §4.1.1.3, appendix C.
_ROUTE = re.compile(rf"@{_DOMAIN}(?:,@{_DOMAIN})*:")
# The path ends at the first `>` outside a quoted local part.
_PATH = re.compile(r'[ \t]*<((?:"(?:[^"\\]|\\.)*"|[^">])*)>')
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9\-]*)(?:=([^\x00-\x20=\x7f]+))?")
_SUBMITTER = re.compile(r"<>|(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")  # RFC 4954 §5; RFC 3461 §4 (xtext)
_HELO = re.compile(r"[^\x00-\x20\x7f]{1,255}")
_SIZE = re.compile(r"[0-9]{1,20}")
# What ends lines or turns them round where such a text is shown: C1 controls and the separators of
# lines and paragraphs (RFC 5198 §2), directional overrides, and the byte order mark.
_UNSEEN = frozenset(
    (
        *(*map(chr, range(0x80, 0xA0)), "\u2028", "\u2029", "\ufeff"),
        *(*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))),
    )
)


class BadCommand(Exception):
    """The command is refused with `reply`."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class MailCommand(msgspec.Struct, frozen=True):
    """`MAIL FROM`: the reverse-path (empty for `<>`), the announced size (0: none), if SMTPUTF8."""

    reverse_path: str
    size: int
    is_smtputf8: bool


def parse_helo(argument: str) -> str:
    """The name a client gives himself. Anything that can be seen is taken (RFC 5321 §4.1.4)."""
    if not _HELO.fullmatch(argument) or not _is_utf8(argument) or not _UNSEEN.isdisjoint(argument):
        raise BadCommand(replies.HELO_SYNTAX)
    return argument


def parse_mail(argument: str, *, has_auth: bool = False) -> MailCommand:
    """`FROM:<reverse-path> [SIZE=n] [BODY=7BIT|8BITMIME] [SMTPUTF8] [AUTH=mailbox]`.

    AUTH is taken where the server offers it (`has_auth`), and not believed: who has logged in is
    known.

    Raises:
        BadCommand: 501 syntax, 553 a malformed address, 555 a parameter of no served extension.

    RFC 5321 §4.1.1.2; RFC 1870 §3 (SIZE); RFC 6152 §2 (BODY); RFC 6531 §3.4 (SMTPUTF8);
    RFC 4954 §5 (AUTH).
    """
    path, rest = _split_path(argument, "FROM:", replies.MAIL_SYNTAX)
    parameters = _parameters(rest)
    size = parameters.pop("SIZE", "0")
    body = parameters.pop("BODY", "7BIT")
    is_smtputf8 = "SMTPUTF8" in parameters
    flag = parameters.pop("SMTPUTF8", None)
    submitter = parameters.pop("AUTH", "<>") if has_auth else "<>"
    if parameters:
        raise BadCommand(replies.UNKNOWN_PARAMETER)
    if (
        size is None
        or not _SIZE.fullmatch(size)
        or body is None
        or body.upper() not in ("7BIT", "8BITMIME")
        or (is_smtputf8 and flag is not None)
        or submitter is None
        or not _SUBMITTER.fullmatch(submitter)
    ):
        raise BadCommand(replies.BAD_ARGUMENTS)
    if path == "":
        return MailCommand("", int(size), is_smtputf8)
    return MailCommand(_mailbox(path, is_smtputf8, replies.BAD_SENDER), int(size), is_smtputf8)


def parse_rcpt(argument: str, *, is_smtputf8: bool) -> str:
    """`TO:<forward-path>`: the recipient, as written. No parameters are served.

    Raises:
        BadCommand: 501 syntax, 553 a malformed address, 555 a parameter.

    RFC 5321 §4.1.1.3. `<Postmaster>` without a domain is a valid path (§4.5.1).
    """
    path, rest = _split_path(argument, "TO:", replies.RCPT_SYNTAX)
    if _parameters(rest):
        raise BadCommand(replies.UNKNOWN_PARAMETER)
    if path.lower() == "postmaster":
        return path
    return _mailbox(path, is_smtputf8, replies.BAD_RECIPIENT)


def is_mailbox(address: str, *, is_smtputf8: bool) -> bool:
    """Whether an address can stand in a command of ours, and says nothing else there."""
    if address.startswith("@"):
        return False  # a source route is taken from others, and never given
    try:
        _mailbox(address, is_smtputf8, replies.BAD_RECIPIENT)
    except BadCommand:
        return False
    return True


def _split_path(argument: str, keyword: str, syntax: Reply) -> tuple[str, str]:
    if argument[: len(keyword)].upper() != keyword:
        raise BadCommand(syntax)
    found = _PATH.match(argument, len(keyword))
    if found is None:
        raise BadCommand(syntax)
    rest = argument[found.end() :]
    if rest and rest[0] not in " \t":
        raise BadCommand(syntax)
    return found[1], rest


def _parameters(rest: str) -> dict[str, str | None]:
    parameters: dict[str, str | None] = {}
    for word in rest.split():
        found = _PARAMETER.fullmatch(word)
        if found is None or found[1].upper() in parameters:
            raise BadCommand(replies.BAD_ARGUMENTS)
        parameters[found[1].upper()] = found[2]
    return parameters


def _mailbox(path: str, is_smtputf8: bool, malformed: Reply) -> str:
    route = _ROUTE.match(path)
    mailbox = path[route.end() :] if route else path
    if not mailbox.isascii() and (not is_smtputf8 or not _is_utf8(mailbox)):
        raise BadCommand(replies.NOT_ASCII)
    found = _MAILBOX.fullmatch(mailbox)
    if (
        found is None
        or not _UNSEEN.isdisjoint(mailbox)
        or len(mailbox.encode()) > PATH_BYTES_MAX
        or len(found["domain"].encode()) > DOMAIN_BYTES_MAX
    ):
        raise BadCommand(malformed)
    return mailbox


def _is_utf8(text: str) -> bool:
    """Bytes that were not UTF-8 have come in as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)

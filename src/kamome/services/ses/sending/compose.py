"""A mail out of its parts: text, HTML, attachments, and the header fields that lead them.

The result is a `Draft`: header fields as they are sent, folded, and the body's octets. What every
mail gets besides (Message-ID, Date, Feedback-ID, signature) is added by `outgoing_mail.py`, to
these and to raw mails alike.

Nothing that a caller gives can end a header line: control characters are refused before, and
whatever is not ASCII becomes an encoded word. RFC 5322 §2.2, RFC 2045, RFC 2047, RFC 2231.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence

import msgspec

from kamome.ids import Ids
from kamome.services.ses.addresses import Mailbox

# RFC 5322 §2.1.1; the longest that may be sent, and the longest that is asked for.
_LINE_OCTETS_MAX = 998
_LINE_OCTETS = 76
# RFC 2047 §2: an encoded word has 75 characters at most, with `=?utf-8?B?` and `?=` 63 of Base64.
_WORD_OCTETS = 45
# RFC 5322 §3.2.3: what a display name may hold without quotes.
_ATOM_TEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_BREAK = re.compile(rb"\r\n|\r|\n")
_PARAMETER_TEXT = re.compile(r"[A-Za-z0-9._-]+")


class Part(msgspec.Struct, frozen=True):
    """A text of the mail: what it says, and the charset it is to be sent in."""

    text: str
    charset: str = "UTF-8"


class Attachment(msgspec.Struct, frozen=True):
    """A file of the mail. `encoding` is base64, quoted-printable or 7bit."""

    file_name: str
    content: bytes
    content_type: str = "application/octet-stream"
    disposition: str = "attachment"
    content_id: str = ""
    description: str = ""
    encoding: str = "base64"


class Letter(msgspec.Struct, frozen=True):
    """What a mail is made of. `headers` are the caller's own fields, name and value."""

    source: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    subject: Part
    text: Part | None
    html: Part | None
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


class Draft(msgspec.Struct, frozen=True):
    """Header fields, name and folded value without the final line break, and the body."""

    fields: tuple[tuple[str, bytes], ...]
    body: bytes


class CharsetUnknown(ValueError):
    """A text cannot be sent in the charset that it names."""


class _Entity(msgspec.Struct, frozen=True):
    fields: tuple[tuple[str, bytes], ...]
    body: bytes


def compose(letter: Letter, ids: Ids) -> Draft:
    """Put a mail together.

    Raises:
        CharsetUnknown: a charset is not known, or cannot say the text.

    AWS: SES API Reference, Message, Body.
    """
    entity = _content(letter, ids)
    fields = [("From", _mailboxes((letter.source,)))]
    for name, mailboxes in (
        ("Reply-To", letter.reply_to),
        ("To", letter.to),
        ("Cc", letter.cc),
    ):
        if mailboxes:
            fields.append((name, _mailboxes(mailboxes)))
    subject = _encoded(letter.subject).decode(_codec(letter.subject.charset))
    fields.append(("Subject", header_text(subject)))
    given = {name.lower() for name, _ in letter.headers}
    fields = [field for field in fields if field[0].lower() not in given]
    fields += [(name, header_text(value)) for name, value in letter.headers]
    fields.append(("MIME-Version", b"1.0"))
    return Draft((*fields, *entity.fields), entity.body)


def header_text(value: str) -> bytes:
    """An unstructured value, folded; as encoded words where it is not ASCII.

    RFC 2047 §5 (1).
    """
    if value.isascii():
        return _folded(value)
    return b"\r\n ".join(_words(value))


def mailbox_text(mailbox: Mailbox) -> bytes:
    """One mailbox as it stands in a header.

    RFC 5322 §3.4; RFC 2047 §5 (3).
    """
    address = mailbox.address.encode("ascii")
    if not mailbox.name:
        return address
    if not mailbox.name.isascii():
        return b"\r\n ".join(_words(mailbox.name)) + b" <" + address + b">"
    name = mailbox.name
    if "=?" not in name and not _ATOM_TEXT.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return name.encode("ascii") + b" <" + address + b">"


def crlf(content: bytes) -> bytes:
    """The octets with every line ended by CRLF, as SMTP wants them.

    RFC 5321 §2.3.8.
    """
    return _BREAK.sub(b"\r\n", content)


def _mailboxes(mailboxes: Sequence[Mailbox]) -> bytes:
    return b",\r\n ".join(mailbox_text(mailbox) for mailbox in mailboxes)


def _words(value: str) -> list[bytes]:
    """Encoded words of UTF-8, none cutting a character. RFC 2047 §5."""
    words: list[bytes] = []
    run = b""
    for character in value:
        octets = character.encode("utf-8", "replace")
        if len(run) + len(octets) > _WORD_OCTETS:
            words.append(run)
            run = b""
        run += octets
    words.append(run)
    return [b"=?utf-8?B?" + base64.b64encode(word) + b"?=" for word in words]


def _folded(value: str) -> bytes:
    """Lines of about 76 characters, broken before spaces. RFC 5322 §2.2.3."""
    lines: list[str] = []
    line = ""
    for piece in re.split(r"(?=[ \t])", value):
        if line.strip() and len(line) + len(piece) > _LINE_OCTETS:
            lines.append(line)
            line = ""
        line += piece
    if line.strip() or not lines:
        lines.append(line)
    else:
        lines[-1] += line  # spaces alone would make a line of nothing
    return "\r\n".join(lines).encode("ascii")


# ---------------------------------------------------------------------- content


def _content(letter: Letter, ids: Ids) -> _Entity:
    inline = [each for each in letter.attachments if each.disposition == "inline"]
    attached = [each for each in letter.attachments if each.disposition != "inline"]
    texts = []
    if letter.text is not None:
        texts.append(_text_entity(letter.text, "plain"))
    if letter.html is not None:
        texts.append(_text_entity(letter.html, "html"))
    if not texts:
        texts.append(_text_entity(Part(""), "plain"))
    body = _multipart("alternative", texts, ids)
    if inline:
        body = _multipart("related", [body, *(_file_entity(each) for each in inline)], ids)
    return _multipart("mixed", [body, *(_file_entity(each) for each in attached)], ids)


def _multipart(kind: str, entities: Sequence[_Entity], ids: Ids) -> _Entity:
    """Several entities as one; one alone stays itself. RFC 2046 §5.1."""
    if len(entities) == 1:
        return entities[0]
    boundary = f"----=_Part_{ids.hex(24)}"  # 96 random bits: no content holds it
    mark = f"--{boundary}".encode()
    pieces: list[bytes] = []
    for entity in entities:
        head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in entity.fields)
        pieces += [mark, b"\r\n", head, b"\r\n", entity.body]
        if not entity.body.endswith(b"\r\n"):
            pieces.append(b"\r\n")
    pieces += [mark, b"--\r\n"]
    content_type = f'multipart/{kind};\r\n boundary="{boundary}"'.encode()
    return _Entity((("Content-Type", content_type),), b"".join(pieces))


def _text_entity(part: Part, kind: str) -> _Entity:
    encoding, body = _transfer_encoded(crlf(_encoded(part)))
    content_type = f"text/{kind}; charset={part.charset}".encode("ascii", "replace")
    fields = (("Content-Type", content_type), ("Content-Transfer-Encoding", encoding.encode()))
    return _Entity(fields, body)


def _transfer_encoded(content: bytes) -> tuple[str, bytes]:
    is_short = all(len(line) <= _LINE_OCTETS_MAX for line in content.split(b"\r\n"))
    if content.isascii() and is_short and b"\0" not in content:
        return "7bit", content
    return "quoted-printable", _quoted_printable(content)


def _quoted_printable(content: bytes) -> bytes:
    """Line breaks stay line breaks. RFC 2045 §6.7."""
    lines = content.split(b"\r\n")
    encoded = [binascii.b2a_qp(line, istext=False).replace(b"=\n", b"=\r\n") for line in lines]
    return b"\r\n".join(encoded)


def _file_entity(attachment: Attachment) -> _Entity:
    name = _parameter("filename", attachment.file_name)
    content_type = attachment.content_type + _parameter("name", attachment.file_name)
    encoding, body = attachment.encoding, attachment.content
    if encoding == "base64":
        body = _base64_lines(attachment.content)
    elif encoding == "quoted-printable":
        body = _quoted_printable(attachment.content)
    else:
        encoding, body = _transfer_encoded(crlf(attachment.content))
    fields = [
        ("Content-Type", content_type.encode("ascii")),
        ("Content-Transfer-Encoding", encoding.encode("ascii")),
        ("Content-Disposition", f"{attachment.disposition}{name}".encode("ascii")),
    ]
    if attachment.content_id:
        fields.append(("Content-ID", f"<{attachment.content_id.strip('<>')}>".encode("ascii")))
    if attachment.description:
        fields.append(("Content-Description", header_text(attachment.description)))
    return _Entity(tuple(fields), body)


def _base64_lines(content: bytes) -> bytes:
    encoded = base64.b64encode(content)
    lines = [encoded[at : at + _LINE_OCTETS] for at in range(0, len(encoded), _LINE_OCTETS)]
    return b"\r\n".join(lines) + b"\r\n"


def _parameter(name: str, value: str) -> str:
    """`; name=value`, quoted, or in RFC 2231's form where it is not ASCII."""
    if value.isascii():
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f';\r\n {name}="{quoted}"'
    octets = value.encode("utf-8", "replace")
    escaped = "".join(
        chr(octet) if _PARAMETER_TEXT.fullmatch(chr(octet)) and octet < 0x80 else f"%{octet:02X}"
        for octet in octets
    )
    return f";\r\n {name}*=utf-8''{escaped}"


def _encoded(part: Part) -> bytes:
    try:
        return part.text.encode(_codec(part.charset))
    except (LookupError, UnicodeError, ValueError) as error:
        raise CharsetUnknown(f"The text cannot be sent in {part.charset}.") from error


def _codec(charset: str) -> str:
    """The codec of a charset; codecs of Python that are no charsets are none."""
    if not _PARAMETER_TEXT.fullmatch(charset) or "escape" in charset.lower():
        raise CharsetUnknown(f"Unknown charset {charset}.")
    return charset

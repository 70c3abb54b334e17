"""From the bytes of a mail to what the shop wants to know of it.

The parser keeps the headers' bytes as they are (`RawHeaders`) and decodes them itself, because
what shops send breaks the rules that a strict header parser expects. Nothing here raises for bad
MIME: defects are listed. Only an order notice that contradicts itself raises (`orders`).
"""

import hashlib
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import parseaddr
from html.parser import HTMLParser

from charsets import decode_header, decode_text
from orders import Order, find_order_id, parse_order

# Header fields that say how a mail travelled, not what it is: SES and each relay put theirs on top.
TRACE_FIELD = re.compile(
    rb"(?:return-path|delivered-to|received|received-spf|authentication-results|x-ses-[a-z-]+)"
    rb"[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE,
)
# A boundary line (characters of RFC 2046 §5.1.1) is followed by the header of its part.
BOUNDARY_LINE = re.compile(
    rb"^--([0-9A-Za-z'()+_,./:=? -]{1,70}?)[ \t]*\r?\n(?=content-[a-z-]+:)",
    re.IGNORECASE | re.MULTILINE,
)
MIME_DEPTH_MAX = 20
PARTS_MAX = 500
ATTACHMENT_NAME_MAX = 255
CONTENT_TYPE_MAX = 255
BLOCK_TAGS = {"br", "p", "div", "tr", "li", "table", "h1", "h2", "h3", "h4", "blockquote"}


class RawHeaders(Compat32):
    """Hand header values out as they were received; bytes above 127 are surrogates."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        """The value, folded lines and all."""
        return value


@dataclass(frozen=True)
class Attachment:
    """A part that is not the text of the mail. `inline` ones are shown inside the HTML."""

    name: str
    content_type: str
    size: int
    inline: bool


@dataclass(frozen=True)
class ParsedMail:
    """What is recorded of a mail. `kind`: order, bounce, auto-reply, reply or mail."""

    kind: str
    subject: str
    sender: str
    message_id: str
    order_id: str
    order: Order | None
    text: str
    attachments: tuple[Attachment, ...]
    failed_recipients: tuple[str, ...]
    defects: tuple[str, ...]


def content_hash(raw: bytes) -> str:
    """SHA-256 of a mail without the trace fields on top: the same mail sent twice has the same."""
    start = 0
    while field := TRACE_FIELD.match(raw, start):
        start = field.end()
    return hashlib.sha256(memoryview(raw)[start:]).hexdigest()


def parse_mail(raw: bytes) -> ParsedMail:
    """Everything that is recorded of a mail.

    Raises:
        OrderUnreadable: it is an order notice whose amounts cannot be trusted.
    """
    start = 0
    while field := TRACE_FIELD.match(raw, start):
        start = field.end()
    message = BytesParser(policy=RawHeaders()).parsebytes(raw[start:])
    parts = PartCollector()
    parts.collect(message)
    text = parts.text()
    subject = decode_header(message.get("Subject", ""))
    kind = kind_of(message, parts)
    order = parse_order(f"{subject}\n{text}") if kind == "mail" else None
    return ParsedMail(
        kind="order" if order else kind,
        subject=subject,
        sender=parseaddr(decode_header(message.get("From", "")))[1],
        message_id=decode_header(message.get("Message-ID", "")),
        order_id=order.order_id if order else find_order_id(f"{subject}\n{unquoted(text)}"),
        order=order,
        text=text,
        attachments=tuple(parts.attachments),
        failed_recipients=tuple(parts.failed_recipients),
        defects=tuple(dict.fromkeys(parts.defects)),
    )


def kind_of(message: Message, parts: "PartCollector") -> str:
    """What sort of mail it is, from its header: reports (RFC 3464), answers (RFC 3834)."""
    if parts.failed_recipients or message.get_content_type() == "multipart/report":
        return "bounce"
    automatic = message.get("Auto-Submitted", "no").strip().lower()
    if not automatic.startswith("no") or message.get("X-Autoreply"):
        return "auto-reply"
    if message.get("In-Reply-To"):
        return "reply"
    return "mail"


def unquoted(text: str) -> str:
    """The text without the lines that quote an earlier mail."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(">"))


class PartCollector:
    """Walks the parts of a mail once, and sorts them into text, HTML and attachments."""

    def __init__(self) -> None:
        self.plain: list[str] = []
        self.html: list[str] = []
        self.attachments: list[Attachment] = []
        self.failed_recipients: list[str] = []
        self.defects: list[str] = []
        self.seen = 0

    def text(self) -> str:
        """The plain text, or the HTML's text when there is no plain text."""
        plain = "\n".join(self.plain)
        return plain if plain.strip() or not self.html else "\n".join(map(html_text, self.html))

    def collect(self, part: Message, depth: int = 0) -> None:
        """Sort this part and the ones inside it."""
        self.seen += 1
        if depth > MIME_DEPTH_MAX or self.seen > PARTS_MAX:
            self.defects.append("TooManyParts")
            return
        self.defects += [type(defect).__name__ for defect in part.defects]
        content_type = part.get_content_type()
        if content_type == "message/delivery-status":
            self.collect_delivery_status(part)
        elif content_type == "message/rfc822":
            self.attachments.append(attached_mail(part))
        elif part.is_multipart():
            for inner in part.get_payload():
                self.collect(inner, depth + 1)
        elif part.get_content_maintype() == "multipart":
            self.collect_unsplit(part, depth)
        else:
            self.collect_leaf(part)

    def collect_leaf(self, part: Message) -> None:
        """Text of the mail, or an attachment."""
        name = file_name(part)
        is_attachment = part.get_content_disposition() == "attachment" or bool(name)
        content_type = content_type_of(part)
        content = part.get_payload(decode=True) or b""
        if not is_attachment and content_type in ("text/plain", "text/html"):
            texts = self.plain if content_type == "text/plain" else self.html
            texts.append(decode_text(content, charset_of(part)).replace("\r\n", "\n"))
        elif content or is_attachment:
            inline = part.get_content_disposition() != "attachment" and bool(part["Content-ID"])
            self.attachments.append(Attachment(name, content_type, len(content), inline))

    def collect_unsplit(self, part: Message, depth: int) -> None:
        """A multipart whose boundary never comes: split it where a boundary does stand."""
        body = part.get_payload(decode=True) or b""
        boundary = BOUNDARY_LINE.search(body)
        if boundary is not None:
            head = b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n' % boundary[1]
            split = BytesParser(policy=RawHeaders()).parsebytes(head + body)
            if split.is_multipart():
                self.collect(split, depth + 1)
                return
        self.plain.append(decode_text(body).replace("\r\n", "\n"))

    def collect_delivery_status(self, part: Message) -> None:
        """The recipients of a delivery status report that were not reached. RFC 3464 §2.3."""
        for block in part.get_payload() if part.is_multipart() else []:
            if block.get("Action", "").strip().lower() == "failed":
                recipient = block.get("Final-Recipient", "").partition(";")[2]
                self.failed_recipients.append(decode_header(recipient))


def content_type_of(part: Message) -> str:
    """Type and subtype; bytes that have no place in them are question marks."""
    return part.get_content_type().encode("ascii", "replace").decode()[:CONTENT_TYPE_MAX]


def charset_of(part: Message) -> str:
    """The label, however it is written."""
    value = part.get_param("charset", "")
    return value[2] if isinstance(value, tuple) else str(value)


def file_name(part: Message) -> str:
    """The name of an attachment, from RFC 2231 parameters, RFC 2047 words or bare bytes."""
    for parameter, header in (("filename", "Content-Disposition"), ("name", "Content-Type")):
        value = part.get_param(parameter, None, header)
        if isinstance(value, tuple):
            charset, _, text = value
            name = decode_text(text.encode("latin-1", "replace"), charset or "")
        else:
            name = decode_header(str(value or ""))
        if name:
            # A name is a label here; a path in it is not ours to follow.
            return re.split(r"[/\\]", name)[-1][:ATTACHMENT_NAME_MAX]
    return ""


def attached_mail(part: Message) -> Attachment:
    """A mail inside the mail: recorded as one attachment, named after its subject."""
    inner = part.get_payload(0) if part.is_multipart() else None
    subject = decode_header(inner.get("Subject", "")) if inner is not None else ""
    size = content_size(inner) if inner is not None else 0
    return Attachment(file_name(part) or f"{subject}.eml", "message/rfc822", size, inline=False)


def content_size(message: Message) -> int:
    """Bytes of all decoded contents: writing a broken mail out again would fail."""
    leaves = (part for part in message.walk() if not part.is_multipart())
    return sum(len(leaf.get_payload(decode=True) or b"") for leaf in leaves)


class TextOfHtml(HTMLParser):
    """Collects what a reader would see, one line per block."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Blocks start lines, cells are set apart, style and script are not text."""
        if tag in ("style", "script", "head"):
            self.hidden += 1
        elif tag in BLOCK_TAGS:
            self.pieces.append("\n")
        elif tag in ("td", "th"):
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """The end of what is not shown."""
        if tag in ("style", "script", "head") and self.hidden:
            self.hidden -= 1

    def handle_data(self, data: str) -> None:
        """Blanks and line ends in HTML are one blank."""
        if not self.hidden:
            self.pieces.append(re.sub(r"\s+", " ", data))


def html_text(html: str) -> str:
    """The text of an HTML part."""
    parser = TextOfHtml()
    parser.feed(html)
    parser.close()
    return "".join(parser.pieces)

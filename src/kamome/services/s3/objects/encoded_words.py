"""Values of user-defined metadata that are not plain ASCII: RFC 2047's encoded words.

Headers carry bytes, which S3 takes for ISO 8859-1; encoded words in them are decoded. What is not
ASCII then goes out as encoded words of UTF-8, so that every client can read the header.

AWS: S3 User Guide, Working with object metadata, User-defined object metadata (the example of a
non-US-ASCII value). RFC 2047 §2, §4.
"""

from __future__ import annotations

import base64

# RFC 2047 §2: a word has at most 75 characters, of which `=?UTF-8?B?` and `?=` take 12.
_WORD_BYTES = 45
_Q_WORD_BYTES = 21


def decoded_words(value: str) -> str:
    """A value with its encoded words decoded; as it is where they do not read.

    RFC 2047 §6.1.
    """
    if "=?" not in value:
        return value
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError):
        return value


def mail_safe(text: str) -> str:
    """A text as a header carries it: ASCII as it is, else encoded words, in `Q` if mostly ASCII.

    RFC 2047 §4: which of the two is the sender's choice.
    """
    if text.isascii():
        return text
    from email import quoprimime

    others = sum(not character.isascii() for character in text)
    if len(text) - others > others:
        words = [quoprimime.header_encode(word, "UTF-8") for word in _pieces(text, _Q_WORD_BYTES)]
        return " ".join(word.replace("?q?", "?Q?", 1) for word in words)
    pieces = [base64.b64encode(piece).decode() for piece in _pieces(text, _WORD_BYTES)]
    return " ".join(f"=?UTF-8?B?{piece}?=" for piece in pieces)


def _pieces(text: str, bytes_max: int) -> list[bytes]:
    """The text in UTF-8, cut between characters. RFC 2047 §5."""
    pieces = [b""]
    for character in text:
        encoded = character.encode("utf-8", "surrogatepass")
        if len(pieces[-1]) + len(encoded) > bytes_max:
            pieces.append(b"")
        pieces[-1] += encoded
    return pieces

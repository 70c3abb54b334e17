"""Text of Japanese mails: the charset that the label names, and what to do when it is wrong.

Shop systems label Shift_JIS as UTF-8, write Windows characters into ISO-2022-JP, cut encoded words
in the middle of a character, and put bare 8-bit bytes into headers. `decode_text` never fails; it
returns the most Japanese reading of the bytes.
"""

import base64
import binascii
import quopri
import re
import unicodedata

# Names that mails use -> the Python codec that reads the most of what is sent under that name.
CODECS = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms_kanji": "cp932",
    "euc-jp": "euc_jis_2004",
    "x-euc-jp": "euc_jis_2004",
    "utf8": "utf-8",
    "us-ascii": "ascii",
}
ISO_2022_JP = {"iso-2022-jp", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-ms", "cp50220"}
# One byte a character: these decode anything, so their success says nothing.
SINGLE_BYTE = re.compile(r"(iso-8859-|windows-125|latin)")

ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
BETWEEN_WORDS = re.compile(r"[ \t]*\Z")
JIS_ESCAPE = re.compile(rb"\x1b(\$@|\$B|\(B|\(J|\(I)")


def decode_text(raw: bytes, label: str = "") -> str:
    """Text of `raw`, which claims to be in the charset `label` (empty: no claim)."""
    label = label.strip().strip("\"'").lower()
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    if b"\x1b$" in raw and raw.isascii():
        return decode_iso_2022_jp(raw)
    if label not in ISO_2022_JP and not SINGLE_BYTE.match(label):
        try:
            text = raw.decode(CODECS.get(label, label or "utf-8"))
            text.encode("utf-8")  # UTF-7 and the like can hide halves of characters
            return text
        except (ValueError, LookupError):
            pass  # a wrong label, or none at all: find out from the bytes
    return best_reading(raw, label)


def best_reading(raw: bytes, label: str) -> str:
    """The reading with the most Japanese in it; without any, what the label says."""
    try:
        return raw.decode("utf-8")  # other charsets are hardly ever valid UTF-8 by chance
    except UnicodeDecodeError:
        pass
    readings = []
    for codec in ("cp932", "euc_jis_2004"):
        try:
            readings.append(raw.decode(codec))
        except UnicodeDecodeError:
            continue
    best = max(readings, key=japanese_score, default="")
    if best and japanese_score(best) > 0:
        return best
    try:
        return raw.decode(label if SINGLE_BYTE.match(label) else "cp1252", "replace")
    except (ValueError, LookupError):
        return raw.decode("latin-1")


def japanese_score(text: str) -> int:
    """How Japanese a reading looks: kana and usual kanji count for it, the rest against it.

    EUC-JP read as Shift_JIS is full of half-width kana; accented Latin letters read as Shift_JIS
    become rare kanji (JIS level 2).
    """
    score = 0
    for character in text:
        if "\u3041" <= character <= "\u30ff":
            score += 3
        elif "\u4e00" <= character <= "\u9fff":
            score += 1 if is_usual_kanji(character) else -1
        elif "\uff61" <= character <= "\uff9f":
            score -= 1
    return score


def is_usual_kanji(character: str) -> bool:
    """Whether a kanji is in level 1 of JIS X 0208 (rows 16 to 47)."""
    coded = character.encode("cp932", "replace")
    return len(coded) == 2 and 0x88 <= coded[0] <= 0x98


def decode_iso_2022_jp(raw: bytes) -> str:
    """ISO-2022-JP, with the Windows characters and half-width kana that mailers put into it."""
    try:
        return raw.decode("iso2022_jp")
    except UnicodeDecodeError:
        pass
    text, charset = [], b"(B"
    for index, segment in enumerate(JIS_ESCAPE.split(raw)):
        if index % 2:
            charset = segment
        elif charset in (b"$@", b"$B"):
            text.append(jis_to_shift_jis(segment).decode("cp932", "replace"))
        elif charset == b"(I":
            text.append(bytes(byte | 0x80 for byte in segment).decode("cp932", "replace"))
        else:
            text.append(segment.decode("ascii", "replace"))
    return "".join(text)


def jis_to_shift_jis(segment: bytes) -> bytes:
    """The two-byte characters of JIS X 0208 moved to where Shift_JIS has them."""
    shifted = bytearray()
    pairs = iter(segment)
    for row in pairs:
        if row < 0x21:  # a line end inside a two-byte run
            shifted.append(row)
            continue
        cell = next(pairs, 0x21)
        lead = (row - 0x21 >> 1) + (0x81 if row < 0x5F else 0xC1)
        trail = cell + (0x1F if cell < 0x60 else 0x20) if row % 2 else cell + 0x7E
        shifted += bytes((lead, trail & 0xFF))
    return bytes(shifted)


def decode_header(value: str) -> str:
    """A header's text: bare 8-bit bytes (as surrogates) and RFC 2047 encoded words decoded.

    Neighbouring words of one charset are joined before they are decoded, because mailers cut them
    in the middle of a character.
    """
    value = re.sub(r"\r?\n(?=[ \t])", "", value)
    value = value.replace("\r", "").replace("\n", " ").replace("\t", " ")
    if not value.isascii():
        value = decode_text(value.encode("utf-8", "surrogateescape"))
    parts: list[str] = []
    charset, gathered, end = "", b"", 0
    for word in ENCODED_WORD.finditer(value):
        between = value[end : word.start()]
        label = word[1].split("*")[0].lower()
        joined = gathered and BETWEEN_WORDS.match(between)
        if gathered and not (joined and label == charset):
            parts.append(decode_text(gathered, charset))
            gathered = b""
        if not joined:
            parts.append(between)
        charset, gathered, end = label, gathered + word_bytes(word), word.end()
    if gathered:
        parts.append(decode_text(gathered, charset))
    return ("".join(parts) + value[end:]).strip()


def word_bytes(word: re.Match[str]) -> bytes:
    """Bytes of one encoded word; a word that cannot be decoded stays as it is written."""
    encoded = word[3].encode("utf-8")
    if word[2] in "qQ":
        return quopri.decodestring(encoded, header=True)
    try:
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4))
    except binascii.Error:
        return word[0].encode("utf-8")


def normal_form(text: str) -> str:
    """Full-width digits and letters as ASCII, one kind of line end."""
    return unicodedata.normalize("NFKC", text.replace("\r\n", "\n").replace("\r", "\n"))

"""The content of DATA: where it ends, what is wrong with it, and its bytes with dots unstuffed.

Only CRLF ends a line, and only CRLF "." CRLF ends the mail (RFC 5321 §2.3.8, §4.1.1.4). A bare CR
or LF is refused, for servers that take one for a line end can be made to see a second mail inside
the first ("SMTP smuggling"). The end is found by the strict rule even in a mail that is refused, so
what follows is the next command and never a part of this mail.

`MailData` is pure and works on pieces of any size: it keeps at most one unfinished line.
"""

from __future__ import annotations

from enum import Enum

from kamome.mail.limits import LINE_BYTES_MAX


class Fault(Enum):
    """Why the mail is refused. The first one found counts."""

    BARE_LINE_END = "bare CR or LF"
    LINE_TOO_LONG = "line too long"
    TOO_LARGE = "too large"


class MailData:
    """Takes DATA piece by piece. `fault` and `is_complete` tell how it stands."""

    __slots__ = ("_is_mid_line", "_line", "_size_max", "fault", "is_complete", "rest", "size")

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._line = b""  # an unfinished line, its CR included
        self._is_mid_line = False  # the start of a line that was too long has been dropped
        self.fault: Fault | None = None
        self.is_complete = False
        self.size = 0  # octets of the mail so far; after a fault, of what was discarded too
        self.rest = b""  # what came after the end of the mail

    def feed(self, piece: bytes) -> bytes:
        """The bytes of the mail that `piece` completes, empty once there is a fault."""
        data = self._line + piece
        if self._is_mid_line:
            data = self._skip_line(data)
        end = _end_of_mail(data) if not self._is_mid_line else -1
        if end >= 0:
            self.is_complete = True
            self.rest = data[end + 3 :]
            self._line = b""
            return self._take(data[:end])
        lines_end = data.rfind(b"\r\n") + 2 if not self._is_mid_line else 0
        if lines_end < 2:
            lines_end = 0
        self._line = data[lines_end:]
        taken = self._take(data[:lines_end])
        self._bound_line()
        return taken

    def _skip_line(self, data: bytes) -> bytes:
        """Drop up to the end of a line whose start is gone; only its last CR may matter."""
        line_end = data.find(b"\r\n")
        if line_end < 0:
            self.size += len(data)
            return data[-1:] if data.endswith(b"\r") else b""
        self._is_mid_line = False
        self.size += line_end + 2
        return data[line_end + 2 :]

    def _bound_line(self) -> None:
        # The dot and the CR may come on top of the text.
        if not self._is_mid_line and len(self._line) > LINE_BYTES_MAX + 1:
            self._set_fault(Fault.LINE_TOO_LONG)
            self.size += len(self._line)
            self._line = self._line[-1:] if self._line.endswith(b"\r") else b""
            self._is_mid_line = True

    def _take(self, lines: bytes) -> bytes:
        """Whole lines, checked and unstuffed."""
        if not lines:
            return b""
        if self.fault is not None:
            self.size += len(lines)
            return b""
        line_count = lines.count(b"\r\n")
        if lines.count(b"\n") != line_count or lines.count(b"\r") != line_count:
            self._set_fault(Fault.BARE_LINE_END)
            return b""
        if lines.startswith(b"."):
            lines = lines[1:]
        mail = lines.replace(b"\r\n.", b"\r\n")
        if max(map(len, mail.split(b"\n"))) >= LINE_BYTES_MAX:
            self._set_fault(Fault.LINE_TOO_LONG)
            return b""
        self.size += len(mail)
        if self.size > self._size_max:
            self._set_fault(Fault.TOO_LARGE)
            return b""
        return mail

    def _set_fault(self, fault: Fault) -> None:
        if self.fault is None:
            self.fault = fault


def _end_of_mail(data: bytes) -> int:
    """Where the line of one dot begins in data that begins with a line; -1 where there is none."""
    if data.startswith(b".\r\n"):
        return 0
    found = data.find(b"\r\n.\r\n")
    return found + 2 if found >= 0 else -1

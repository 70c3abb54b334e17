"""A mail that comes by BDAT: chunks of announced length, without dots. RFC 3030 §2.

The rule of line ends is that of DATA: only CRLF ends a line, and a mail with another is refused,
for it may leave this server by DATA some day. Lines may be cut by chunks. A mail whose last line
has no end gets one.
"""

from __future__ import annotations

import logging
import re

from kamome.mail import replies
from kamome.mail.inbound import IncomingMail
from kamome.mail.limits import LINE_BYTES_MAX
from kamome.mail.mail_data import Fault
from kamome.mail.replies import Reply

logger = logging.getLogger(__name__)

_ARGUMENT = re.compile(r"([0-9]{1,20})(?: +(LAST))?", re.IGNORECASE)


def parse_bdat(argument: str) -> tuple[int, bool] | None:
    """The octets of the chunk, and whether it is the last one; None where it says neither."""
    found = _ARGUMENT.fullmatch(argument)
    return None if found is None else (int(found[1]), found[2] is not None)


class ChunkedMail:
    """One mail while its chunks come. `failure` is the reply that it has earned meanwhile."""

    def __init__(self, incoming: IncomingMail, size_max: int) -> None:
        self.incoming = incoming
        self.failure: Reply | None = None
        self._size_max = size_max
        self._size = 0
        self._tail = b""  # an unfinished line, its CR included

    async def take(self, piece: bytes) -> None:
        """Octets of a chunk. After a failure they are read and forgotten."""
        data = self._tail + piece
        end = data.rfind(b"\r\n") + 2 if b"\r\n" in data else 0
        self._tail = data[end:]
        await self._keep(data[:end])
        # The CR may come on top of the text.
        if len(self._tail) > LINE_BYTES_MAX:
            self._fail(Fault.LINE_TOO_LONG)
            self._tail = b""

    async def finish(self) -> None:
        """No more chunks come: end the last line."""
        if self._tail:
            await self._keep(self._tail + b"\r\n")
            self._tail = b""

    async def _keep(self, lines: bytes) -> None:
        self._size += len(lines)
        if self._size > self._size_max:
            self._fail(Fault.TOO_LARGE)
        if not lines or self.failure is not None:
            return
        count = lines.count(b"\r\n")
        if lines.count(b"\n") != count or lines.count(b"\r") != count:
            self._fail(Fault.BARE_LINE_END)
        elif max(map(len, lines.split(b"\n"))) >= LINE_BYTES_MAX:
            self._fail(Fault.LINE_TOO_LONG)
        else:
            await self._write(lines)

    async def _write(self, lines: bytes) -> None:
        try:
            await self.incoming.write(lines)
        except OSError:
            logger.exception("a mail could not be written")
            self.failure = replies.NO_STORAGE

    def _fail(self, fault: Fault) -> None:
        if self.failure is None:
            self.failure = replies.OF_FAULTS[fault.name]

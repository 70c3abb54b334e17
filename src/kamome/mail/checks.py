"""What is known about a received mail: who sent it, by SPF, DKIM and DMARC; what scanners say."""

from __future__ import annotations

import msgspec


class SpfCheck(msgspec.Struct, frozen=True):
    """What came of it.

    `result` is a word of RFC 7208 §2.6: none, neutral, pass, fail, softfail, temperror, permerror.
    `domain` is the one that was asked about, `identity` where it came from (`mailfrom`, `helo`),
    `mechanism` what matched, or what is wrong.
    """

    result: str
    domain: str
    identity: str
    mechanism: str = ""


class SignatureCheck(msgspec.Struct, frozen=True):
    """What came of one signature.

    `result` is a word of RFC 8601 §2.7.1: pass, fail, policy, neutral, temperror, permerror.
    """

    result: str
    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    reason: str = ""


class DmarcCheck(msgspec.Struct, frozen=True):
    """What came of it.

    `result` is a word of RFC 7489 §11.2: pass, fail, none, temperror, permerror. `domain` is that
    of From. `policy` is what the domain asks for mails that fail, empty without a record; `percent`
    for how many of them.
    """

    result: str
    domain: str = ""
    policy: str = ""
    percent: int = 100


class ScanCheck(msgspec.Struct, frozen=True):
    """What a scanner said: clean, found, or failed; and what it found, or why it failed."""

    result: str
    detail: str = ""


class Checks(msgspec.Struct, frozen=True):
    """All that is known about one mail. None where it was not checked.

    `client_name` is the name that the client's address and the DNS agree about, empty without one.
    """

    spf: SpfCheck | None = None
    signatures: tuple[SignatureCheck, ...] | None = None
    dmarc: DmarcCheck | None = None
    client_name: str = ""
    spam: ScanCheck | None = None
    virus: ScanCheck | None = None


UNCHECKED = Checks()

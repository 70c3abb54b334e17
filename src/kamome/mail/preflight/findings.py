"""What a preflight is asked, and what it finds: severity, meaning, and the record to publish."""

from __future__ import annotations

from enum import Enum

import msgspec

# A TXT record is made of strings of at most 255 octets. RFC 1035 §3.3.14.
_TXT_STRING_OCTETS_MAX = 255


class Severity(Enum):
    """How much a finding matters. `UNKNOWN`: it could not be found out."""

    OK = "ok"
    NOTE = "note"
    UNKNOWN = "unknown"
    WARNING = "warning"
    ERROR = "error"


# The worst first.
ORDER = (Severity.ERROR, Severity.WARNING, Severity.UNKNOWN, Severity.NOTE, Severity.OK)

# Topics in the order of a report, with the words over them.
TOPICS = {
    "server": "This server",
    "address": "Sending address and reverse DNS",
    "port-25-out": "Port 25 outwards",
    "mx": "Where mail for the domain goes (MX)",
    "port-25-in": "Port 25 inwards",
    "certificate": "Certificate of the mail server",
    "spf": "SPF: which addresses may send",
    "mail-from": "Custom MAIL FROM domain",
    "dkim": "DKIM: signatures",
    "dmarc": "DMARC: policy and alignment",
    "mta-sts": "MTA-STS: TLS that cannot be taken away",
    "tls-rpt": "TLS reporting",
    "dane": "DANE: certificates in signed DNS",
    "blocklists": "DNS blocklists",
}


class DnsRecord(msgspec.Struct, frozen=True):
    """A record to publish, whole: nothing in it is left to fill in unless `value` says so."""

    name: str
    type: str
    value: str

    @property
    def line(self) -> str:
        """The record as a line of a zone file."""
        return f"{self.name}. 3600 IN {self.type} {self._presented()}"

    def _presented(self) -> str:
        if self.type != "TXT":
            return self.value
        octets = self.value.encode()
        pieces = [
            octets[start : start + _TXT_STRING_OCTETS_MAX].decode("utf-8", "replace")
            for start in range(0, len(octets), _TXT_STRING_OCTETS_MAX)
        ]
        escaped = (piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)
        return " ".join(f'"{piece}"' for piece in escaped)


class Finding(msgspec.Struct, frozen=True):
    """One thing that was found.

    `summary` says what is so, `meaning` what follows from it, `remedy` what to do where that is
    more than publishing `records`.
    """

    topic: str
    severity: Severity
    summary: str
    meaning: str = ""
    remedy: str = ""
    records: tuple[DnsRecord, ...] = ()


class ExpectedKey(msgspec.Struct, frozen=True):
    """A DKIM selector that mails are signed under; `public_key` in base 64, empty: not known."""

    selector: str
    public_key: str = ""


class Subject(msgspec.Struct, frozen=True):
    """What is examined.

    `addresses` are those that mails leave from, `ehlo_name` what the server calls itself,
    `mail_from_domain` the domain of the envelope's sender and `signing_domain` the one that signs
    where they are not `domain`, `probe` a domain whose mail server is greeted to see whether port
    25 is open outwards.
    """

    domain: str
    addresses: tuple[str, ...]
    ehlo_name: str
    keys: tuple[ExpectedKey, ...] = ()
    mail_from_domain: str = ""
    signing_domain: str = ""
    probe: str = "gmail.com"
    address_lists: tuple[str, ...] = ("zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com")
    domain_lists: tuple[str, ...] = ("dbl.spamhaus.org",)

    @property
    def key_domain(self) -> str:
        """The domain that keys are published at."""
        return self.signing_domain or self.domain

    @property
    def envelope_domain(self) -> str:
        """The domain that SPF is asked about."""
        return self.mail_from_domain or self.domain


class Report(msgspec.Struct, frozen=True):
    """All findings about a domain, by topic and the worst first within one."""

    domain: str
    addresses: tuple[str, ...]
    ehlo_name: str
    examined_at_ms: int
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Severity:
        """The severity of the worst finding."""
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in ORDER if severity in found), Severity.OK)


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings in the order of a report."""
    topics = list(TOPICS)
    return tuple(
        sorted(findings, key=lambda each: (topics.index(each.topic), ORDER.index(each.severity)))
    )

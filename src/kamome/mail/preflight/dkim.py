"""DKIM keys judged: published under their selectors, readable, long enough, and the right ones.

RFC 6376 §3.6.1; RFC 8301 (key sizes, SHA-1); RFC 8463 (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from kamome.mail.preflight.findings import DnsRecord, ExpectedKey, Finding, Severity
from kamome.mail.preflight.lookups import Found, unanswered
from kamome.mail.preflight.tags import TagListError, parse_tags

_RSA_BITS_MIN = 1024
_RSA_BITS_GOOD = 2048
_ED25519_OCTETS = 32


def key_name(domain: str, selector: str) -> str:
    """Where the key of a selector is published."""
    return f"{selector}._domainkey.{domain}"


def judge_no_keys(domain: str) -> list[Finding]:
    """The domain is signed for by no key that is known here."""
    return [
        Finding(
            "dkim",
            Severity.ERROR,
            f"No DKIM key is known for {domain}.",
            "Mail without a signature of its domain fails DMARC whenever it is forwarded, and large"
            " receivers refuse it in bulk.",
            "Make the domain an identity: aws sesv2 create-email-identity --email-identity"
            f" {domain}, and publish the records that the next preflight shows. To examine"
            " a key that somebody else signs with, name its selector.",
        )
    ]


def judge(domain: str, key: ExpectedKey, texts: Found) -> list[Finding]:
    """What is to be said of one selector."""
    if texts.failure:
        return [unanswered("dkim", texts.name, texts.failure)]
    to_publish = _to_publish(domain, key)
    records = [value for value in texts.values if "p=" in value.replace(" ", "")]
    if not records:
        return [
            _finding(
                Severity.ERROR,
                f"There is no key at {texts.name}.",
                "Signatures under this selector cannot be verified and count for nothing.",
                to_publish,
            )
        ]
    if len(records) > 1:
        return [
            _finding(
                Severity.ERROR,
                f"There are {len(records)} keys at {texts.name}.",
                "Which one a receiver takes is undefined (RFC 6376 §3.6.2.2).",
                to_publish,
            )
        ]
    return _judge_record(key, texts.name, records[0], to_publish)


def _judge_record(
    key: ExpectedKey, name: str, record: str, to_publish: tuple[DnsRecord, ...]
) -> list[Finding]:
    try:
        tags = parse_tags(record)
    except TagListError as error:
        summary = f"The key record at {name} cannot be read: {error}."
        meaning = "Signatures under this selector cannot be verified."
        return [_finding(Severity.ERROR, summary, meaning, to_publish)]
    problem = _fatal_problem(name, tags)
    if problem:
        meaning = "Signatures under this selector fail."
        return [_finding(Severity.ERROR, problem, meaning, to_publish)]
    findings = [*_judge_key(name, tags, to_publish), *_judge_flags(name, tags)]
    if key.public_key and "".join(tags["p"].split()) != "".join(key.public_key.split()):
        findings.append(
            _finding(
                Severity.ERROR,
                f"The key at {name} is not the one that mails are signed with.",
                "Every signature fails, which is worse than none.",
                to_publish,
            )
        )
    return findings


def _fatal_problem(name: str, tags: dict[str, str]) -> str:
    if tags.get("v", "DKIM1") != "DKIM1":
        return f"The key record at {name} is of version {tags['v']!r}; DKIM1 is the one there is."
    if not tags.get("p"):
        return f"The key at {name} is revoked: p= is empty."
    if tags.get("k", "rsa") not in ("rsa", "ed25519"):
        return f"The key at {name} is of a kind that nobody knows: k={tags['k']}."
    if "h" in tags and "sha256" not in tags["h"].replace(" ", "").split(":"):
        return f"The key at {name} does not allow SHA-256 (h={tags['h']})."
    if "s" in tags and not {"*", "email"} & set(tags["s"].replace(" ", "").split(":")):
        return f"The key at {name} is not for mail (s={tags['s']})."
    return ""


def _judge_key(name: str, tags: dict[str, str], to_publish: tuple[DnsRecord, ...]) -> list[Finding]:
    kind = tags.get("k", "rsa")
    bits = key_bits(kind, tags["p"])
    if bits is None:
        summary = f"What stands at {name} is no {kind} key."
        meaning = "Signatures under this selector fail. Often a part was lost when it was pasted."
        return [_finding(Severity.ERROR, summary, meaning, to_publish)]
    if kind == "ed25519":
        return [_finding(Severity.OK, f"{name} has an Ed25519 key.")]
    if bits < _RSA_BITS_MIN:
        meaning = "Receivers do not count signatures of keys under 1,024 bits (RFC 8301 §3.2)."
        return [_finding(Severity.ERROR, f"The key at {name} has only {bits} bits.", meaning)]
    if bits < _RSA_BITS_GOOD:
        meaning = "It still counts; 2,048 bits are what one should have (RFC 8301 §3.2)."
        return [_finding(Severity.WARNING, f"The key at {name} has {bits} bits.", meaning)]
    return [_finding(Severity.OK, f"{name} has an RSA key of {bits} bits.")]


def _judge_flags(name: str, tags: dict[str, str]) -> list[Finding]:
    if "y" not in tags.get("t", "").replace(" ", "").split(":"):
        return []
    meaning = "Receivers may treat signed mail as if it were not signed (RFC 6376 §3.6.1)."
    summary = f"The key at {name} says that it is being tested (t=y)."
    return [_finding(Severity.WARNING, summary, meaning)]


def key_bits(kind: str, public_key: str) -> int | None:
    """Length of a public key as DKIM publishes it; None where it is none of that kind."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        octets = base64.b64decode("".join(public_key.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if kind == "ed25519":
        return 256 if len(octets) == _ED25519_OCTETS else None
    try:
        key = load_der_public_key(octets)
    except ValueError:
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None


def key_record(domain: str, key: ExpectedKey) -> DnsRecord:
    """The record that publishes a key."""
    is_ed25519 = key_bits("rsa", key.public_key) is None
    kind = "ed25519" if is_ed25519 else "rsa"
    value = f"v=DKIM1; k={kind}; p={key.public_key}"
    return DnsRecord(key_name(domain, key.selector), "TXT", value)


def _to_publish(domain: str, key: ExpectedKey) -> tuple[DnsRecord, ...]:
    return (key_record(domain, key),) if key.public_key else ()


def _finding(
    severity: Severity, summary: str, meaning: str = "", records: Sequence[DnsRecord] = ()
) -> Finding:
    return Finding("dkim", severity, summary, meaning, records=tuple(records))

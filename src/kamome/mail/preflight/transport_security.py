"""MTA-STS, TLS reporting and DANE judged: whether TLS towards the domain can be taken away.

RFC 8461 (MTA-STS), RFC 8460 (TLS-RPT), RFC 7672 (DANE for SMTP).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from kamome.mail.policy_store import MtaStsPolicy
from kamome.mail.preflight.findings import DnsRecord, Finding, Severity
from kamome.mail.preflight.lookups import Found, unanswered
from kamome.mail.preflight.tags import TagListError, parse_tags

_POLICY_LINES_MAX = 1_000
_MODES = ("enforce", "testing", "none")
_MAX_AGE_S_MAX = 31_557_600  # RFC 8461 §3.2.
_MAX_AGE_S_GOOD = 7 * 86_400
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_REPORT_URI = re.compile(r"(mailto:[^@\s]+@\S+|https://\S+)", re.IGNORECASE)
_TLSA = re.compile(r"([0-9]+) ([0-9]+) ([0-9]+) ([0-9A-Fa-f ]+)")


class FetchedPolicy(msgspec.Struct, frozen=True):
    """The policy file as it was fetched; `problem` says why it was not."""

    text: str = ""
    problem: str = ""


class StsPolicyError(ValueError):
    """The policy cannot be read; the sentence names the place."""


def parse_policy(text: str) -> MtaStsPolicy:
    """A policy file, read as strictly as RFC 8461 §3.2 says, to tell what senders may not take.

    Raises:
        StsPolicyError: a field is missing or says what it may not.
    """
    fields: dict[str, str] = {}
    patterns: list[str] = []
    for number, line in enumerate(text.splitlines()[:_POLICY_LINES_MAX], 1):
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise StsPolicyError(f"line {number}, {line[:60]!r}, has no colon")
        if key.strip() == "mx":
            patterns.append(value.strip().rstrip(".").lower())
        else:
            fields.setdefault(key.strip(), value.strip())
    if fields.get("version") != "STSv1":
        raise StsPolicyError("version is not STSv1")
    if fields.get("mode") not in _MODES:
        raise StsPolicyError(f"mode is {', '.join(_MODES)}, not {fields.get('mode', 'absent')}")
    max_age = fields.get("max_age", "")
    if not _NUMBER.fullmatch(max_age) or int(max_age) > _MAX_AGE_S_MAX:
        raise StsPolicyError(f"max_age is 0 to {_MAX_AGE_S_MAX} seconds, not {max_age or 'absent'}")
    if not patterns and fields["mode"] != "none":
        raise StsPolicyError("it names no mx")
    return MtaStsPolicy(fields["mode"], tuple(patterns), int(max_age))


# ------------------------------------------------------------------ MTA-STS


def judge_sts(
    domain: str, record: Found, policy: FetchedPolicy | None, exchangers: Sequence[str], new_id: str
) -> list[Finding]:
    """What is to be said of MTA-STS. `new_id` is one for a record that is yet to be published."""
    if record.failure:
        return [unanswered("mta-sts", record.name, record.failure)]
    found = record.starting("v=STSv1")
    wanted = DnsRecord(record.name, "TXT", f"v=STSv1; id={new_id}")
    how = _how_to_serve(domain, exchangers)
    if not found:
        summary = f"{domain} has no MTA-STS policy."
        meaning = "Whoever sits between can make senders deliver to you without TLS."
        return [Finding("mta-sts", Severity.NOTE, summary, meaning, how, (wanted,))]
    problem = _record_problem(found)
    if problem:
        summary = f"The record at {record.name} cannot be used: {problem}."
        meaning = "Senders act as if there were no policy."
        return [Finding("mta-sts", Severity.ERROR, summary, meaning, records=(wanted,))]
    if policy is None or policy.problem:
        reason = policy.problem if policy is not None else "it was not fetched"
        summary = f"The policy of {domain} cannot be had: {reason}."
        meaning = "The record promises a policy; without it, senders go on without protection."
        return [Finding("mta-sts", Severity.ERROR, summary, meaning, how)]
    try:
        return _judge_policy(domain, parse_policy(policy.text), exchangers)
    except StsPolicyError as error:
        summary = f"The policy of {domain} cannot be read: {error}."
        return [Finding("mta-sts", Severity.ERROR, summary, "Senders ignore it.", how)]


def _judge_policy(domain: str, policy: MtaStsPolicy, exchangers: Sequence[str]) -> list[Finding]:
    uncovered = [host for host in exchangers if not policy.allows(host)]
    if uncovered and policy.mode != "none":
        return [
            Finding(
                "mta-sts",
                Severity.ERROR if policy.mode == "enforce" else Severity.WARNING,
                f"The policy of {domain} does not cover its MX {', '.join(uncovered)}.",
                "Senders that keep to the policy deliver nothing there."
                if policy.mode == "enforce"
                else "Once the policy is enforced, senders deliver nothing there.",
                "Add to the policy: " + ", ".join(f"mx: {host}" for host in uncovered) + ".",
            )
        ]
    findings = []
    if policy.mode != "enforce":
        summary = f"The policy of {domain} is {policy.mode}."
        meaning = "It protects nothing yet."
        remedy = "Once the TLS reports show no failures: mode: enforce, and a new id."
        findings.append(Finding("mta-sts", Severity.NOTE, summary, meaning, remedy))
    if policy.max_age_s < _MAX_AGE_S_GOOD:
        summary = f"The policy of {domain} holds for {policy.max_age_s} s only."
        meaning = "Senders forget it between two mails; weeks are usual (max_age: 604800 and more)."
        findings.append(Finding("mta-sts", Severity.NOTE, summary, meaning))
    summary = f"MTA-STS of {domain} is enforced for {', '.join(exchangers)}."
    return findings or [Finding("mta-sts", Severity.OK, summary)]


def _record_problem(records: Sequence[str]) -> str:
    if len(records) > 1:
        return f"there are {len(records)} of them"
    try:
        tags = parse_tags(records[0])
    except TagListError as error:
        return str(error)
    return "" if _ID.fullmatch(tags.get("id", "")) else "id is 1 to 32 letters and digits"


def _how_to_serve(domain: str, exchangers: Sequence[str]) -> str:
    lines = ["version: STSv1", "mode: testing", *(f"mx: {host}" for host in exchangers if host)]
    text = " | ".join([*lines, "max_age: 604800"])
    return (
        f"Serve at https://mta-sts.{domain}/.well-known/mta-sts.txt (a valid certificate for that"
        f" name, text/plain), one field a line: {text}"
    )


# ------------------------------------------------------------------ TLS reporting


def judge_reporting(domain: str, record: Found) -> list[Finding]:
    """What is to be said of the TLS reporting record."""
    if record.failure:
        return [unanswered("tls-rpt", record.name, record.failure)]
    found = record.starting("v=TLSRPTv1")
    wanted = (DnsRecord(record.name, "TXT", f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}"),)
    if not found:
        summary = f"{domain} asks for no TLS reports."
        meaning = "You do not hear when senders fail to reach you over TLS."
        return [Finding("tls-rpt", Severity.NOTE, summary, meaning, records=wanted)]
    problem = _reporting_problem(found)
    if problem:
        summary = f"The record at {record.name} cannot be used: {problem}."
        return [Finding("tls-rpt", Severity.WARNING, summary, "No reports come.", records=wanted)]
    return [Finding("tls-rpt", Severity.OK, f"TLS reports about {domain} are asked for.")]


def _reporting_problem(records: Sequence[str]) -> str:
    if len(records) > 1:
        return f"there are {len(records)} of them"
    try:
        uris = parse_tags(records[0]).get("rua", "")
    except TagListError as error:
        return str(error)
    bad = [uri for uri in uris.split(",") if not _REPORT_URI.fullmatch(uri.strip())]
    return f"rua names {bad[0].strip() or 'nothing'}, not mailto: or https:" if bad else ""


# ------------------------------------------------------------------ DANE


def judge_dane(host: str, tlsa: Found, is_zone_signed: bool, digests: Mapping[str, str]) -> Finding:
    """What is to be said of the TLSA records of an MX host.

    `digests` are those of the server's certificate: `3 1 1`, `3 0 1`, … to hexadecimal; empty where
    it could not be had.
    """
    if tlsa.failure:
        return unanswered("dane", tlsa.name, tlsa.failure)
    wanted = tuple(
        DnsRecord(tlsa.name, "TLSA", f"{form} {digests[form]}")
        for form in ("3 1 1",)
        if form in digests
    )
    if not tlsa.values:
        if not is_zone_signed:
            summary = f"{host} is in a zone without DNSSEC: DANE is not possible."
            return Finding("dane", Severity.NOTE, summary, "MTA-STS does without DNSSEC.")
        summary = f"{host} is in a signed zone and has no TLSA record."
        meaning = "With one, senders would know the certificate beforehand."
        return Finding("dane", Severity.NOTE, summary, meaning, records=wanted)
    if not (tlsa.is_signed or is_zone_signed):
        summary = f"{host} has TLSA records in a zone without DNSSEC."
        meaning = "They count for nothing (RFC 7672 §2.2)."
        return Finding("dane", Severity.WARNING, summary, meaning, "Have the zone signed.")
    return _judge_digests(host, tlsa, digests, wanted)


def _judge_digests(
    host: str, tlsa: Found, digests: Mapping[str, str], wanted: tuple[DnsRecord, ...]
) -> Finding:
    usable = [record for record in tlsa.values if _usage(record) in (2, 3)]
    if not usable:
        summary = f"The TLSA records of {host} are of no use for mail."
        meaning = "For SMTP they are DANE-TA (2) or DANE-EE (3) (RFC 7672 §3.1)."
        return Finding("dane", Severity.WARNING, summary, meaning, records=wanted)
    if not digests:
        summary = f"{host} has TLSA records; its certificate could not be had to compare."
        return Finding("dane", Severity.UNKNOWN, summary)
    ends = {_normal(record) for record in usable if _usage(record) == 3}
    if ends & {f"{form} {digest}" for form, digest in digests.items()}:
        return Finding("dane", Severity.OK, f"The certificate of {host} is the one in signed DNS.")
    if len(ends) < len(usable):
        summary = f"{host} has TLSA records for an authority (DANE-TA)."
        meaning = "They are not compared here; the certificate's chain must contain it."
        return Finding("dane", Severity.NOTE, summary, meaning)
    return Finding(
        "dane",
        Severity.ERROR,
        f"The certificate of {host} is not the one in its TLSA records.",
        "Senders that check DANE deliver nothing there.",
        "Publish the new record before a certificate changes, and remove the old one afterwards.",
        wanted,
    )


def _usage(record: str) -> int:
    found = _TLSA.fullmatch(record)
    return int(found[1]) if found is not None else -1


def _normal(record: str) -> str:
    found = _TLSA.fullmatch(record)
    assert found is not None, "only those with a usage come here"
    return f"{found[1]} {found[2]} {found[3]} {found[4].replace(' ', '').lower()}"

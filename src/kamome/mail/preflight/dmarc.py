"""DMARC judged: the policy that applies to the domain, its reports, and what aligns with it.

RFC 7489 §6.3 (tags), §6.6.3 (which record applies), §7.1 (reports to others), §3.1 (alignment).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kamome.mail.preflight.findings import DnsRecord, Finding, Severity
from kamome.mail.preflight.lookups import Found, unanswered
from kamome.mail.preflight.tags import TagListError, parse_tags

_POLICIES = ("none", "quarantine", "reject")
_MODES = ("r", "s")
_PERCENT = re.compile(r"[0-9]{1,3}")
_REPORT_URI = re.compile(r"mailto:[^@\s]+@([^!\s,]+)(![0-9]+[kmgt]?)?", re.IGNORECASE)


def judge(domain: str, own: Found, organizational: Found | None) -> list[Finding]:
    """What is to be said of the policy at `_dmarc` of the domain, or else of the one above it."""
    for texts in (own, organizational):
        if texts is not None and texts.failure:
            return [unanswered("dmarc", texts.name, texts.failure)]
    records = own.starting("v=DMARC1")
    source = own
    if not records and organizational is not None:
        records, source = organizational.starting("v=DMARC1"), organizational
    if not records:
        return [
            Finding(
                "dmarc",
                Severity.ERROR,
                f"{domain} has no DMARC policy.",
                "Large receivers ask one of all who send in bulk, and anyone may write as you.",
                "Begin with p=none, read the reports, then go on to quarantine and reject.",
                (_first_record(domain),),
            )
        ]
    if len(records) > 1:
        summary = f"There are {len(records)} DMARC records at {source.name}."
        meaning = "Receivers then act as if there were none."
        return [Finding("dmarc", Severity.ERROR, summary, meaning, "Leave one of them.")]
    return _judge_record(domain, source, records[0])


def _judge_record(domain: str, source: Found, record: str) -> list[Finding]:
    try:
        tags = parse_tags(record)
    except TagListError as error:
        return [_unreadable(domain, source, str(error))]
    problem = _problem(tags)
    if problem:
        return [_unreadable(domain, source, problem)]
    is_inherited = source.name.lower() != f"_dmarc.{domain}".lower()
    policy = tags.get("sp", tags["p"]) if is_inherited else tags["p"]
    findings = [_judge_policy(source.name, policy, is_inherited=is_inherited)]
    if not report_domains(tags):
        findings.append(
            Finding(
                "dmarc",
                Severity.WARNING,
                f"The policy at {source.name} asks for no reports.",
                "You do not see who sends in your name, nor which of your own mails fail.",
                records=(DnsRecord(source.name, "TXT", f"{record.rstrip('; ')}; {_rua(domain)}"),),
            )
        )
    if tags.get("pct", "100") != "100" and policy != "none":
        summary = f"The policy at {source.name} holds for {tags['pct']} per cent of the mail."
        meaning = "The rest is treated more mildly; good for the time of the change only."
        findings.append(Finding("dmarc", Severity.NOTE, summary, meaning))
    return findings


def _judge_policy(name: str, policy: str, *, is_inherited: bool) -> Finding:
    where = f"The policy at {name}" + (" for subdomains" if is_inherited else "")
    if policy == "none":
        return Finding(
            "dmarc",
            Severity.WARNING,
            f"{where} is none.",
            "Receivers deliver forged mail in your name all the same.",
            "Once the reports show that your own mail passes: p=quarantine, then p=reject.",
        )
    return Finding("dmarc", Severity.OK, f"{where} is {policy}.")


def judge_alignment(
    domain: str,
    record: str,
    *,
    envelope_domain: str,
    signing_domain: str,
    organizational: Sequence[str],
) -> list[Finding]:
    """Whether a mail of the domain would pass DMARC, by DKIM and by SPF.

    `signing_domain` is empty where nothing signs. `organizational` are the organizational domains
    of the domain and of the envelope's; the signing domain is the domain or one above it.
    """
    try:
        tags = parse_tags(record)
    except TagListError:
        return []
    is_strict = tags.get("aspf", "r") == "s"
    signs = bool(signing_domain) and (
        tags.get("adkim", "r") == "r" or signing_domain.lower() == domain.lower()
    )
    same = envelope_domain.lower() == domain.lower()
    aligned = same if is_strict else organizational[0] == organizational[1]
    if aligned:
        ways = "SPF and DKIM" if signs else "SPF"
        severity = Severity.OK if signs else Severity.WARNING
        meaning = (
            "" if signs else "Forwarding breaks SPF, and nothing is left then: sign with DKIM."
        )
        return [Finding("dmarc", severity, f"Mails pass DMARC by {ways}.", meaning)]
    mode = "strict" if is_strict else "relaxed"
    summary = f"SPF of {envelope_domain} is not aligned with {domain} ({mode})."
    if signs:
        meaning = "Mails pass DMARC by DKIM alone."
        return [Finding("dmarc", Severity.NOTE, summary, meaning)]
    meaning = "Without DKIM no mail of the domain passes DMARC."
    remedy = f"Sign with DKIM, or make the MAIL FROM domain one of {domain}."
    return [Finding("dmarc", Severity.ERROR, summary, meaning, remedy)]


def report_domains(tags: dict[str, str]) -> list[str]:
    """Domains of the addresses that aggregate reports go to."""
    found = (_REPORT_URI.fullmatch(uri.strip()) for uri in tags.get("rua", "").split(","))
    return [match[1].lower() for match in found if match is not None]


def judge_report_permission(domain: str, target: str, texts: Found) -> list[Finding]:
    """Whether another domain has agreed to take the reports. RFC 7489 §7.1."""
    if texts.failure:
        return [unanswered("dmarc", texts.name, texts.failure)]
    if texts.starting("v=DMARC1"):
        return []
    return [
        Finding(
            "dmarc",
            Severity.WARNING,
            f"{target} has not agreed to take reports about {domain}.",
            "No report is sent there.",
            f"The owner of {target} publishes this, or the reports go to an address of {domain}.",
            (DnsRecord(texts.name, "TXT", "v=DMARC1"),),
        )
    ]


def _problem(tags: dict[str, str]) -> str:
    if next(iter(tags)) != "v" or tags["v"] != "DMARC1":
        return "v=DMARC1 must come first, spelt like this"
    if tags.get("p") not in _POLICIES:
        return f"p is none, quarantine or reject, not {tags.get('p', 'absent')}"
    if tags.get("sp", "none") not in _POLICIES:
        return f"sp is none, quarantine or reject, not {tags['sp']}"
    for name in ("adkim", "aspf"):
        if tags.get(name, "r") not in _MODES:
            return f"{name} is r or s, not {tags[name]}"
    percent = tags.get("pct", "100")
    if not _PERCENT.fullmatch(percent) or int(percent) > 100:
        return f"pct is 0 to 100, not {percent}"
    return ""


def _unreadable(domain: str, source: Found, problem: str) -> Finding:
    return Finding(
        "dmarc",
        Severity.ERROR,
        f"The DMARC record at {source.name} cannot be read: {problem}.",
        "Receivers act as if there were none.",
        records=(_first_record(domain),),
    )


def _first_record(domain: str) -> DnsRecord:
    return DnsRecord(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; {_rua(domain)}")


def _rua(domain: str) -> str:
    return f"rua=mailto:dmarc-reports@{domain}"

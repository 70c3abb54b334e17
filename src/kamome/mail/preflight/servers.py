"""Mail servers judged: port 25 both ways, STARTTLS and the certificate behind it.

RFC 5321 §3.1; RFC 3207; RFC 6125 §6.4 (names).
"""

from __future__ import annotations

from collections.abc import Sequence

from kamome.mail.preflight.findings import Finding, Severity
from kamome.mail.preflight.network import Certificate, Greeting

_DAY_MS = 86_400_000
_RENEWAL_DAYS = 14


def judge_outwards(greetings: Sequence[Greeting]) -> Finding:
    """Whether mails can leave: what greeting another's server gave, each address once."""
    open_ = [each for each in greetings if not each.problem]
    if open_:
        summary = f"Port 25 is open outwards: {open_[0].host} answers."
        return Finding("port-25-out", Severity.OK, summary)
    if not greetings:
        summary = "No server was found to try port 25 outwards with."
        return Finding("port-25-out", Severity.UNKNOWN, summary)
    tried = greetings[0]
    if tried.banner:
        return Finding(
            "port-25-out",
            Severity.WARNING,
            f"{tried.host} is reached and refuses: {tried.banner}.",
            "Port 25 is open, but the first server asked does not want this address.",
            "Look at the findings about the address and the blocklists.",
        )
    return Finding(
        "port-25-out",
        Severity.ERROR,
        f"Port 25 is closed outwards: {tried.host} ({tried.address}): {tried.problem}.",
        "Clouds and household lines close it by default. No mail can leave directly.",
        "Amazon EC2: ask for the removal of the port 25 restriction (Support → Service limits →"
        " EC2 email sending); other providers: a ticket. Until then send by a relay on port 587:"
        " --mail-transport relay.",
    )


def judge_inwards(host: str, greetings: Sequence[Greeting]) -> list[Finding]:
    """Whether an MX host takes connections, seen from this machine."""
    closed = [each for each in greetings if each.problem]
    findings = [
        Finding(
            "port-25-in",
            Severity.ERROR,
            f"{host} ({each.address}) does not answer on port 25: {each.problem}.",
            "Mail for the domain does not arrive, unless only this machine is kept out (some"
            " routers do not lead you to your own public address).",
            "Open TCP port 25 in the firewall or security group, and listen on it:"
            " --host 0.0.0.0 --smtp-port 25 (or lead port 25 to the port it listens on).",
        )
        for each in closed
    ]
    for each in greetings:
        if each.problem:
            continue
        if each.has_starttls:
            summary = f"{host} ({each.address}) answers on port 25 and offers STARTTLS."
            findings.append(Finding("port-25-in", Severity.OK, summary))
        else:
            summary = f"{host} ({each.address}) answers on port 25 without STARTTLS."
            meaning = "Mail to it is sent in the clear, and some senders refuse to."
            findings.append(Finding("port-25-in", Severity.WARNING, summary, meaning))
    return findings


def judge_certificate(host: str, certificate: Certificate, now_ms: int) -> list[Finding]:
    """The certificate that an MX host shows behind STARTTLS.

    Most senders do not check it; those that keep to MTA-STS do.
    """
    findings = []
    if certificate.not_after_ms <= now_ms:
        summary = f"The certificate of {host} has expired."
        meaning = "Senders that check certificates deliver nothing."
        findings.append(Finding("certificate", Severity.ERROR, summary, meaning, "Renew it."))
    elif certificate.not_after_ms - now_ms < _RENEWAL_DAYS * _DAY_MS:
        days = (certificate.not_after_ms - now_ms) // _DAY_MS
        summary = f"The certificate of {host} ends in {days} days."
        meaning = "After that, senders that check certificates deliver nothing."
        findings.append(Finding("certificate", Severity.WARNING, summary, meaning, "Renew it."))
    if not covers(certificate.names, host):
        named = ", ".join(certificate.names[:5]) or "nothing"
        findings.append(
            Finding(
                "certificate",
                Severity.WARNING,
                f"The certificate of {host} is for {named}.",
                "Senders that keep to MTA-STS deliver nothing.",
                f"Get one for {host}.",
            )
        )
    if certificate.distrust and certificate.not_after_ms > now_ms:
        findings.append(
            Finding(
                "certificate",
                Severity.WARNING,
                f"The certificate of {host} is not trusted: {certificate.distrust}.",
                "Opportunistic TLS works with it; senders that keep to MTA-STS deliver nothing.",
                "Put one of a public authority (such as Let's Encrypt) with its chain and key"
                " into smtp/smtp-certificate.pem of the data directory.",
            )
        )
    ok = Finding("certificate", Severity.OK, f"The certificate of {host} is valid and trusted.")
    return findings or [ok]


def covers(names: Sequence[str], host: str) -> bool:
    """Whether a certificate's names include a host; `*` stands for one whole label."""
    lowered = host.lower().rstrip(".")
    rest = lowered.partition(".")[2]
    return any(
        lowered == name or (name.startswith("*.") and rest == name[2:])
        for name in map(str.lower, names)
    )

"""Whether this server itself would send for a domain: its identity, and the way mails leave."""

from __future__ import annotations

from kamome.mail.preflight.findings import DnsRecord, Finding, Severity
from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.identities.verification import expected_txt

TOPIC = "server"
CAPTURE, RELAY = "capture", "relay"


def judge(
    domain: str, identity: Identity | None, transport: str, *, is_signed_elsewhere: bool
) -> list[Finding]:
    """What is to be said of the server before DNS is asked.

    `is_signed_elsewhere`: the caller has named selectors, so that others send for the domain, too.

    AWS: SES Developer Guide, Verified identities.
    """
    findings = [*_judge_identity(domain, identity, is_optional=is_signed_elsewhere)]
    if transport == CAPTURE:
        summary = "This server keeps all mail to itself (mail_transport capture)."
        meaning = "Nothing that is sent leaves, until it is released."
        remedy = "Start it with --mail-transport direct, or relay with a smart host."
        findings.append(Finding(TOPIC, Severity.WARNING, summary, meaning, remedy))
    elif transport == RELAY:
        summary = "This server hands all mail to a smart host (mail_transport relay)."
        meaning = (
            "What receivers see is the smart host: its address, its reverse name, its port 25."
        )
        remedy = "Name the smart host's addresses with --ip and its name with --ehlo."
        findings.append(Finding(TOPIC, Severity.NOTE, summary, meaning, remedy))
    ok = Finding(TOPIC, Severity.OK, f"This server sends for {domain}, directly.")
    return findings or [ok]


def _judge_identity(domain: str, identity: Identity | None, *, is_optional: bool) -> list[Finding]:
    if identity is None:
        return [
            Finding(
                TOPIC,
                Severity.NOTE if is_optional else Severity.ERROR,
                f"{domain} is no identity of this account and region.",
                "SES refuses to send for it.",
                f"aws sesv2 create-email-identity --email-identity {domain}",
            )
        ]
    if not identity.is_verified:
        return [
            Finding(
                TOPIC,
                Severity.ERROR,
                f"The identity {identity.identity} is not verified ({identity.status}).",
                "SES refuses to send for it.",
                "It is verified when the records of its DKIM key, or this one, are found.",
                _token_record(identity),
            )
        ]
    return []


def _token_record(identity: Identity) -> tuple[DnsRecord, ...]:
    if not identity.token:
        return ()
    name, value = expected_txt(identity)
    return (DnsRecord(name, "TXT", value),)

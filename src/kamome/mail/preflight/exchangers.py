"""MX records judged: mail for the domain, and the bounces of what it sends, find a server.

RFC 5321 §5.1; RFC 2181 §10.3 (no alias); RFC 7505 (null MX).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from kamome.mail.preflight.findings import DnsRecord, Finding, Severity
from kamome.mail.preflight.lookups import Found, unanswered
from kamome.mail.preflight.reverse_dns import publishable_name


class Exchanger(Found, frozen=True):
    """Where one MX host leads: its addresses, and the name it is only an alias of."""

    alias_of: str = ""


def judge(
    domain: str,
    exchangers: Found,
    hosts: Mapping[str, Exchanger],
    *,
    ehlo_name: str,
    topic: str = "mx",
) -> list[Finding]:
    """What is to be said of the MX records of a domain."""
    if exchangers.failure:
        return [unanswered(topic, domain, exchangers.failure)]
    ours = DnsRecord(domain, "MX", f"10 {publishable_name(ehlo_name)}.")
    if not exchangers.values:
        return [
            Finding(
                topic,
                Severity.ERROR,
                f"{domain} has no MX record.",
                "Bounces and answers have nowhere to go, and some receivers refuse such senders.",
                records=(ours,),
            )
        ]
    if exchangers.values == ("",):
        return [
            Finding(
                topic,
                Severity.WARNING,
                f"{domain} takes no mail (null MX).",
                "Then it should send none that is to be answered: bounces are lost, and some"
                " receivers refuse the sender.",
                records=(ours,),
            )
        ]
    findings = [each for host in exchangers.values for each in _judge_host(topic, hosts[host])]
    if findings:
        return findings
    summary = f"Mail for {domain} goes to {', '.join(exchangers.values)}."
    if ehlo_name.lower() in (host.lower() for host in exchangers.values):
        return [Finding(topic, Severity.OK, summary)]
    meaning = f"That is not this server ({ehlo_name}): what is sent there does not come here."
    return [Finding(topic, Severity.NOTE, summary, meaning, records=(ours,))]


def _judge_host(topic: str, host: Exchanger) -> list[Finding]:
    if host.failure:
        return [unanswered(topic, host.name, host.failure)]
    if _is_address(host.name):
        return [
            Finding(
                topic,
                Severity.ERROR,
                f"An MX record names the address {host.name}.",
                "It must name a host; most senders find nothing there.",
                "Give the address a name, and let the MX record name that.",
            )
        ]
    if host.alias_of:
        return [
            Finding(
                topic,
                Severity.WARNING,
                f"The MX host {host.name} is an alias of {host.alias_of}.",
                "An MX record must not name an alias (RFC 2181 §10.3); some senders refuse it.",
                f"Let the MX record name {host.alias_of}.",
            )
        ]
    if not host.values:
        return [
            Finding(
                topic,
                Severity.ERROR,
                f"The MX host {host.name} has no address.",
                "Senders try the next host, and give up where there is none.",
                "Publish its A record, or remove the MX record.",
            )
        ]
    return []


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

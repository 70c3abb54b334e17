"""SPF judged: one record that can be read, within its limits, that permits the sending address.

RFC 7208; AWS: SES Developer Guide, Authenticating Email with SPF.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Mapping, Sequence

from kamome.mail.authentication.spf_terms import Record, SpfSyntaxError, parse_record
from kamome.mail.preflight.findings import DnsRecord, Finding, Severity
from kamome.mail.preflight.lookups import Found, unanswered
from kamome.mail.preflight.spf_record import (
    LOOKUPS_MAX,
    VOID_LOOKUPS_MAX,
    Walk,
    spf_records,
)

# From here on the next include may break the record.
_LOOKUPS_MANY = 8
# Longer answers may not fit one UDP packet of the old size. RFC 7208 §3.4.
_RECORD_OCTETS_MANY = 450


def judge_records(
    texts: Found, addresses: Sequence[str], *, topic: str = "spf"
) -> tuple[str | None, list[Finding]]:
    """The one SPF record of a domain, None where there is none to go on with; what is wrong."""
    if texts.failure:
        return None, [unanswered(topic, texts.name, texts.failure)]
    records = spf_records(texts)
    new = DnsRecord(texts.name, "TXT", new_record(addresses))
    if not records:
        return None, [
            Finding(
                topic,
                Severity.ERROR,
                f"{texts.name} has no SPF record.",
                "Large receivers refuse or junk mail of domains that name no senders.",
                records=(new,),
            )
        ]
    if len(records) > 1:
        return None, [
            Finding(
                topic,
                Severity.ERROR,
                f"{texts.name} has {len(records)} SPF records.",
                "More than one is a permanent error: receivers act as if there were none.",
                "Leave one and delete the others; join what they permit.",
                (DnsRecord(texts.name, "TXT", merged(records, addresses)),),
            )
        ]
    return records[0], []


def judge(
    domain: str,
    record: str,
    walk: Walk,
    results: Mapping[str, str],
    *,
    topic: str = "spf",
) -> list[Finding]:
    """What is to be said of a record.

    `results` is what evaluating it for each sending address gives (`pass`, `fail`, …).
    """
    findings = [*_judge_walk(domain, walk, topic), *_judge_results(domain, record, results, topic)]
    with contextlib.suppress(SpfSyntaxError):  # which is one of the walk's problems
        findings += _judge_terms(domain, record, parse_record(record), topic)
    if len(record.encode()) > _RECORD_OCTETS_MANY:
        findings.append(
            Finding(
                topic,
                Severity.NOTE,
                f"The record of {domain} has {len(record.encode())} octets.",
                "Beyond 450 the answer may not fit one UDP packet, which some receivers need.",
            )
        )
    if not any(each.severity is not Severity.NOTE for each in findings):
        findings.append(
            Finding(
                topic,
                Severity.OK,
                f"{domain} permits {_listed(list(results)) or 'its senders'}"
                f" and takes {walk.lookups} of {LOOKUPS_MAX} look-ups.",
            )
        )
    return findings


def _judge_walk(domain: str, walk: Walk, topic: str) -> list[Finding]:
    findings = [
        Finding(
            topic,
            Severity.ERROR,
            problem,
            "A record that cannot be evaluated is a permanent error: it permits nobody.",
            "Correct or remove this term.",
        )
        for problem in walk.problems
    ]
    findings += [
        Finding(
            topic,
            Severity.WARNING,
            doubt,
            "Each look-up that finds nothing counts; at the third the record breaks.",
            "Correct or remove this term.",
        )
        for doubt in walk.doubts
    ]
    findings += [unanswered(topic, *failure.split(": ", 1)) for failure in walk.failures]
    if walk.lookups > LOOKUPS_MAX:
        findings.append(
            Finding(
                topic,
                Severity.ERROR,
                f"The record of {domain} takes {walk.lookups} look-ups; {LOOKUPS_MAX} are allowed.",
                "Receivers stop at the limit with a permanent error, and your mail fails SPF.",
                "Replace includes and a/mx terms by ip4: and ip6: terms, which cost nothing, or"
                " send a part of the mail from a subdomain that has a record of its own.",
            )
        )
    elif walk.lookups >= _LOOKUPS_MANY:
        findings.append(
            Finding(
                topic,
                Severity.WARNING,
                f"The record of {domain} takes {walk.lookups} of {LOOKUPS_MAX} look-ups.",
                "Those you include may grow without telling you, and then SPF fails at once.",
            )
        )
    if walk.void_lookups > VOID_LOOKUPS_MAX:
        findings.append(
            Finding(
                topic,
                Severity.ERROR,
                f"{walk.void_lookups} look-ups of the record of {domain} find nothing;"
                f" {VOID_LOOKUPS_MAX} are allowed.",
                "Receivers stop there with a permanent error.",
                "Remove the terms that name what does not exist.",
            )
        )
    return findings


def _judge_results(
    domain: str, record: str, results: Mapping[str, str], topic: str
) -> list[Finding]:
    missing = [address for address in results if results[address] not in ("pass", "temperror")]
    if not missing or any(results[address] == "permerror" for address in missing):
        return []
    how = {results[address] for address in missing}
    return [
        Finding(
            topic,
            Severity.ERROR,
            f"The record of {domain} does not permit {_listed(missing)} ({_listed(sorted(how))}).",
            "Mail from there fails SPF, and DMARC with it unless DKIM passes.",
            records=(DnsRecord(domain, "TXT", with_addresses(record, missing)),),
        )
    ]


def _judge_terms(domain: str, text: str, record: Record, topic: str) -> list[Finding]:
    findings = []
    names = [mechanism.name for mechanism in record.mechanisms]
    ends = [mechanism for mechanism in record.mechanisms if mechanism.name == "all"]
    with_all = (DnsRecord(domain, "TXT", _ended(text)),)
    if not ends and not record.redirect:
        findings.append(
            Finding(
                topic,
                Severity.WARNING,
                f"The record of {domain} does not end with all.",
                "What matches nothing is neutral: anyone may send in your name.",
                records=with_all,
            )
        )
    elif ends and ends[0].result in ("pass", "neutral"):
        findings.append(
            Finding(
                topic,
                Severity.ERROR if ends[0].result == "pass" else Severity.WARNING,
                f"The record of {domain} ends with {ends[0].text}: everybody is permitted.",
                "It protects nothing, and some receivers take it for a sign of spam.",
                records=with_all,
            )
        )
    if ends and names[-1] != "all":
        findings.append(
            Finding(
                topic,
                Severity.WARNING,
                f"Terms behind {ends[0].text} in the record of {domain} are never looked at.",
                "all always matches.",
                "Move all to the end.",
            )
        )
    if "ptr" in names:
        findings.append(
            Finding(
                topic,
                Severity.WARNING,
                f"The record of {domain} uses ptr.",
                "It is slow, unreliable, and not to be published any more (RFC 7208 §5.5).",
                "Name the addresses with ip4: and ip6: instead.",
            )
        )
    return findings


# ------------------------------------------------------------------ records to publish


def new_record(addresses: Sequence[str]) -> str:
    """A record that permits these addresses and nobody else for certain."""
    mechanisms = [_mechanism(each) for each in addresses] or ["mx"]
    return " ".join(["v=spf1", *mechanisms, "~all"])


def with_addresses(record: str, addresses: Sequence[str]) -> str:
    """The record with these addresses permitted first."""
    words = record.split(" ")
    return " ".join([words[0], *(_mechanism(each) for each in addresses), *filter(None, words[1:])])


def merged(records: Sequence[str], addresses: Sequence[str]) -> str:
    """One record that permits what several do, and these addresses."""
    words = dict.fromkeys(
        word
        for record in records
        for word in record.split(" ")[1:]
        if word and word.lower().lstrip("+-~?") != "all"
    )
    mechanisms = [mine for mine in map(_mechanism, addresses) if mine not in words]
    return " ".join(["v=spf1", *mechanisms, *words, "~all"])


def _mechanism(address: str) -> str:
    return f"ip{ipaddress.ip_address(address).version}:{address}"


def _ended(text: str) -> str:
    """The record with `~all` at its end, and no other."""
    words = [word for word in text.split(" ") if word and word.lower().lstrip("+-~?") != "all"]
    return " ".join([*words, "~all"])


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)

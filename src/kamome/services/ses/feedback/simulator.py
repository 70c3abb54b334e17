"""The mailbox simulator: what each of its addresses answers to a mail.

AWS: SES Developer Guide, Using the mailbox simulator manually.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from kamome.services.ses.feedback import events
from kamome.services.ses.feedback import simulated_addresses as simulated
from kamome.services.ses.feedback.bounce_types import GENERAL, SOFT, SUPPRESSED, BounceType
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.events import BouncedRecipient, Event, Report
from kamome.services.ses.sending.sent_mails import find_sent

if TYPE_CHECKING:
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses
    from kamome.storage.outbox import Entry

_TAKEN = "250 2.6.0 Message received"
_UNKNOWN_USER = "smtp; 550 5.1.1 user unknown"
_LISTED = (
    "Amazon SES has suppressed sending to this address because it has a recent history of bouncing"
    " as an invalid address."
)
_STATUS = "5.1.1"
_USER_AGENT = "Amazon SES Mailbox Simulator"
# The simulator is in this server.
_ITS_ADDRESS = "127.0.0.1"


def work(ses: Ses, entry: Entry) -> None:
    """Answer a mail as the simulator's recipients do. Handler of `ses.simulated`.

    Bounces of one mail are combined; a complaint or an automatic answer comes after the delivery.
    Nothing comes on the suppression list, and nothing counts for the account's reputation.
    """
    sent = find_sent(ses, str(entry.payload["message_id"]))
    if sent is None:
        return
    by_scenario: dict[str, list[str]] = {}
    addresses = cast("Mapping[str, str]", entry.payload["addresses"])
    for address, scenario in addresses.items():
        by_scenario.setdefault(scenario, []).append(address)
    for event in _answers(ses, sent, by_scenario):
        publish(ses, sent, event)


def _answers(ses: Ses, sent: SentMail, by_scenario: Mapping[str, list[str]]) -> list[Event]:
    now_ms, hostname = ses.clock.now_ms(), ses.settings.mail_hostname
    taken = [
        address
        for scenario in (simulated.SUCCESS, simulated.OUT_OF_OFFICE, simulated.COMPLAINT)
        for address in by_scenario.get(scenario, ())
    ]
    found: list[Event] = []
    if taken:
        answer = events.delivery(
            sent,
            taken,
            now_ms,
            smtp_response=_TAKEN,
            reporting_mta=hostname,
            remote_mta_ip=_ITS_ADDRESS,
        )
        found.append(answer)
    for scenario, kind, sentence in (
        (simulated.BOUNCE, GENERAL, _UNKNOWN_USER),
        (simulated.SUPPRESSION_LIST, SUPPRESSED, _LISTED),
        (simulated.OUT_OF_OFFICE, SOFT, ""),
    ):
        if addresses := by_scenario.get(scenario):
            found.append(_bounce(ses, kind, addresses, sentence))
    if addresses := by_scenario.get(simulated.COMPLAINT):
        report = Report("abuse", _USER_AGENT, now_ms)
        feedback_id = events.feedback_id(ses.ids, now_ms)
        found.append(events.complaint(addresses, now_ms, feedback_id=feedback_id, report=report))
    return found


def _bounce(ses: Ses, kind: BounceType, addresses: list[str], sentence: str) -> Event:
    """Without a sentence it is an automatic answer, which carries no DSN. RFC 3834 §2."""
    now_ms = ses.clock.now_ms()
    words = ("failed", _STATUS, sentence) if sentence else ()
    is_own = kind is SUPPRESSED
    reporting_mta = "dns; amazonses.com" if is_own else f"dns; {ses.settings.mail_hostname}"
    return events.bounce(
        kind,
        [BouncedRecipient(address, *words) for address in addresses],
        now_ms,
        feedback_id=events.feedback_id(ses.ids, now_ms),
        reporting_mta=reporting_mta if sentence else "",
        remote_mta_ip="" if is_own else _ITS_ADDRESS,
    )

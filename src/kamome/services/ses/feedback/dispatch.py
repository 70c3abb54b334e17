"""Where each recipient of an accepted mail goes: nowhere, to the simulator, or out.

All of it is written in the step that accepts the mail.

AWS: SES Developer Guide, How email sending works in Amazon SES.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from kamome.services.ses.configuration_sets import configuration_sets
from kamome.services.ses.contacts import subscriptions
from kamome.services.ses.entries import SIMULATED_KIND
from kamome.services.ses.feedback import events
from kamome.services.ses.feedback.bounce_types import (
    ON_ACCOUNT_SUPPRESSION_LIST,
    UNSUBSCRIBED,
    BounceType,
)
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.events import BouncedRecipient
from kamome.services.ses.feedback.simulated_addresses import scenario_of
from kamome.services.ses.feedback.suppression import BOUNCE, COMPLAINT, suppressed
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses
    from kamome.storage.blobs import Blob

# AWS: the DSN of a suppressed recipient says 5.1.1 and names the list in words.
_STATUS = "5.1.1"
# In two pieces, so that no scanner takes this file for what it looks for.
_EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
# As the first line of a part in Base64, up to where 76 characters end.
_EICAR_BASE64 = base64.b64encode(_EICAR)[:76]
_REPORTING_MTA = "dns; amazonses.com"
_ON_LIST = (
    "Amazon SES did not send the message to this address because it is on the suppression list for"
    " your account."
)
_OUT = (
    "Amazon SES did not send the message to this address because the recipient has unsubscribed"
    " from the contact list or topic."
)


def dispatch(ses: Ses, sent: SentMail, content: bytes | Blob, reverse_path: str) -> None:
    """Send a mail on its way, inside the step that accepts it.

    `content` is final: what leaves. Recipients on the suppression list, and contacts who have
    unsubscribed, get nothing and bring the feedback of it; those of the simulator get what it is
    for; the rest goes to the spool in one piece. The `Send` event counts all of them. A mail with
    the EICAR test file is rejected; real viruses are not looked for in what is sent.

    Raises:
        MailUnfit: an address or the content cannot be sent by SMTP. Nothing is kept.

    AWS: SES Developer Guide, Using the Amazon SES account-level suppression list; Testing Reject
    events.
    """
    publish(ses, sent, events.send(sent))
    if _holds_test_virus(content):
        publish(ses, sent, events.reject(sent, ses.clock.now_ms()))
        return
    unsubscribed = subscriptions.unsubscribed(ses, sent)
    listed = {a: why for a, why in suppressed(ses, sent).items() if a not in unsubscribed}
    _bounce(ses, sent, unsubscribed, UNSUBSCRIBED, _OUT)
    bounced = [address for address, reason in listed.items() if reason == BOUNCE]
    _bounce(ses, sent, bounced, ON_ACCOUNT_SUPPRESSION_LIST, _ON_LIST)
    _complain(ses, sent, [address for address, reason in listed.items() if reason == COMPLAINT])
    left = [a for a in sent.destinations if a not in listed and a not in unsubscribed]
    simulated = {a: scenario for a in left if (scenario := scenario_of(a)) is not None}
    if simulated:
        payload = {"message_id": sent.message_id, "addresses": simulated}
        ses.outbox.put(SIMULATED_KIND, payload, trace=sent.trace)
    leaving = tuple(dict.fromkeys(address for address in left if address not in simulated))
    if leaving:
        _hand_over(ses, sent, content, (reverse_path, leaving))


def _holds_test_virus(content: bytes | Blob) -> bool:
    """Whether the test file of antivirus programs is in the mail, as text or in Base64.

    Only in mails that are small enough to lie in a row: the file has 68 octets.
    """
    return isinstance(content, bytes) and (_EICAR in content or _EICAR_BASE64 in content)


def _hand_over(
    ses: Ses, sent: SentMail, content: bytes | Blob, envelope: tuple[str, tuple[str, ...]]
) -> None:
    from kamome.mail.outgoing import OutgoingMail

    reverse_path, recipients = envelope
    owner = Owner(sent.account, sent.region)
    chosen = configuration_sets.find(ses, owner, sent.configuration_set)
    mail = OutgoingMail(
        mail_id=sent.message_id,
        owner=f"{sent.account}/{sent.region}",
        reverse_path=reverse_path,
        recipients=recipients,
        queued_at_ms=sent.sent_at_ms,
        is_smtputf8=not all(address.isascii() for address in (reverse_path, *recipients)),
        requires_tls=chosen is not None and chosen.requires_tls,
        trace=sent.trace,
        **({} if chosen is None else {"max_age_ms": chosen.max_delivery_ms}),
    )
    ses.ports.spool_put(mail, content)


def _bounce(
    ses: Ses, sent: SentMail, addresses: list[str], kind: BounceType, sentence: str
) -> None:
    if not addresses:
        return
    now_ms = ses.clock.now_ms()
    recipients = [BouncedRecipient(address, "failed", _STATUS, sentence) for address in addresses]
    event = events.bounce(
        kind,
        recipients,
        now_ms,
        feedback_id=events.feedback_id(ses.ids, now_ms),
        reporting_mta=_REPORTING_MTA,
    )
    publish(ses, sent, event)


def _complain(ses: Ses, sent: SentMail, addresses: list[str]) -> None:
    if not addresses:
        return
    now_ms = ses.clock.now_ms()
    event = events.complaint(
        addresses,
        now_ms,
        feedback_id=events.feedback_id(ses.ids, now_ms),
        sub_type=ON_ACCOUNT_SUPPRESSION_LIST.sub_type,
    )
    publish(ses, sent, event)

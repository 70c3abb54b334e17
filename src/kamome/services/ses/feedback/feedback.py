"""What comes back about a mail: outcomes of its delivery, bounces and complaints by mail.

AWS: SES Developer Guide, Monitoring your Amazon SES sending activity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ses.configuration_sets import configuration_sets
from kamome.services.ses.feedback import events
from kamome.services.ses.feedback.bounce_types import SOFT, bounce_type, delay_type, status_of
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.events import BouncedRecipient, Event
from kamome.services.ses.feedback.suppression import BOUNCE, suppress
from kamome.services.ses.sending.sent_mails import find_sent
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.mail.outgoing import Outcome
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses

_DELIVERED = "delivered"
_DELAYED = "delayed"
_EXPIRED = "expired"
# RFC 3463 §3.5: delivery time expired.
_EXPIRED_STATUS = "4.4.7"


def outcome(ses: Ses, result: Outcome) -> None:
    """What an attempt to deliver has brought for one recipient, in the step that records it.

    A delivery, a delay or a bounce is published; a hard bounce suppresses the address. A mail that
    is not one of a sender's (a forwarded bounce, a verification mail) has no events.

    AWS: SES Developer Guide, Amazon SNS notification contents for Amazon SES.
    """
    sent = find_sent(ses, result.mail_id)
    if sent is None or not sent.identity:
        return
    if result.kind == _DELIVERED:
        publish(ses, sent, _delivery(ses, sent, result))
    elif result.kind == _DELAYED:
        publish(ses, sent, _delay(ses, sent, result))
    else:
        _bounce(ses, sent, result)


def _delivery(ses: Ses, sent: SentMail, result: Outcome) -> Event:
    return events.delivery(
        sent,
        [result.recipient],
        result.at_ms,
        smtp_response=_reply(result),
        reporting_mta=ses.settings.mail_hostname,
        remote_mta_ip=result.remote_ip,
    )


def _delay(ses: Ses, sent: SentMail, result: Outcome) -> Event:
    status = status_of(result.code, result.enhanced, result.text)
    owner = Owner(sent.account, sent.region)
    chosen = configuration_sets.find(ses, owner, sent.configuration_set)
    patience_ms = configuration_sets.DELIVERY_MS if chosen is None else chosen.max_delivery_ms
    return events.delivery_delay(
        BouncedRecipient(result.recipient, "", status, f"smtp; {_reply(result)}"),
        result.at_ms,
        delay_type=delay_type(status, result.code, result.text),
        expires_at_ms=sent.sent_at_ms + patience_ms,
        reporting_mta=ses.settings.mail_hostname,
    )


def _bounce(ses: Ses, sent: SentMail, result: Outcome) -> None:
    """What has expired was never refused for good: it is a soft bounce, in SES's own words."""
    status = status_of(result.code, result.enhanced, result.text)
    kind = bounce_type(status, result.code, result.text)
    words = _reply(result)
    if result.kind == _EXPIRED:
        kind = SOFT if kind.is_hard else kind
        status = _EXPIRED_STATUS
        minutes = (result.at_ms - sent.sent_at_ms) // 60_000
        words = f"550 {status} Message expired: unable to deliver in {minutes} minutes.<{words}>"
    feedback_id = events.feedback_id(ses.ids, result.at_ms)
    bounced = BouncedRecipient(result.recipient, "failed", status, f"smtp; {words}")
    event = events.bounce(
        kind,
        [bounced],
        result.at_ms,
        feedback_id=feedback_id,
        reporting_mta=f"dns; {ses.settings.mail_hostname}",
        remote_mta_ip=result.remote_ip,
    )
    if kind.is_hard:
        suppress(ses, sent, result.recipient, BOUNCE, feedback_id)
    publish(ses, sent, event)


def _reply(result: Outcome) -> str:
    """The remote's words on one line, as in `250 2.6.0 Message received`."""
    words = [str(result.code) if result.code else "", result.enhanced, result.text]
    if result.enhanced and result.text.startswith(result.enhanced):
        words[1] = ""
    return " ".join(word for word in words if word)

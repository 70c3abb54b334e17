"""Mails that other services send in their own name: SNS's to mailboxes that subscribed.

They go the way of every mail, so they land in the mailbox where nothing leaves.

AWS: SNS Developer Guide, Subscribe an email endpoint to an Amazon SNS topic.
"""

from __future__ import annotations

from kamome.context import RequestContext
from kamome.mail.outgoing import MailUnfit
from kamome.services.ses.addresses import Mailbox
from kamome.services.ses.errors import InvalidParameterValue
from kamome.services.ses.identities.verification_mail import send_system_mail
from kamome.services.ses.sending.compose import Letter, Part
from kamome.services.ses.slice import Ses

# Whom SNS's mails are from; a server that sends for real has a domain of its own.
_DOMAIN = "sns.amazonaws.com"


def send_notice(
    ses: Ses, ctx: RequestContext, address: str, subject: str, text: str, *, sender_name: str
) -> str:
    """Send a mail of plain text, as part of the caller's step; returns its MessageId.

    No gate, no quota, no events: it is the service's own.

    Raises:
        InvalidParameterValue: the address is none that mail can be sent to.

    AWS: SNS Developer Guide, Subscribe an email endpoint to an Amazon SNS topic.
    """
    domain = ses.settings.mail_from_domain or _DOMAIN
    letter = Letter(
        source=Mailbox(sender_name, f"no-reply@{domain}"),
        to=(Mailbox("", address),),
        cc=(),
        reply_to=(),
        subject=Part(subject),
        text=Part(text),
        html=None,
        headers=(("Auto-Submitted", "auto-generated"),),
    )
    try:
        return send_system_mail(ses, ctx, letter, address)
    except MailUnfit as unfit:
        raise InvalidParameterValue(str(unfit)) from unfit

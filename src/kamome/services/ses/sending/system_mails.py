"""Mails of the service's own, which nobody has sent by an API: reports and bounces.

They are kept like sent mails, so that the mailbox shows and releases them, and belong to no
identity: they have no events, no quota counts them, and their recipients are never suppressed.

AWS: SES Developer Guide, Receiving Amazon SES notifications by email.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ses.sending.sent_mails import SentMail, default_mail_from_domain

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses
    from kamome.services.ses.store import Owner


def daemon(ses: Ses, region: str) -> str:
    """Who writes such mails where nobody else is named: MAILER-DAEMON at the MAIL FROM domain.

    AWS: SES Developer Guide, Receiving Amazon SES notifications by email.
    """
    domain = ses.settings.mail_from_domain or default_mail_from_domain(region)
    return f"MAILER-DAEMON@{domain}"


def system_mail(
    ses: Ses,
    owner: Owner,
    mail_id: str,
    *,
    source: str,
    to: str,
    subject: str,
    size: int,
    trace: str,
) -> SentMail:
    """A mail of the service's own as a sent one. `size` counts its octets.

    AWS: SES Developer Guide, Receiving Amazon SES notifications by email.
    """
    return SentMail(
        message_id=mail_id,
        account=owner.account,
        region=owner.region,
        sent_at_ms=ses.clock.now_ms(),
        source=source,
        source_arn="",
        source_ip="127.0.0.1",
        sending_account=owner.account,
        caller_identity="",
        return_path="",
        destinations=(to,),
        headers=(),
        are_headers_truncated=False,
        common_headers={"from": [source], "to": [to]},
        tags={},
        configuration_set="",
        identity="",
        subject=subject,
        list_name="",
        topic_name="",
        raw_bytes=size,
        trace=trace,
    )

"""Mail that comes in: who examines it, who takes it, and what the listener asks on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from kamome.config import SettingError, Settings
from kamome.mail.checks import UNCHECKED, Checks
from kamome.mail.envelope import Envelope, MailFailsPolicy
from kamome.mail.greylist_store import GreylistStore
from kamome.mail.inbound import InboundPorts, ReadContent
from kamome.mail.intake_checks import DnsLists, Greylist, Objection, parse_dns_lists
from kamome.mail.replies import Reply
from kamome.mail.scanners import Scanner, Scanners, parse_scanner
from kamome.wiring.kernel import Kernel

if TYPE_CHECKING:
    from kamome.mail.envelope import Mail, RecipientVerdict
    from kamome.services.ses.slice import Ses


logger = logging.getLogger(__name__)


class IntakeSettings(msgspec.Struct, frozen=True):
    """What is done with mails before they are accepted."""

    spam: Scanner | None
    virus: Scanner | None
    is_dmarc_enforced: bool
    dns_lists: tuple[str, ...]
    greylist_s: int


def intake_settings(settings: Settings) -> IntakeSettings:
    """The server's settings, read.

    Raises:
        SettingError: one names no scanner, or no DNS list.
    """
    try:
        return IntakeSettings(
            parse_scanner(settings.spam_scanner, ("spamd", "rspamd")),
            parse_scanner(settings.virus_scanner, ("clamd",)),
            settings.dmarc_reject,
            parse_dns_lists(settings.dns_lists),
            settings.greylist_seconds,
        )
    except ValueError as error:
        raise SettingError(f"A setting for mail that comes in cannot be used: {error}.") from error


def inbound_ports(kernel: Kernel, ses: Callable[[], Ses], settings: IntakeSettings) -> InboundPorts:
    """What SES does with the mails that come in, and how they are examined before."""
    is_scanned = settings.spam is not None or settings.virus is not None
    scanners = Scanners(settings.spam, settings.virus) if is_scanned else None

    async def examine(envelope: Envelope, read: ReadContent, size: int) -> Checks:
        if scanners is None and not kernel.resolver.is_on:
            return UNCHECKED  # there is nobody to ask: a tenth of what such a mail costs
        # Imported with the first mail: start-up is watched.
        from kamome.mail.authentication.dmarc import is_refusal_asked
        from kamome.mail.authentication.examination import examine
        from kamome.services.ses.receiving.intake import wants_scan

        try:
            checks = await examine(
                kernel.resolver,
                scanners if scanners and wants_scan(ses(), envelope.recipients) else None,
                envelope,
                read,
                size=size,
                # The sender lives in real time, wherever our clock has been moved.
                now_s=kernel.clock.real_now_ms() // 1000,
            )
        except Exception:
            # A mistake of ours in a check must not keep a mail away: it comes in unchecked.
            logger.exception("a mail from %s could not be examined", envelope.client_ip)
            return UNCHECKED
        if settings.is_dmarc_enforced and is_refusal_asked(checks.dmarc):
            raise MailFailsPolicy
        return checks

    def take(mail: Mail) -> None:
        from kamome.services.ses.receiving.intake import receive

        receive(ses(), mail)

    def read_head(mail: Mail, head: bytes) -> None:
        from kamome.services.ses.receiving.intake import note_report

        note_report(ses(), mail, head)

    def forget(mail_ids: list[str]) -> None:
        from kamome.services.ses.receiving.intake import forget

        forget(ses(), mail_ids)

    return InboundPorts(take=take, read_head=read_head, forget=forget, examine=examine)


def accepts(ses: Callable[[], Ses]) -> Callable[[str, bool, str], RecipientVerdict]:
    """What is said to a recipient at RCPT; see `services.ses.intake.accepts`."""

    def verdict(recipient: str, is_tls: bool, client_ip: str) -> RecipientVerdict:
        from kamome.services.ses.receiving.intake import accepts

        return accepts(ses(), recipient, is_tls, client_ip)

    return verdict


def objection(kernel: Kernel, settings: IntakeSettings) -> Objection:
    """What is said against clients at RCPT: by DNS lists, then by greylisting."""
    lists = DnsLists(kernel.resolver, settings.dns_lists)
    greylist = Greylist(GreylistStore(kernel.engine), kernel.clock, settings.greylist_s)

    async def judge(client_ip: str, reverse_path: str, recipient: str) -> Reply | None:
        listed = await lists.judge(client_ip)
        return listed or greylist.judge(client_ip, reverse_path, recipient)

    return judge

"""Mail that comes in: who examines it, who takes it, and what the listener asks on the way."""

from __future__ import annotations

import msgspec

from kamome.config import SettingError, Settings
from kamome.mail.checks import Checks
from kamome.mail.envelope import Envelope, MailFailsPolicy
from kamome.mail.inbound import InboundPorts, ReadContent
from kamome.mail.scanners import Scanner, Scanners, parse_scanner
from kamome.services.ses import intake
from kamome.services.ses.slice import Ses
from kamome.wiring.kernel import Kernel


class IntakeSettings(msgspec.Struct, frozen=True):
    """What is done with mails before they are accepted."""

    spam: Scanner | None
    virus: Scanner | None
    is_dmarc_enforced: bool


def intake_settings(settings: Settings) -> IntakeSettings:
    """The server's settings, read.

    Raises:
        SettingError: one names no scanner.
    """
    try:
        return IntakeSettings(
            parse_scanner(settings.spam_scanner, ("spamd", "rspamd")),
            parse_scanner(settings.virus_scanner, ("clamd",)),
            settings.dmarc_reject,
        )
    except ValueError as error:
        raise SettingError(f"The setting of a scanner cannot be used: {error}.") from error


def inbound_ports(kernel: Kernel, ses: Ses, settings: IntakeSettings) -> InboundPorts:
    """What SES does with the mails that come in, and how they are examined before."""
    scanners = Scanners(settings.spam, settings.virus)

    async def examine(envelope: Envelope, read: ReadContent, size: int) -> Checks:
        # Imported with the first mail: start-up is watched.
        from kamome.mail.authentication.dmarc import is_refusal_asked
        from kamome.mail.authentication.examination import examine

        checks = await examine(
            kernel.resolver,
            scanners if intake.wants_scan(ses, envelope.recipients) else None,
            envelope,
            read,
            size=size,
            # The sender lives in real time, wherever our clock has been moved.
            now_s=kernel.clock.real_now_ms() // 1000,
        )
        if settings.is_dmarc_enforced and is_refusal_asked(checks.dmarc):
            raise MailFailsPolicy
        return checks

    return InboundPorts(
        take=lambda mail: intake.receive(ses, mail),
        forget=lambda mail_ids: intake.forget(ses, mail_ids),
        examine=examine,
    )

"""SES stores mails in S3, publishes to SNS, invokes functions, and reads what SMTP has taken."""

from __future__ import annotations

from kamome.mail.inbound import InboundPorts
from kamome.mail.store import MailStore
from kamome.services.ses import intake, receipt_actions
from kamome.services.ses.ports import SesPorts, SpoolPut
from kamome.services.ses.sent_store import SentStore
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import SesStore
from kamome.storage.outbox import Entry, Outbox
from kamome.wiring.kernel import Kernel, SliceSettings
from kamome.wiring.offers import Offers

# Mails are worked side by side: each waits for the disk when it is stored.
_MAILS_UNDER_WAY = 16


def make(
    kernel: Kernel,
    settings: SliceSettings,
    offers: Offers,
    mails: MailStore,
    spool_put: SpoolPut,
) -> Ses:
    """The slice with its ports."""
    ports = SesPorts(
        put_object=offers.put_object,
        publish=offers.publish,
        invoke_event=offers.invoke_event,
        bucket_exists=offers.bucket_exists,
        topic_exists=offers.topic_exists,
        function_exists=offers.function_exists,
        find_mail=mails.find,
        read_mail=mails.read,
        spool_put=spool_put,
        resolver=kernel.resolver,
    )
    return Ses(
        SesStore(kernel.engine),
        kernel.outbox,
        kernel.journeys,
        kernel.clock,
        kernel.ids,
        ports,
        SentStore(kernel.engine, kernel.blobs),
        kernel.blobs,
        settings.ses,
    )


def mail_ports(ses: Ses) -> InboundPorts:
    """What SES does with the mails that come in."""
    return InboundPorts(
        take=lambda mail: intake.receive(ses, mail),
        forget=lambda mail_ids: intake.forget(ses, mail_ids),
    )


def register(outbox: Outbox, ses: Ses) -> None:
    """Name the handlers of its outbox entries."""

    async def work_received(entry: Entry) -> None:
        await receipt_actions.work_received(ses, entry)

    outbox.register(
        intake.OUTBOX_KIND,
        work_received,
        concurrency=_MAILS_UNDER_WAY,
        on_give_up=lambda entry, error: receipt_actions.give_up_received(ses, entry, error),
    )

"""SES stores mails in S3, publishes to SNS, invokes functions, and reads what SMTP has taken."""

from __future__ import annotations

from kamome.mail.outgoing import Outcome
from kamome.mail.store import MailStore
from kamome.services.ses import entries
from kamome.services.ses.identities import verification
from kamome.services.ses.identities.identity_store import IdentityStore
from kamome.services.ses.ports import SesPorts, SpoolPut
from kamome.services.ses.receiving import intake, receipt_actions, setup_notification
from kamome.services.ses.sending.sent_store import SentStore
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import SesStore
from kamome.storage.outbox import Entry, Outbox
from kamome.wiring.kernel import Kernel
from kamome.wiring.offers import Offers
from kamome.wiring.settings import SliceSettings

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
        read_object=offers.object_pieces,
        generate_data_key=lambda ctx, key_arn, encryption_context: offers.generate_data_key(
            ctx, key_arn, encryption_context, "ses"
        )[1:],
        publish=offers.publish,
        invoke_event=offers.invoke_event,
        put_event=offers.bus_events.put,
        invoke_function=offers.invoke_function,
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
        IdentityStore(kernel.engine),
        settings.ses,
    )


def register(outbox: Outbox, ses: Ses) -> None:
    """Name the handlers of its outbox entries."""

    async def work_received(entry: Entry) -> None:
        await receipt_actions.work_received(ses, entry)

    async def work_verification(entry: Entry) -> None:
        await verification.work_verification(ses, entry)

    outbox.register(verification.OUTBOX_KIND, work_verification)
    outbox.register(
        intake.OUTBOX_KIND,
        work_received,
        concurrency=_MAILS_UNDER_WAY,
        retry=receipt_actions.retry,
        on_give_up=lambda entry, error: receipt_actions.give_up_received(ses, entry, error),
    )

    async def work_undelivered(entry: Entry) -> None:
        from kamome.services.ses.receiving.bounces import work_undelivered

        await work_undelivered(ses, entry)

    async def work_setup(entry: Entry) -> None:
        await setup_notification.work_setup(ses, entry)

    outbox.register(intake.UNDELIVERED_KIND, work_undelivered)
    outbox.register(
        setup_notification.OUTBOX_KIND,
        work_setup,
        on_give_up=lambda entry, error: setup_notification.give_up(ses, entry, error),
    )
    _register_feedback(outbox, ses)


def _register_feedback(outbox: Outbox, ses: Ses) -> None:
    """What follows from sent mails. Imported when the first is there: start-up is watched."""

    def work_notify(entry: Entry) -> None:
        from kamome.services.ses.feedback.event_publishing import work_notify

        work_notify(ses, entry)

    def give_up_notify(entry: Entry, error: Exception) -> None:
        from kamome.services.ses.feedback.event_publishing import give_up_notify

        give_up_notify(ses, entry, error)

    def simulate(entry: Entry) -> None:
        from kamome.services.ses.feedback.simulator import work

        work(ses, entry)

    async def take_returned(entry: Entry) -> None:
        from kamome.services.ses.feedback.returned_mails import work

        await work(ses, entry)

    async def take_reported(entry: Entry) -> None:
        from kamome.services.ses.feedback.returned_mails import work_reported

        await work_reported(ses, entry)

    async def import_records(entry: Entry) -> None:
        from kamome.services.ses.contacts.import_jobs import work

        await work(ses, entry)

    async def export_records(entry: Entry) -> None:
        from kamome.services.ses.exports.export_jobs import work

        await work(ses, entry)

    outbox.register(entries.EXPORT_KIND, export_records, concurrency=2)
    outbox.register(entries.IMPORT_KIND, import_records, concurrency=2)
    outbox.register(intake.RETURNED_KIND, take_returned)
    outbox.register(intake.REPORTED_KIND, take_reported)
    outbox.register(entries.NOTIFY_KIND, work_notify, on_give_up=give_up_notify)
    outbox.register(entries.SIMULATED_KIND, simulate)


def start(ses: Ses) -> None:
    """Forget sent mails when they are old."""
    from kamome.services.ses.sending import sent_retention

    sent_retention.start(ses)


def on_outcome(ses: Ses, outcome: Outcome) -> None:
    """What became of a mail at one recipient, in the step that records it."""
    from kamome.services.ses.feedback import feedback

    feedback.outcome(ses, outcome)

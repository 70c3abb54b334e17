"""What the server shows of itself under `/_kamome/` and `/_aws/`: one handler for each prefix."""

from __future__ import annotations

from collections.abc import Callable

from kamome.config import Settings
from kamome.faults.admin import PREFIX, FaultsApi
from kamome.mail import spool_api
from kamome.mail.inbound import Inbound
from kamome.observe import clock_api
from kamome.observe.admin import Routes
from kamome.observe.bus_events import PREFIX as BUS_EVENTS_PATH
from kamome.observe.bus_events import BusEventsApi
from kamome.services.ecs import metadata
from kamome.services.lambda_.functions.functions import open_code
from kamome.services.lambda_.monitoring import logs as lambda_logs
from kamome.services.s3 import later_work
from kamome.services.ses import entries
from kamome.services.ses.feedback import event_records
from kamome.services.ses.identities import verification
from kamome.services.ses.mailbox import preflight_api
from kamome.services.sns import inspection as sns_inspection
from kamome.services.sqs.inspection import MESSAGES_PATH, QUEUES_PATH, InspectionApi
from kamome.wire import HttpRequest, HttpResponse
from kamome.wiring.kernel import Kernel
from kamome.wiring.mailbox import MailboxRoutes
from kamome.wiring.slices import Slices


def routes(
    settings: Settings, kernel: Kernel, slices: Slices, *, inbound: Callable[[], Inbound]
) -> Routes:
    """All of them: `local` are for callers on this machine, `extra` for whoever is told the URL."""
    served = slices.served
    shown = _Shown(slices)
    queues = InspectionApi(slices.sqs, region=settings.region, account=settings.account)
    preflights = preflight_api.PreflightApi(
        slices.ses,
        region=settings.region,
        account=settings.account,
        transport=settings.mail_transport,
    )
    clock = _clock(settings, kernel)
    return Routes(
        exact={
            ("GET", "/_kamome/clock"): clock.show,
            ("POST", "/_kamome/clock"): clock.move,
        },
        local={
            PREFIX: FaultsApi(
                kernel.faults,
                kernel.clock,
                kernel.ids,
                lambda: {each.service.name: each.service.actions for each in served},
                is_allowed=settings.faults,
            ),
            preflight_api.PREFIX: preflights,
            spool_api.PREFIX: spool_api.SpoolApi(slices.spool),
            **MailboxRoutes(kernel, slices, inbound).routes(),
            event_records.PREFIX: event_records.EventRecordsApi(
                slices.ses, region=settings.region, account=settings.account
            ),
            BUS_EVENTS_PATH: BusEventsApi(
                slices.offers.bus_events, region=settings.region, account=settings.account
            ),
            later_work.SCRUB_REPORT_PATH: later_work.scrub_report(slices.s3),
            QUEUES_PATH: queues,
            MESSAGES_PATH: queues,
            lambda_logs.PREFIX: shown.function_log,
            sns_inspection.PREFIX: lambda request: sns_inspection.inspect(slices.sns, request),
        },
        extra={
            "/SimpleNotificationService-": shown.certificate,
            "/_kamome/lambda/": shown.function_code,
            metadata.PREFIX: shown.task_metadata,
            verification.LINK_PATH: shown.verification_link,
            entries.LINKS_PATH: shown.recipient_link,
        },
    )


def _clock(settings: Settings, kernel: Kernel) -> clock_api.ClockApi:
    return clock_api.ClockApi(
        kernel.clock,
        kernel.facts,
        kernel.journeys.tally,
        is_moving_allowed=settings.time_travel,
        is_freezing_allowed=settings.ephemeral or settings.allow_freeze,
    )


class _Shown:
    """What slices show by URL."""

    def __init__(self, slices: Slices) -> None:
        self._slices = slices

    async def certificate(self, request: HttpRequest) -> HttpResponse:
        """The certificate that verifies SNS's signatures."""
        pem = self._slices.sns.signer.certificate(request.raw_path)
        if pem is None:
            return _not_found()
        return HttpResponse(200, [("content-type", "application/x-pem-file")], pem)

    async def task_metadata(self, request: HttpRequest) -> HttpResponse:
        """What a container may know of its task."""
        return metadata.answer(self._slices.ecs, request)

    async def verification_link(self, request: HttpRequest) -> HttpResponse:
        """The link in a verification mail of SES."""
        from kamome.services.ses.identities.verification_mail import (
            follow_link,  # start-up is watched
        )

        return await follow_link(self._slices.ses, request)

    async def recipient_link(self, request: HttpRequest) -> HttpResponse:
        """What recipients of SES's mails call: pixel, tracked link, page to unsubscribe."""
        from kamome.services.ses.feedback.tracking import answer  # start-up is watched

        return await answer(self._slices.ses, request)

    async def function_log(self, request: HttpRequest) -> HttpResponse:
        """What a function has written."""
        return lambda_logs.answer(self._slices.lambda_, request)

    async def function_code(self, request: HttpRequest) -> HttpResponse:
        """The deployment package of a function, by the hash that GetFunction's URL ends with."""
        opened = open_code(self._slices.lambda_, request.raw_path.rpartition("/")[2])
        if opened is None or request.method != "GET":
            return _not_found()
        size, body = opened
        headers = [("content-type", "application/zip"), ("content-length", str(size))]
        return HttpResponse(200, headers, body)


def _not_found() -> HttpResponse:
    return HttpResponse(404, [("content-type", "text/plain")], b"")

"""The composition root: the only file that wires everything. Start and stop order live here."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from kamome import registry
from kamome.clock import Clock
from kamome.config import Settings, configured_keys
from kamome.context import RequestContext
from kamome.http.authentication import AccessKey, Authentication
from kamome.http.listener import HttpListener
from kamome.http.pipeline import Defaults, Pipeline
from kamome.http.route import Routes
from kamome.http.server import Server
from kamome.ids import Ids
from kamome.observe.admin import CLOCK_OFFSET, AdminApi
from kamome.observe.journeys import Journeys
from kamome.services import Served
from kamome.services.s3 import object_events as s3_events
from kamome.services.s3.ports import Ports as S3Ports
from kamome.services.s3.slice import S3
from kamome.services.s3.store import S3Store
from kamome.services.sns import deliveries as sns_deliveries
from kamome.services.sns.ports import SnsPorts
from kamome.services.sns.publishing import publish, topic_exists
from kamome.services.sns.slice import Sns, make_sns
from kamome.services.sns.store import SnsStore
from kamome.services.sqs import deliveries as queues
from kamome.services.sqs.queue_operations import discard_messages
from kamome.services.sqs.shapes import MessageAttributeValue
from kamome.services.sqs.slice import DISCARD_MESSAGES, Sqs, receipt_handles
from kamome.services.sqs.store import SqsStore
from kamome.services.sqs.waiting import Waiting
from kamome.services.sts.slice import Sts
from kamome.storage.blobs import Blobs
from kamome.storage.data_directory import DataDirectory
from kamome.storage.engine import Engine
from kamome.storage.facts import Facts
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox
from kamome.wire import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)


class App:
    """One running server: listeners above, slices in the middle, the store below."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self.ids = Ids()
        self.directory = DataDirectory(Path(settings.data) if settings.data else None)
        self.engine = Engine(self.directory.database)
        self.facts = Facts(self.engine)
        self.outbox = Outbox(self.engine, self.clock)
        self.journeys = Journeys(self.engine, self.clock)
        self.blobs = Blobs(self.engine, self.directory.folder("blobs"), self.ids)
        self.port = 0
        self.smtp_port = 0

    async def start(self) -> None:
        """Open the store, build the slices, work what an earlier run left, listen."""
        self._open_store()
        self._build_slices()
        self._register_outbox()
        self.http = HttpListener(self._server())
        self.port = await self.http.start(self.settings.host, self.settings.port)
        await self.engine.durable()
        self.outbox.start()

    async def stop(self) -> None:
        """Finish what is under way, from the outside in, and close the store."""
        await self.http.stop()
        await self.outbox.stop()
        await self.engine.close()
        self.blobs.close()
        self.directory.close()

    # ------------------------------------------------------------------ store and slices

    def _open_store(self) -> None:
        package = Path(__file__).parent
        migrate(self.engine, "storage", package / "storage")
        migrate(self.engine, "observe", package / "observe")
        for name in ("sqs", "sns", "s3"):
            migrate(self.engine, name, package / "services" / name)
        offset = self.facts.get(CLOCK_OFFSET)
        if offset is not None:
            self.clock.restore_offset(int(offset))

    def _build_slices(self) -> None:
        self.sqs = self._make_sqs()
        self.sns = self._make_sns()
        self.s3 = self._make_s3()
        self.sts = Sts()

    def _make_sqs(self) -> Sqs:
        return Sqs(
            store=SqsStore(self.engine, self.facts),
            clock=self.clock,
            ids=self.ids,
            outbox=self.outbox,
            waiting=Waiting(self.clock),
            handles=receipt_handles(self.facts, self.ids),
            journeys=self.journeys,
            is_deleted_name_blocked=self.settings.block_deleted_queue_names,
        )

    def _make_sns(self) -> Sns:
        ports = SnsPorts(self._send_to_queue, self._invoke_event)
        return make_sns(
            SnsStore(self.engine),
            self.clock,
            self.ids,
            self.outbox,
            ports=ports,
            journeys=self.journeys,
        )

    def _make_s3(self) -> S3:
        ports = S3Ports(
            queue_exists=lambda arn: queues.queue_exists(self.sqs, arn),
            topic_exists=lambda arn: topic_exists(self.sns, arn),
            function_exists=lambda arn: False,
            send_to_queue=self._send_to_queue,
            publish=self._publish,
            invoke_event=self._invoke_event,
        )
        return S3(
            S3Store(self.engine),
            self.blobs,
            self.clock,
            self.ids,
            self.outbox,
            ports,
            self.journeys,
        )

    # ------------------------------------------------------------------ ports between slices

    def _send_to_queue(
        self,
        ctx: RequestContext,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, str | bytes]] | None = None,
        *,
        group_id: str = "",
        deduplication_id: str = "",
    ) -> str:
        del deduplication_id  # FIFO queues use it, which are not served yet
        values = cast("Mapping[str, MessageAttributeValue]", attributes or {})
        return queues.send_to_queue(self.sqs, ctx, queue_arn, body, values, group_id=group_id)

    def _publish(
        self, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
    ) -> str:
        return publish(self.sns, ctx, topic_arn, message, subject=subject)

    def _invoke_event(self, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
        raise AssertionError

    # ------------------------------------------------------------------ edges

    def _register_outbox(self) -> None:
        register = self.outbox.register
        register(DISCARD_MESSAGES, lambda entry: discard_messages(self.sqs, entry))
        register(s3_events.EVENT_KIND, lambda entry: s3_events.deliver_event(self.s3, entry))
        sns_deliveries.register(self.sns)

    def _server(self) -> Server:
        served = [
            Served(registry.SQS, self.sqs),
            Served(registry.SNS, self.sns),
            Served(registry.S3, self.s3),
            Served(registry.STS, self.sts),
        ]
        pipeline = Pipeline(
            Routes(served),
            self._authentication(),
            self.engine,
            self.clock,
            self.ids,
            journeys=self.journeys,
            defaults=Defaults(region=self.settings.region),
        )
        return Server(pipeline, self._admin(served))

    def _authentication(self) -> Authentication:
        keys = {
            key.access_key: AccessKey(key.secret, key.account)
            for key in configured_keys(self.settings)
        }
        return Authentication(
            self.clock,
            is_enforced=self.settings.auth == "enforce",
            default_account=self.settings.account,
            find_key=keys.get,
        )

    def _admin(self, served: Sequence[Served]) -> AdminApi:
        return AdminApi(
            self.clock,
            self.journeys,
            self.facts,
            services=[each.service.name for each in served],
            is_freezing_allowed=self.settings.ephemeral or self.settings.allow_freeze,
            extra={"/SimpleNotificationService-": self._certificate},
        )

    async def _certificate(self, request: HttpRequest) -> HttpResponse:
        pem = self.sns.signer.certificate(request.raw_path)
        if pem is None:
            return HttpResponse(404, [("content-type", "text/plain")], b"")
        return HttpResponse(200, [("content-type", "application/x-pem-file")], pem)

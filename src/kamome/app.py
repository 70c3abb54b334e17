"""One running server: settings in, listeners out. Start and stop order live here."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kamome.clock import Clock
from kamome.config import SettingError, Settings, configured_keys
from kamome.faults.injector import Faults
from kamome.faults.rules import SMTP, Target
from kamome.faults.store import FaultStore
from kamome.hand_overs import ArrivingEvents, stage_fault
from kamome.http.authentication import AccessKey, Authentication
from kamome.http.listener import HttpListener
from kamome.http.pipeline import Defaults, Pipeline
from kamome.http.route import Routes
from kamome.http.server import Server
from kamome.ids import Ids
from kamome.mail.dns import Resolver
from kamome.mail.inbound import Inbound
from kamome.mail.smtp_listener import SmtpListener
from kamome.mail.stage_faults import StageFault
from kamome.observe import clock_api
from kamome.observe.admin import AdminApi
from kamome.observe.admin import Routes as AdminRoutes
from kamome.observe.journeys import Journeys
from kamome.storage.blobs import Blobs
from kamome.storage.data_directory import DataDirectory
from kamome.storage.engine import Engine
from kamome.storage.facts import Facts
from kamome.storage.migrations import migrate
from kamome.wiring import receiving
from kamome.wiring.kernel import SCHEMAS, Kernel
from kamome.wiring.slices import IMPORTED, Slices

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses
    from kamome.wiring.settings import SliceSettings

logger = logging.getLogger(__name__)

_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


class Listener(Protocol):
    """What accepts connections for the server."""

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port (port 0 picks one). Raises OSError when it is taken."""

    async def stop(self) -> None:
        """Take no more; let what is under way end."""


class _ImplicitTls:
    """A listener whose connections begin with TLS."""

    def __init__(self, listener: SmtpListener) -> None:
        self._listener = listener

    async def start(self, host: str, port: int) -> int:
        return await self._listener.start(host, port, has_implicit_tls=True)

    async def stop(self) -> None:
        await self._listener.stop()


class PortTaken(Exception):
    """Another process listens on a port; the sentence says what to do."""


class App:
    """The server. `start` it once, `stop` it once.

    `listener` makes the HTTP listener of the server that it is given, where that is not one of its
    own (tests share one), and `image` the store that an ephemeral server begins with.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        listener: Callable[[Server], Listener] | None = None,
        image: bytes = b"",
    ) -> None:
        self.settings = settings
        self._intake = receiving.intake_settings(settings)
        self.clock = clock or Clock()
        resolver = _resolver(settings, self.clock)
        self._keys = {
            key.access_key: AccessKey(key.secret, key.account) for key in configured_keys(settings)
        }
        self.directory = DataDirectory(Path(settings.data) if settings.data else None)
        engine = Engine(self.directory.database, image=image)
        ids = Ids()
        faults = Faults(self.clock, FaultStore(engine))
        self.kernel = Kernel(
            engine=engine,
            facts=Facts(engine),
            clock=self.clock,
            ids=ids,
            outbox=ArrivingEvents(engine, self.clock, faults),
            blobs=Blobs(engine, self.directory.folder("blobs"), ids),
            journeys=Journeys(engine, self.clock),
            faults=faults,
            resolver=resolver,
        )
        if settings.task_images or settings.lambda_wrapper:
            self._refuse_what_cannot_be_read()
        self._is_settled = asyncio.Event()
        self.port = 0
        self.smtp_port = 0
        self.smtp_tls_port = self.submission_port = self.submission_tls_port = -1
        self._make_listener = listener or self._own_listener
        self._http: Listener | None = None
        self._smtp: SmtpListener | None = None
        self._submission: SmtpListener | None = None

    async def start(self) -> None:
        """`open` and `settle`."""
        await self.open()
        await self.settle()

    async def open(self) -> None:
        """Open the store and listen. What is called is imported with the first call.

        What was begun is undone where it fails.

        Raises:
            PortTaken: another process listens on a port.
            OSError: an address or the data directory cannot be used.
            NewerSchemaError: a later release wrote the data.
        """
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise

    async def _open(self) -> None:
        self._open_store()
        self.slices = Slices(self.kernel, self._slice_settings)
        self._http = self._make_listener(self._server())
        self.port = await self._listen(self._http, "port")
        self._inbound = Inbound(
            self.slices.mails,
            self.kernel.journeys,
            self.clock,
            self.kernel.ids,
            receiving.inbound_ports(self.kernel, self._ses, self._intake),
        )
        self._smtp = self._smtp_listener()
        self.smtp_port = await self._listen(self._smtp, "smtp_port")
        if self.settings.smtp_tls_port >= 0:
            self.smtp_tls_port = await self._listen(_ImplicitTls(self._smtp), "smtp_tls_port")
        await self._listen_for_submission()
        await self.kernel.engine.durable()

    async def settle(self) -> None:
        """Make the slices that no call has made yet, then work what an earlier run has left."""
        try:
            await self._settle()
        except BaseException:
            await self._close()
            raise

    async def _settle(self) -> None:
        # In a thread, for modules take tens of milliseconds, and calls come already.
        for module in IMPORTED:
            await asyncio.to_thread(import_module, module)
        for served in self.slices.served:
            assert served.slice is not None
            await asyncio.sleep(0)
        from kamome.services.lambda_ import slice as lambda_slice
        from kamome.wiring import ses as ses_wiring

        self.kernel.outbox.start()
        self.slices.sqs.retention.start()
        lambda_slice.start(self.slices.lambda_)
        self._inbound.start_retention()
        self.slices.lanes.start()
        self.slices.spool.start_retention()
        ses_wiring.start(self.slices.ses)
        self._is_settled.set()
        self._cleaning = asyncio.get_running_loop().create_task(self._clean())

    async def stop(self) -> None:
        """Finish what is under way, from the outside in, and close the store.

        The HTTP listener goes after functions and tasks: they may call it while they finish.
        """
        assert self._smtp is not None
        await self._smtp.stop()
        self._smtp = None
        if self._submission is not None:
            await self._submission.stop()
            self._submission = None
        from kamome.services.ecs import slice as ecs_slice
        from kamome.services.lambda_ import slice as lambda_slice

        await lambda_slice.stop(self.slices.lambda_)
        await self.kernel.outbox.stop()
        await self.slices.lanes.stop()
        await ecs_slice.stop(self.slices.ecs)
        self.kernel.faults.save()
        self._cleaning.cancel()
        await asyncio.wait([self._cleaning])
        await self._close()

    async def _close(self) -> None:
        """Let go of what has been opened so far."""
        for listener in (self._smtp, self._submission):
            if listener is not None:
                await listener.stop()
        if self._http is not None:
            await self._http.stop()
        await self.kernel.engine.close()
        self.kernel.blobs.close()
        self.directory.close()

    def _own_listener(self, server: Server) -> Listener:
        return HttpListener(server, request_id=self.kernel.ids.uuid, turns=server)

    async def _listen(self, listener: Listener, setting: str) -> int:
        port: int = getattr(self.settings, setting)
        try:
            return await listener.start(self.settings.host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTaken(
                f"Port {port} of {self.settings.host} is taken by another process. "
                f"Stop that one, or choose another with --{setting.replace('_', '-')}."
            ) from None

    # ------------------------------------------------------------------ parts

    async def _clean(self) -> None:
        """What nobody waits for: orphans to remove, operations to import."""
        await self._remove_orphans()
        for served in self.slices.served:
            if not served.service.is_seldom:
                await asyncio.to_thread(import_module, served.service.module)

    async def _remove_orphans(self) -> None:
        removed = await self.kernel.blobs.remove_orphans()
        if removed:
            logger.info("Removed %d files that interrupted writes had left.", removed)

    def _open_store(self) -> None:
        _migrate_all(self.kernel.engine)
        clock_api.restore(self.clock, self.kernel.facts)
        self.kernel.faults.restore()

    def _refuse_what_cannot_be_read(self) -> None:
        """Now, not with the first call that wants it; and no folder is left behind."""
        try:
            self._slice_settings()
        except BaseException:
            self.kernel.blobs.close()
            self.directory.close()
            raise

    def _slice_settings(self) -> SliceSettings:
        from kamome.wiring.settings import slice_settings

        return slice_settings(
            self.settings, self.directory, self._own_url, self._function_credentials
        )

    def _ses(self) -> Ses:
        return self.slices.ses

    def _own_url(self) -> str:
        """Where functions find the server: on the loopback address if it listens on all."""
        host = _LOOPBACK_OF.get(self.settings.host, self.settings.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def _function_credentials(self, account: str) -> tuple[str, str]:
        """What a function of an account signs with: under enforcement, a key of this run."""
        if self.settings.auth != "enforce":
            from kamome.services.lambda_.slice import development_credentials

            return development_credentials(account)
        for access_key, key in self._keys.items():
            if key.account == account and access_key.startswith("ASIAFUNCTION"):
                return access_key, key.secret
        access_key = f"ASIAFUNCTION{self.kernel.ids.hex(8).upper()}"
        self._keys[access_key] = AccessKey(self.kernel.ids.hex(40), account)
        return access_key, self._keys[access_key].secret

    def _smtp_listener(self) -> SmtpListener:
        return SmtpListener(
            self._inbound,
            receiving.accepts(self._ses),
            self.clock,
            hostname=self.settings.smtp_hostname,
            certificate_folder=self.directory.folder("smtp"),
            fault=self._stage_fault,
            objection=receiving.objection(self.kernel, self._intake),
        )

    async def _listen_for_submission(self) -> None:
        """Listen for users' mail where a port is set."""
        names = ("submission_port", "submission_tls_port")
        if all(getattr(self.settings, name) < 0 for name in names):
            return
        from kamome.wiring import submission

        self._submission = SmtpListener(
            self._inbound,
            receiving.accepts(self._ses),
            self.clock,
            hostname=self.settings.smtp_hostname,
            certificate_folder=self.directory.folder("smtp"),
            fault=self._stage_fault,
            submission=submission.make(
                self.settings, self.kernel, self.slices.ses, self._secret_and_account
            ),
        )
        if self.settings.submission_port >= 0:
            self.submission_port = await self._listen(self._submission, "submission_port")
        if self.settings.submission_tls_port >= 0:
            listener = _ImplicitTls(self._submission)
            self.submission_tls_port = await self._listen(listener, "submission_tls_port")

    def _secret_and_account(self, access_key: str) -> tuple[str, str] | None:
        key = self._keys.get(access_key)
        return None if key is None else (key.secret, key.account)

    def _stage_fault(self, stage: str, about: str) -> StageFault | None:
        """What rules have ordered for a stage of an SMTP session."""
        if not self.kernel.faults.is_on:
            return None
        target = Target(SMTP, stage, about, self.settings.account, self.settings.region)
        return stage_fault(self.kernel.faults, target)

    def _server(self) -> Server:
        authentication = Authentication(
            self.clock,
            is_enforced=self.settings.auth == "enforce",
            default_account=self.settings.account,
            find_key=self._keys.get,
        )
        pipeline = Pipeline(
            Routes(self.slices.served),
            authentication,
            self.kernel.engine,
            self.clock,
            self.kernel.ids,
            journeys=self.kernel.journeys,
            faults=self.kernel.faults,
            defaults=Defaults(region=self.settings.region),
        )
        admin_api = AdminApi(
            self.kernel.journeys,
            services=[served.service.name for served in self.slices.served],
            find_routes=self._admin_routes,
        )
        return Server(pipeline, admin_api)

    async def _admin_routes(self) -> AdminRoutes:
        """Once everything is at work: time that is moved before would pass some of it by."""
        from kamome.wiring import admin

        await self._is_settled.wait()
        return admin.routes(self.settings, self.kernel, self.slices, inbound=lambda: self._inbound)


def _resolver(settings: Settings, clock: Clock) -> Resolver:
    try:
        return Resolver(clock, settings.dns)
    except ValueError as error:
        raise SettingError(
            f"The setting dns is off, system, or ADDRESS[:PORT], separated by commas: {error}."
        ) from error


async def empty_image() -> bytes:
    """The store of a server that has just begun: all tables, made once for many servers."""
    engine = Engine(None)
    _migrate_all(engine)
    await engine.durable()
    image = engine.image()
    await engine.close()
    return image


def _migrate_all(engine: Engine) -> None:
    package = Path(__file__).parent
    for name in ("storage", "observe", "mail", "faults"):
        migrate(engine, name, package / name)
    for name in SCHEMAS:
        migrate(engine, name.rstrip("_"), package / "services" / name)

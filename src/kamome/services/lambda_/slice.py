"""What the operations of Lambda need: the slice, its settings, and how it starts and stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.lambda_.concurrency.admission import Admission
from kamome.services.lambda_.concurrency.concurrency_store import ConcurrencyStore
from kamome.services.lambda_.concurrency.provisioned_store import ProvisionedStore
from kamome.services.lambda_.concurrency.provisioning import provide_all
from kamome.services.lambda_.event_source_mappings.pollers import Pollers
from kamome.services.lambda_.function_urls.function_url_store import FunctionUrlStore
from kamome.services.lambda_.functions.code_store import CodeStore
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.functions.packages import find_code
from kamome.services.lambda_.functions.record_store import RecordStore
from kamome.services.lambda_.invocation.asynchronous_invocations import LAMBDA_ASYNC, deliver_event
from kamome.services.lambda_.invocation.bucket_records import (
    LAMBDA_BUCKET_RECORD,
    deliver_bucket_record,
    give_up_bucket_record,
    retry_bucket_record,
)
from kamome.services.lambda_.invocation.event_invoke_config_store import EventInvokeConfigStore
from kamome.services.lambda_.layers.layer_store import LayerStore
from kamome.services.lambda_.ports import Ports
from kamome.services.lambda_.runtimes.pool import InstancePool
from kamome.services.lambda_.runtimes.port import RuntimeSpec
from kamome.services.lambda_.runtimes.process import ProcessHost
from kamome.services.lambda_.store import Store
from kamome.services.lambda_.versions.version_store import VersionStore
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.outbox import Entry, Outbox

logger = logging.getLogger(__name__)


def development_credentials(account: str) -> tuple[str, str]:
    """The access key and secret that stand for an account where nothing is verified."""
    return ("test" if account == "000000000000" else account, "test")


class LambdaSettings(msgspec.Struct, frozen=True):
    """Where functions live and how many may run.

    `folder` is Lambda's own folder: `code/` (unpacked packages, a cache), `instances/` (one folder
    per living instance) and `logs/`. `endpoint_url` is called when an instance starts: the server's
    own address for AWS_ENDPOINT_URL. `credentials` gives the access key and secret a function of an
    account signs with. `processes_max` bounds the processes of this machine, `idle_s` says how long
    an unused one is kept, `stop_grace_s` how long `stop` waits for what is under way. For
    `is_freezing`, `wrapper` and `container_runtime` see `runtimes.process.ProcessHost`.
    """

    folder: Path
    endpoint_url: Callable[[], str]
    credentials: Callable[[str], tuple[str, str]] = development_credentials
    processes_max: int = 10
    idle_s: int = 300
    stop_grace_s: float = 10.0
    is_freezing: bool = False
    wrapper: tuple[str, ...] = ()
    container_runtime: str = ""


class Lambda(msgspec.Struct, frozen=True):
    """The slice. Make it with `make_lambda`.

    `provided` is what provisioned concurrency has asked the pool for: instance key and number.
    `specs` are what warm instances were made by.
    """

    engine: Engine
    store: Store
    event_invoke_configs: EventInvokeConfigStore
    concurrency: ConcurrencyStore
    versions: VersionStore
    layers: LayerStore
    urls: FunctionUrlStore
    provisioned: ProvisionedStore
    records: RecordStore
    admission: Admission
    outbox: Outbox
    blobs: Blobs
    journeys: Journeys
    clock: Clock
    ids: Ids
    ports: Ports
    settings: LambdaSettings
    code: CodeStore
    host: ProcessHost
    instances: InstancePool
    pollers: Pollers
    under_way: set[asyncio.Task[object]]
    provided: dict[FunctionName, tuple[str, int]]
    specs: dict[str, RuntimeSpec]


def make_lambda(
    engine: Engine,
    outbox: Outbox,
    blobs: Blobs,
    journeys: Journeys,
    *,
    clock: Clock,
    ids: Ids,
    ports: Ports,
    settings: LambdaSettings,
) -> Lambda:
    """The slice, with nothing started yet; its outbox kind is registered."""
    folder = settings.folder.absolute()  # functions have another working folder than the server
    host = ProcessHost(
        clock=clock,
        unique=ids.hex,
        folder=folder / "instances",
        log_folder=folder / "logs",
        endpoint_url=settings.endpoint_url,
        credentials=settings.credentials,
        is_freezing=settings.is_freezing,
        wrapper=settings.wrapper,
        container_runtime=settings.container_runtime,
    )
    lambda_ = Lambda(
        engine=engine,
        store=Store(engine),
        event_invoke_configs=EventInvokeConfigStore(engine),
        concurrency=ConcurrencyStore(engine),
        versions=VersionStore(engine),
        layers=LayerStore(engine),
        urls=FunctionUrlStore(engine),
        provisioned=ProvisionedStore(engine),
        records=RecordStore(engine),
        admission=Admission(ConcurrencyStore(engine)),
        outbox=outbox,
        blobs=blobs,
        journeys=journeys,
        clock=clock,
        ids=ids,
        ports=ports,
        settings=settings,
        code=CodeStore(folder / "code", ids.hex),
        host=host,
        instances=InstancePool(
            host.instance, clock, settings.processes_max, settings.idle_s * 1000
        ),
        pollers=Pollers(),
        under_way=set(),
        provided={},
        specs={},
    )

    async def deliver(entry: Entry) -> None:
        await deliver_event(lambda_, entry)

    async def put_record(entry: Entry) -> None:
        await deliver_bucket_record(lambda_, entry)

    outbox.register(LAMBDA_ASYNC, deliver, concurrency=settings.processes_max)
    outbox.register(
        LAMBDA_BUCKET_RECORD,
        put_record,
        retry=retry_bucket_record,
        on_give_up=lambda entry, error: give_up_bucket_record(lambda_, entry, error),
    )
    return lambda_


def prepare(lambda_: Lambda) -> None:
    """Clear up after an earlier run; before the outbox and the pollers start.

    Processes that a killed server has left are ended: what they were doing is not finished, and is
    done again. Unpacked code that no function has any more is removed.
    """
    ended = lambda_.host.remove_leftovers()
    if ended:
        logger.info("Ended %d function processes that an earlier run had left.", ended)
    lambda_.code.remove_unused(lambda sha256: find_code(lambda_, sha256) is not None)


def start(lambda_: Lambda) -> None:
    """Begin to poll. Functions start when they are first invoked, provisioned ones at once."""
    lambda_.pollers.start(lambda_)
    provide_all(lambda_)


async def stop(lambda_: Lambda) -> None:
    """Poll no more, let invocations under way end within the grace, then end all instances.

    Functions may call the server while they finish, so it must still answer.
    """
    await lambda_.pollers.stop(lambda_.settings.stop_grace_s)
    if lambda_.under_way:
        await asyncio.wait(lambda_.under_way, timeout=lambda_.settings.stop_grace_s)
    await lambda_.instances.close()

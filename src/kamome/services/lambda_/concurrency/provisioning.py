"""Instances that are warm before anyone calls: those that provisioned concurrency asks for.

The concurrency is granted by number; how many processes are kept is bounded by what the machine may
run, less one that is left for everybody else.

AWS: Lambda Developer Guide, Configuring provisioned concurrency for a function.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from kamome.services.lambda_.concurrency.provisioned_store import Provisioned
from kamome.services.lambda_.functions.function_names import LATEST, FunctionName
from kamome.services.lambda_.invocation.running import find_version, instance_key, runtime_spec

if TYPE_CHECKING:
    from kamome.services.lambda_.functions.function_configuration import Function
    from kamome.services.lambda_.slice import Lambda

logger = logging.getLogger(__name__)

_FAILED = "FUNCTION_ERROR_INIT_FAILURE"
_INITIALIZATION = "provisioned-concurrency"
_CONFIGS_PER_PAGE = 200
_NOBODY = FunctionName("", "", "")

Status = Literal["IN_PROGRESS", "READY", "FAILED"]


def provide(lambda_: Lambda, config: Provisioned) -> None:
    """Have so many instances of the version warm, and no others for this configuration.

    AWS: Lambda Developer Guide, Configuring provisioned concurrency for a function.
    """
    function = _function(lambda_, config.named)
    if function is None:
        return
    key = instance_key(function)
    _leave(lambda_, config.named, but=key)
    lambda_.provided[config.named] = (key, config.requested)

    async def begin() -> None:
        with lambda_.clock.activity.busy():
            spec = await runtime_spec(lambda_, function)
            wanted = sum(count for of, count in lambda_.provided.values() if of == key)
            await lambda_.instances.provide(replace(spec, initialization=_INITIALIZATION), wanted)

    _in_background(lambda_, begin(), config.named)


def provide_again(lambda_: Lambda, named: FunctionName) -> None:
    """An alias points elsewhere now: its instances are of another version.

    AWS: Lambda Developer Guide, Configuring provisioned concurrency for a function.
    """
    config = lambda_.provisioned.find(named)
    if config is not None:
        provide(lambda_, config)


def release(lambda_: Lambda, named: FunctionName) -> None:
    """Nothing is asked for any more; what is warm ends as other idle instances do."""
    _leave(lambda_, named)


def provide_all(lambda_: Lambda) -> None:
    """When the server starts: what was asked for in earlier runs."""
    after = _NOBODY
    while page := lambda_.provisioned.all(after, _CONFIGS_PER_PAGE):
        for config in page:
            provide(lambda_, config)
        after = page[-1].named


def status_of(lambda_: Lambda, config: Provisioned) -> tuple[Status, str]:
    """How far the instances of a configuration are, and why they are not."""
    provided = lambda_.provided.get(config.named)
    if provided is None:
        return "IN_PROGRESS", ""
    supply = lambda_.instances.supply_of(provided[0])
    if supply == "failed":
        return "FAILED", _FAILED
    return ("READY", "") if supply == "ready" else ("IN_PROGRESS", "")


def _leave(lambda_: Lambda, named: FunctionName, *, but: str = "") -> None:
    before = lambda_.provided.pop(named, None)
    if before is not None and before[0] != but:
        left = sum(count for of, count in lambda_.provided.values() if of == before[0])
        lambda_.instances.want(before[0], left)


def _function(lambda_: Lambda, named: FunctionName) -> Function | None:
    """The version that is meant; for an alias with weights the one that it points to itself."""
    if named.qualifier.isdecimal() or named.qualifier == LATEST:
        return find_version(lambda_, named)
    alias = lambda_.versions.find_alias(named, named.qualifier)
    return None if alias is None else find_version(lambda_, replace(named, qualifier=alias.version))


def _in_background(lambda_: Lambda, work: Coroutine[None, None, None], named: FunctionName) -> None:
    task = asyncio.get_running_loop().create_task(work)
    lambda_.under_way.add(task)

    def ended(done: asyncio.Task[None]) -> None:
        lambda_.under_way.discard(done)
        if not done.cancelled() and done.exception() is not None:
            logger.error(
                "Instances of %s could not be kept warm",
                named.qualified_arn,
                exc_info=done.exception(),
            )

    task.add_done_callback(ended)

"""From a function to a result: one invocation on an instance of the pool.

AWS: Lambda Developer Guide, Understanding the Lambda execution environment lifecycle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from kamome.services.lambda_.errors import not_served
from kamome.services.lambda_.functions.function_configuration import Function, Settings, log_group
from kamome.services.lambda_.functions.function_names import (
    LATEST,
    FunctionName,
    function_not_found,
)
from kamome.services.lambda_.invocation.payloads import Result, result_of
from kamome.services.lambda_.layers.layers import kept_layer
from kamome.services.lambda_.runtimes.port import Image, Invocation, RuntimeSpec
from kamome.services.lambda_.runtimes.response_stream import ResponseStream
from kamome.services.lambda_.versions.version_store import Alias

# One for each revision that is being invoked; those of old revisions go when it is full.
SPECS_KEPT = 256

if TYPE_CHECKING:
    from pathlib import Path

    from kamome.services.lambda_.slice import Lambda


class Call(msgspec.Struct, frozen=True):
    """One invocation to be made. `function_arn` is the ARN as the caller named it.

    `stream` is for callers who read the response as it is written.
    """

    request_id: str
    payload: bytes
    function_arn: str
    trace: str = ""
    client_context: str = ""
    stream: ResponseStream | None = None


def find_function(lambda_: Lambda, named: FunctionName) -> Function:
    """The function that a caller names.

    Raises:
        ResourceNotFoundException: there is no such function, or no such version of it.
    """
    function = find_version(lambda_, named)
    if function is None:
        raise function_not_found(named)
    return function


def find_version(lambda_: Lambda, named: FunctionName) -> Function | None:
    """The version that is named, or None. Each call by an alias with weights draws one anew.

    AWS: Lambda Developer Guide, Implement Lambda canary deployments using a weighted alias.
    """
    qualifier = named.qualifier
    if qualifier and qualifier != LATEST and not qualifier.isdecimal():
        alias = lambda_.versions.find_alias(named, qualifier)
        if alias is None:
            return None
        qualifier = _drawn(alias, lambda_.ids.fraction() if alias.weights else 1.0)
    if qualifier in {"", LATEST}:
        return lambda_.store.find_function(named)
    return lambda_.versions.find(named, qualifier)


def _drawn(alias: Alias, fraction: float) -> str:
    """The additional version for the share of calls that is its own."""
    for version, weight in alias.weights.items():
        if fraction < weight:
            return version
    return alias.version


async def run_function(lambda_: Lambda, function: Function, call: Call) -> Result:
    """Run one invocation to its end, even if whoever waits for it goes away.

    Raises:
        TooManyRequestsException: the account's concurrency in the Region is used up.
        OperationNotServed: see `check_runnable`.
    """
    check_runnable(lambda_, function)
    return await _protected(lambda_, _run(lambda_, function, call))


# ---------------------------------------------------------------------- running


async def _run(lambda_: Lambda, function: Function, call: Call) -> Result:
    leave = lambda_.admission.admit(function.full_name)
    lambda_.clock.activity.begin()
    try:
        spec = await _known_spec(lambda_, function)
        lambda_.journeys.tally.count("invocations", function.name)
        trace = call.trace or lambda_.ids.trace(lambda_.clock.now_ms())

        def invocation() -> Invocation:
            return Invocation(
                request_id=call.request_id,
                payload=call.payload,
                deadline_ms=lambda_.clock.real_now_ms() + spec.timeout_s * 1000,
                function_arn=call.function_arn,
                trace=trace,
                client_context=call.client_context,
                stream=call.stream,
            )

        report = await lambda_.instances.run(spec, invocation)
    finally:
        leave()
        lambda_.clock.activity.end()
    result = result_of(call.request_id, report.outcome, report.log_tail, spec.timeout_s)
    return msgspec.structs.replace(result, executed_version=function.version)


async def _known_spec(lambda_: Lambda, function: Function) -> RuntimeSpec:
    """The spec that warm instances were made by, else a new one, which unpacks what is missing."""
    key = instance_key(function)
    spec = lambda_.specs.get(key)
    if spec is None or not lambda_.instances.is_warm(key):
        if len(lambda_.specs) >= SPECS_KEPT:
            lambda_.specs.clear()
        spec = lambda_.specs[key] = await runtime_spec(lambda_, function)
    return spec


async def runtime_spec(lambda_: Lambda, function: Function) -> RuntimeSpec:
    """What an instance of the function needs; its code and layers are unpacked by then."""
    settings = function.settings
    folder = lambda_.host.folder
    if not settings.image_uri:
        folder = await lambda_.code.ensure(
            function.code.sha256, lambda: lambda_.blobs.read(function.code.blob_id)
        )
    return RuntimeSpec(
        key=instance_key(function),
        account=function.account,
        region=function.region,
        function_name=function.name,
        function_arn=function.arn,
        version=function.version,
        runtime=settings.runtime,
        handler=settings.handler,
        code_folder=folder,
        log_group=log_group(function),
        variables=settings.variables,
        timeout_s=settings.timeout_s,
        memory_mb=settings.memory_mb,
        ephemeral_storage_mb=settings.ephemeral_storage_mb,
        layer_folders=await layer_folders(lambda_, settings.layers),
        image=_image(settings),
    )


def _image(settings: Settings) -> Image | None:
    if not settings.image_uri:
        return None
    image = settings.image
    return Image(settings.image_uri, image.entry_point, image.command, image.working_directory)


def check_runnable(lambda_: Lambda, function: Function) -> None:
    """Refuse what nothing here can run, before an invocation of it is accepted.

    Raises:
        OperationNotServed: a container image, where there is no podman and no docker.

    AWS: Lambda Developer Guide, Create a Lambda function using a container image.
    """
    if function.settings.image_uri and not lambda_.settings.container_runtime:
        raise not_served(
            "container images without a container runtime: install podman or docker, or name one"
            " by the setting container_runtime"
        )


async def layer_folders(lambda_: Lambda, layers: Sequence[tuple[str, int]]) -> tuple[Path, ...]:
    """Where the layers are unpacked; a later one comes first, as it would overwrite in /opt.

    AWS: Lambda Developer Guide, Adding layers to functions.
    """
    folders = []
    for arn, _ in reversed(layers):
        code = kept_layer(lambda_, arn).code
        folder = await lambda_.code.ensure(code.sha256, partial(lambda_.blobs.read, code.blob_id))
        folders.append(folder)
    return tuple(folders)


def instance_key(function: Function) -> str:
    """What instances are shared by: one revision of one function."""
    return f"{function.arn}:{function.version}#{function.revision_id}"


async def _protected(lambda_: Lambda, work: Coroutine[None, None, Result]) -> Result:
    """Run `work` in a task of its own, so that a caller who leaves does not tear an instance."""
    task = asyncio.get_running_loop().create_task(work)
    lambda_.under_way.add(task)
    task.add_done_callback(lambda done: _ended(lambda_, done))
    return await asyncio.shield(task)


def _ended(lambda_: Lambda, task: asyncio.Task[Result]) -> None:
    lambda_.under_way.discard(task)
    if not task.cancelled():
        task.exception()  # the caller has it; one who has left must not leave a warning

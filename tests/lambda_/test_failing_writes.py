"""Each operation that writes is tried with its first, second, … write failing: all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from kamome.services.lambda_.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.lambda_.conftest import World

    from kamome.storage.engine import Engine, Row, Value

ECHO = "def handler(event, context):\n    return event\n"
ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"
SIGNER = "arn:aws:signer:eu-west-1:000000000000:/signing-profiles/p/abcdefghij"
PUBLISHERS = {"SigningProfileVersionArns": [SIGNER]}
FAILURES = {"OnFailure": {"Destination": "arn:aws:s3:::failures"}}
GRANT = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
LAYER_GRANT = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*"}
WRITES_MAX = 40

OF_F: dict[str, dict[str, object]] = {
    "UpdateFunctionConfiguration": {"MemorySize": 256},
    "PublishVersion": {},
    "CreateAlias": {"Name": "next", "FunctionVersion": "1"},
    "UpdateAlias": {"Name": "live", "FunctionVersion": "$LATEST"},
    "DeleteAlias": {"Name": "live"},
    "AddPermission": {**GRANT},
    "RemovePermission": {"StatementId": "old"},
    "PutFunctionConcurrency": {"ReservedConcurrentExecutions": 9},
    "DeleteFunctionConcurrency": {},
    "PutFunctionEventInvokeConfig": {"DestinationConfig": FAILURES},
    "UpdateFunctionEventInvokeConfig": {"MaximumRetryAttempts": 1},
    "DeleteFunctionEventInvokeConfig": {},
    "CreateFunctionUrlConfig": {"AuthType": "NONE", "Qualifier": "live"},
    "UpdateFunctionUrlConfig": {"AuthType": "AWS_IAM"},
    "DeleteFunctionUrlConfig": {},
    "PutFunctionRecursionConfig": {"RecursiveLoop": "Allow"},
    "PutRuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"},
    "PutFunctionCodeSigningConfig": {"CodeSigningConfigArn": "<signing>"},
    "DeleteFunctionCodeSigningConfig": {},
    "DeleteFunction": {},
}
OTHERS: dict[str, tuple[str, dict[str, object]]] = {
    "CreateFunction": (
        "CreateFunction",
        {
            "FunctionName": "g",
            "Runtime": "python3.11",
            "Role": "arn:aws:iam::000000000000:role/r",
            "Handler": "app.handler",
            "Code": {"ZipFile": "<archive>"},
            "CodeSigningConfigArn": "<signing>",
            "Publish": True,
        },
    ),
    "UpdateFunctionCode": (
        "UpdateFunctionCode",
        {"FunctionName": "f", "ZipFile": "<archive>", "Publish": True},
    ),
    "DeleteFunction, one version": ("DeleteFunction", {"FunctionName": "f", "Qualifier": "2"}),
    "Invoke, Event": ("Invoke", {"FunctionName": "f", "InvocationType": "Event"}),
    "TagResource": ("TagResource", {"Resource": ARN, "Tags": {"a": "b"}}),
    "UntagResource": ("UntagResource", {"Resource": ARN, "TagKeys": ["old"]}),
    "PublishLayerVersion": (
        "PublishLayerVersion",
        {"LayerName": "tools", "Content": {"ZipFile": "<archive>"}},
    ),
    "DeleteLayerVersion": ("DeleteLayerVersion", {"LayerName": "tools", "VersionNumber": 1}),
    "AddLayerVersionPermission": (
        "AddLayerVersionPermission",
        {"LayerName": "tools", "VersionNumber": 1, **LAYER_GRANT},
    ),
    "CreateCodeSigningConfig": ("CreateCodeSigningConfig", {"AllowedPublishers": PUBLISHERS}),
    "UpdateCodeSigningConfig": (
        "UpdateCodeSigningConfig",
        {"CodeSigningConfigArn": "<signing>", "Description": "x"},
    ),
    "CreateEventSourceMapping": (
        "CreateEventSourceMapping",
        {"FunctionName": "f:live", "EventSourceArn": "<queue>"},
    ),
    "UpdateEventSourceMapping": ("UpdateEventSourceMapping", {"UUID": "<uuid>", "BatchSize": 7}),
    "DeleteEventSourceMapping": ("DeleteEventSourceMapping", {"UUID": "<uuid>"}),
}
CASES = {
    **{name: (name, {"FunctionName": "f", **members}) for name, members in OF_F.items()},
    **OTHERS,
}


class _DiskError(Exception):
    """Stands for whatever the store can raise."""


async def call(world: World, operation: str, request: Mapping[str, object]) -> dict[str, object]:
    answer = await OPERATIONS[operation](world.lambda_, world.ctx, request)
    return cast("dict[str, object]", answer or {})


@pytest.fixture
async def made(world: World) -> dict[str, object]:
    """A function with everything that a function can have; what the cases name by `<…>`."""
    signing = await _signing_config(world)
    await world.create(
        ECHO, Publish=True, Tags={"old": "x"}, CodeSigningConfigArn=await _signing_config(world)
    )
    f = {"FunctionName": "f"}
    await call(world, "UpdateFunctionConfiguration", {**f, "Timeout": 5})
    await call(world, "PublishVersion", f)
    await call(world, "UpdateFunctionConfiguration", {**f, "Timeout": 6})
    await call(world, "CreateAlias", {**f, "Name": "live", "FunctionVersion": "1"})
    await call(world, "AddPermission", {**f, **GRANT, "StatementId": "old"})
    await call(world, "PutFunctionConcurrency", {**f, "ReservedConcurrentExecutions": 5})
    await call(world, "PutFunctionEventInvokeConfig", {**f, "MaximumRetryAttempts": 0})
    await call(world, "CreateFunctionUrlConfig", {**f, "AuthType": "NONE"})
    archive = world.archive(ECHO + "# another\n")
    await call(
        world, "PublishLayerVersion", {"LayerName": "tools", "Content": {"ZipFile": archive}}
    )
    uuid = await world.map_queue(Enabled=False)
    queue = world.queue.arn
    return {"<signing>": signing, "<uuid>": uuid, "<queue>": queue, "<archive>": archive}


@pytest.mark.parametrize("case", CASES)
async def test_write_that_fails_at_its_nth_statement_changes_nothing(
    world: World, made: dict[str, object], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    operation, members = CASES[case]
    request = cast("dict[str, object]", _filled(members, made))
    await world.lambda_.outbox.stop()
    before = _rows(world.lambda_.engine)

    for number in range(1, WRITES_MAX):
        with monkeypatch.context() as patch:
            _fail_at(world.lambda_.engine, patch, number)
            try:
                await call(world, operation, request)
            except _DiskError:
                assert _rows(world.lambda_.engine) == before, f"write {number}"
                continue
        break

    assert number > 1
    assert _rows(world.lambda_.engine) != before


async def _signing_config(world: World) -> str:
    shown = await call(world, "CreateCodeSigningConfig", {"AllowedPublishers": PUBLISHERS})
    return cast("dict[str, str]", shown["CodeSigningConfig"])["CodeSigningConfigArn"]


def _filled(value: object, made: Mapping[str, object]) -> object:
    if isinstance(value, dict):
        return {name: _filled(one, made) for name, one in value.items()}
    return made.get(value, value) if isinstance(value, str) else value


def _rows(engine: Engine) -> dict[str, list[Row]]:
    names = engine.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    tables = [str(name) for (name,) in names]
    return {table: engine.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}


def _fail_at(engine: Engine, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    write, returning, seen = engine.write, engine.write_returning, 0

    def count() -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise _DiskError

    def failing(sql: str, params: Sequence[Value] = ()) -> int:
        count()
        return write(sql, params)

    def failing_returning(sql: str, params: Sequence[Value] = ()) -> list[Row]:
        count()
        return returning(sql, params)

    monkeypatch.setattr(engine, "write", failing)
    monkeypatch.setattr(engine, "write_returning", failing_returning)

"""Runtimes other than the server's own Python: Node.js, a bootstrap, another interpreter."""

from __future__ import annotations

import logging
import shutil
import sys
from typing import TYPE_CHECKING

import orjson
import pytest
from msgspec.structs import replace

from kamome.services.lambda_.runtimes import programs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lambda_.conftest import Runtime

    from kamome.services.lambda_.runtimes.port import RuntimeSpec

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")

BOOTSTRAP = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  curl -sS -D "$TMPDIR/head" -o "$TMPDIR/event" "$api/next"
  id=$(grep -i lambda-runtime-aws-request-id "$TMPDIR/head" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -X POST --data-binary @"$TMPDIR/event" "$api/$id/response" > /dev/null
done
"""


def node_spec(runtime: Runtime, source: str, name: str = "index.mjs") -> RuntimeSpec:
    spec = runtime.spec("", handler="index.handler")
    (spec.code_folder / name).write_text(source, "utf-8")
    return replace(spec, runtime="nodejs20.x")


def bootstrap(folder: Path) -> None:
    path = folder / "bootstrap"
    path.write_text(BOOTSTRAP)
    path.chmod(0o755)


@needs_node
async def test_node_function_gets_its_event_and_context(runtime: Runtime) -> None:
    spec = node_spec(
        runtime,
        "export const handler = async (event, context) => [event, context.awsRequestId,\n"
        "  context.functionName, context.getRemainingTimeInMillis() > 0];\n",
    )

    report = await runtime.invoke(spec, {"注文": 1})

    assert orjson.loads(report.outcome.payload) == [
        {"注文": 1},
        "11111111-2222-4333-8444-555555555555",
        "f",
        True,
    ]


@needs_node
async def test_node_instance_is_reused_and_answers_by_callback(runtime: Runtime) -> None:
    spec = node_spec(
        runtime,
        "let count = 0;\n"
        "exports.handler = (event, context, callback) => {\n"
        "  console.log('line'); setTimeout(() => callback(null, ++count), 1); };\n",
        name="index.js",
    )

    await runtime.invoke(spec)
    report = await runtime.invoke(spec)

    assert report.outcome.payload == b"2"
    assert b"\tINFO\tline\n" in report.log_tail


@needs_node
async def test_node_exception_is_aws_error_document(runtime: Runtime) -> None:
    spec = node_spec(
        runtime, "export const handler = async () => { throw new TypeError('no order'); };\n"
    )

    report = await runtime.invoke(spec)

    document = orjson.loads(report.outcome.payload)
    assert report.outcome.kind == "error"
    assert (document["errorType"], document["errorMessage"]) == ("TypeError", "no order")
    assert document["trace"][0] == "TypeError: no order"


@needs_node
@pytest.mark.parametrize(
    ("source", "error_type"),
    [
        ("throw new RangeError('x')\n", "RangeError"),
        ("export const other = 1;\n", "Runtime.HandlerNotFound"),
    ],
    ids=["init throws", "no handler"],
)
async def test_node_function_that_cannot_be_loaded(
    runtime: Runtime, source: str, error_type: str
) -> None:
    report = await runtime.invoke(node_spec(runtime, source))

    assert report.outcome.error_type == error_type


@needs_node
async def test_node_module_of_a_layer_is_found(runtime: Runtime, tmp_path: Path) -> None:
    module = tmp_path / "layer/nodejs/node_modules/greeting"
    module.mkdir(parents=True)
    (module / "index.js").write_text("module.exports = 'hello from the layer';\n")
    source = "exports.handler = async () => require('greeting');\n"
    spec = node_spec(runtime, source, name="index.js")

    report = await runtime.invoke(replace(spec, layer_folders=(tmp_path / "layer",)))

    assert report.outcome.payload == b'"hello from the layer"'


@pytest.mark.skipif(shutil.which("curl") is None, reason="the bootstrap is a script with curl")
@pytest.mark.parametrize("place", ["package", "layer"])
async def test_bootstrap_runs_itself(runtime: Runtime, tmp_path: Path, place: str) -> None:
    layer = tmp_path / "layer"
    layer.mkdir()
    spec = replace(runtime.spec(""), runtime="provided.al2023", layer_folders=(layer,))
    bootstrap(spec.code_folder if place == "package" else layer)

    first = await runtime.invoke(spec, [1])
    second = await runtime.invoke(spec, [2])

    assert (first.outcome.payload, second.outcome.payload) == (b"[1]", b"[2]")
    assert second.init_duration_ms is None


async def test_package_without_bootstrap_is_an_error_of_the_init(runtime: Runtime) -> None:
    spec = replace(runtime.spec(""), runtime="provided.al2023")

    report = await runtime.invoke(spec)

    assert report.outcome.error_type == "Runtime.InvalidEntrypoint"
    assert b"Couldn't find valid bootstrap" in report.outcome.payload


async def test_python_module_of_a_layer_is_found(runtime: Runtime, tmp_path: Path) -> None:
    folder = tmp_path / "layer/python"
    folder.mkdir(parents=True)
    (folder / "greeting.py").write_text("TEXT = 'hello from the layer'\n")
    spec = runtime.spec("import greeting\ndef handler(e, c):\n    return greeting.TEXT\n")

    report = await runtime.invoke(replace(spec, layer_folders=(tmp_path / "layer",)))

    assert report.outcome.payload == b'"hello from the layer"'


def test_python_that_is_not_there_is_the_servers_own_with_a_notice(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    programs.python_of.cache_clear()

    with caplog.at_level(logging.WARNING):
        found = programs.python_of("3.99")

    assert found == sys.executable
    assert "Python 3.99 is not installed" in caplog.text


def test_python_of_the_version_is_taken_when_it_has_the_client(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "python3.98"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    programs.python_of.cache_clear()

    assert programs.python_of("3.98") == str(program)

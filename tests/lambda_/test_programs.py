"""Runtimes other than the server's own Python: Node.js, a bootstrap, another interpreter."""

from __future__ import annotations

import logging
import shutil
import sys
from typing import TYPE_CHECKING

import orjson
import pytest
from msgspec.structs import replace

from kamome.services.lambda_.invocation.payloads import result_of
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
@pytest.mark.parametrize(
    ("source", "error_type", "words"),
    [
        (
            "require('nope');\n",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'nope'\nRequire stack:\n",
        ),
        ("exports.handler = (\n", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end"),
        ("exports.handler = 1;\n", "Runtime.HandlerNotFound", "index.handler is not a function"),
    ],
    ids=["module missing", "syntax error", "no function"],
)
async def test_node_says_why_a_module_cannot_be_loaded(
    runtime: Runtime, source: str, error_type: str, words: str
) -> None:
    report = await runtime.invoke(node_spec(runtime, source, name="index.js"))

    document = orjson.loads(report.outcome.payload)
    assert document["errorType"] == error_type
    assert document["errorMessage"].startswith(words)


@needs_node
@pytest.mark.parametrize(
    ("path", "handler"),
    [
        ("dist.x/index.js", "dist.x/index.handler"),
        ("folder/index.js", "folder.handler"),
        ("node_modules/pkg/index.js", "pkg.handler"),
    ],
    ids=["below a folder", "a folder", "a package"],
)
async def test_node_handler_is_found_where_aws_looks(
    runtime: Runtime, path: str, handler: str
) -> None:
    spec = replace(runtime.spec("", handler=handler), runtime="nodejs20.x")
    file = spec.code_folder / path
    file.parent.mkdir(parents=True)
    file.write_text("exports.handler = async () => 'found';\n")

    report = await runtime.invoke(spec)

    assert report.outcome.payload == b'"found"'


@needs_node
async def test_node_handler_answers_as_up_to_nodejs22(runtime: Runtime) -> None:
    spec = node_spec(
        runtime,
        "const cases = [\n"
        "  () => 5,\n"
        "  (context) => context.succeed({ ok: 1 }),\n"
        "  (context) => context.done(null, 'done'),\n"
        "  () => undefined,\n"
        "  async () => undefined,\n"
        "  async () => 5,\n"
        "];\n"
        "exports.handler = (event, context, callback) => cases[event](context);\n",
        name="index.js",
    )

    answers = [(await runtime.invoke(spec, case)).outcome.payload for case in range(6)]

    # A plain value is not an answer; nor is a callback that is never called waited for in vain.
    assert answers == [b"null", b'{"ok":1}', b'"done"', b"null", b"null", b"5"]


@needs_node
async def test_node_handler_fails_as_up_to_nodejs22(runtime: Runtime) -> None:
    spec = node_spec(
        runtime,
        "const cases = [\n"
        "  (context) => context.fail(new RangeError('f')),\n"
        "  (context, callback) => callback(''),\n"
        "  async () => Promise.reject(),\n"
        "  async () => { throw { a: 1 }; },\n"
        "  async () => 10n,\n"
        "  () => { Promise.reject(new Error('boom')); return new Promise(() => {}); },\n"
        "];\n"
        "exports.handler = (event, context, callback) => cases[event](context, callback);\n",
        name="index.js",
    )

    reports = [await runtime.invoke(spec, case) for case in range(6)]

    documents = [orjson.loads(report.outcome.payload) for report in reports]
    assert [(one["errorType"], one["errorMessage"]) for one in documents] == [
        ("RangeError", "f"),
        ("string", ""),
        ("string", "handled"),
        ("object", "[object Object]"),
        ("Error", "Unable to stringify response body"),
        ("Runtime.UnhandledPromiseRejection", "Error: boom"),
    ]


@needs_node
async def test_node_promise_that_is_never_settled_is_an_error(runtime: Runtime) -> None:
    spec = node_spec(runtime, "export const handler = async () => new Promise(() => {});\n")

    report = await runtime.invoke(spec)

    assert report.outcome.error_type == "Runtime.NodeJsExit"


@needs_node
async def test_node_handler_without_callbacks_answers_by_its_value_from_nodejs24(
    runtime: Runtime,
) -> None:
    spec = node_spec(runtime, "export const handler = (event, context) => 'fail' in context;\n")

    report = await runtime.invoke(replace(spec, runtime="nodejs24.x"))

    assert report.outcome.payload == b"false"


@needs_node
async def test_node_handler_with_callback_is_refused_from_nodejs24(runtime: Runtime) -> None:
    spec = node_spec(runtime, "export const handler = (event, context, callback) => {};\n")

    report = await runtime.invoke(replace(spec, runtime="nodejs24.x"))

    assert report.outcome.error_type == "Runtime.CallbackHandlerDeprecated"


@needs_node
async def test_node_stream_that_breaks_off_is_an_error_to_who_reads_it_whole(
    runtime: Runtime,
) -> None:
    spec = node_spec(
        runtime,
        "exports.handler = awslambda.streamifyResponse(async (event, stream) => {\n"
        "  stream.write('a'); throw new TypeError('broken off'); });\n",
        name="index.js",
    )

    report = await runtime.invoke(spec)

    document = orjson.loads(report.outcome.payload)
    assert (report.outcome.kind, report.outcome.error_type) == ("error", "TypeError")
    assert document["errorMessage"] == "broken off"


@needs_node
async def test_node_stream_that_is_not_ended_runs_into_the_timeout(runtime: Runtime) -> None:
    spec = node_spec(
        runtime,
        "exports.handler = awslambda.streamifyResponse(async (event, stream) => {\n"
        "  stream.write('a'); });\n",
        name="index.js",
    )

    report = await runtime.invoke(replace(spec, timeout_s=1))

    assert report.outcome.kind == "timed_out"


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


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (b"#!/bin/sh\n", 0o644, "permission denied"),
        (b"\x7fELF of another machine", 0o755, "exec format error"),
        (b"#!/no/such/shell\n", 0o755, "no such file or directory"),
    ],
    ids=["not executable", "of another machine", "no interpreter"],
)
async def test_bootstrap_that_the_system_refuses_says_why(
    runtime: Runtime, content: bytes, mode: int, why: str
) -> None:
    spec = replace(runtime.spec(""), runtime="provided.al2023")
    path = spec.code_folder / "bootstrap"
    path.write_bytes(content)
    path.chmod(mode)

    report = await runtime.invoke(spec)

    result = result_of("r", report.outcome, b"", 3)
    assert orjson.loads(result.payload) == {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": f"RequestId: r Error: fork/exec /var/task/bootstrap: {why}",
    }
    assert report.log_tail.endswith(f"bootstrap: {why}\nRuntime.InvalidEntrypoint\n".encode())


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

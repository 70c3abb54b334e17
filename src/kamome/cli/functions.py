"""`kamome lambda`: the functions of a running server, invoked and watched by hand."""

from __future__ import annotations

import base64
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

import click

from kamome.cli.admin_client import ask, endpoint_option, json_option, print_json
from kamome.cli.report import report_for_stdout

if TYPE_CHECKING:
    from botocore.client import BaseClient

_LOOK_EVERY_S = 0.3
_READ_TIMEOUT_S = 930  # a function may run 900 seconds
_LINES_SHOWN = 50


class _Server(NamedTuple):
    endpoint: str
    region: str
    account: str

    def client(self) -> BaseClient:
        """boto3's client of Lambda, without a proxy between."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "lambda",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.account,
            aws_secret_access_key="test",  # noqa: S106 - what everyone uses on his own machine
            config=Config(
                proxies={}, read_timeout=_READ_TIMEOUT_S, retries={"total_max_attempts": 1}
            ),
        )


def _server_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--account", default="000000000000", show_default=True, help="Whose."),
        click.option(
            "--region",
            envvar="AWS_DEFAULT_REGION",
            default="us-east-1",
            show_default=True,
            help="Where.",
        ),
        endpoint_option,
    ):
        command = option(command)
    return command


@click.group("lambda")
def functions() -> None:
    """List, invoke and watch functions of a running server."""


@functions.command("ls")
@_server_options
@json_option
def list_(endpoint: str, region: str, account: str, *, is_json: bool) -> None:
    """The functions, and the queues that feed them."""
    client = _Server(endpoint, region, account).client()
    found = _all(client, "list_functions", "Functions")
    mappings: dict[str, list[str]] = {}
    for mapping in _all(client, "list_event_source_mappings", "EventSourceMappings"):
        name = mapping["FunctionArn"].split(":")[6]
        shown = f"{mapping['EventSourceArn'].rpartition(':')[2]} ({mapping['State']})"
        mappings.setdefault(name, []).append(shown)
    if is_json:
        print_json(
            [{**one, "EventSources": mappings.get(one["FunctionName"], [])} for one in found]
        )
        return
    rows = [
        [
            one["FunctionName"],
            one.get("Runtime", "image"),
            one.get("Handler", ""),
            f"{one['MemorySize']} MB",
            f"{one['Timeout']} s",
            ", ".join(mappings.get(one["FunctionName"], [])),
        ]
        for one in found
    ]
    columns = ["Function", "Runtime", "Handler", "Memory", "Timeout", "Event sources"]
    report_for_stdout().table(f"{len(rows)} functions", columns, rows)


@functions.command()
@click.argument("name")
@click.argument("payload", default="")
@click.option("--event", is_flag=True, help="Queue an event instead of waiting for the answer.")
@click.option("--qualifier", default="", help="A version or an alias.")
@_server_options
def invoke(
    name: str, payload: str, endpoint: str, region: str, account: str, **choice: object
) -> None:
    """Invoke NAME with the JSON text PAYLOAD (`-`: standard input); its log goes to stderr.

    The exit status is 1 where the function fails.
    """
    body = sys.stdin.buffer.read() if payload == "-" else payload.encode()
    request: dict[str, object] = {"FunctionName": name, "Payload": body}
    if choice["qualifier"]:
        request["Qualifier"] = choice["qualifier"]
    request |= {"InvocationType": "Event"} if choice["event"] else {"LogType": "Tail"}
    client = _Server(endpoint, region, account).client()
    answer = _call(client.invoke, **request)
    if choice["event"]:
        click.echo("Accepted.")
        return
    log = base64.b64decode(cast("str", answer.get("LogResult", "")))
    click.echo(log.decode("utf-8", "replace"), err=True, nl=False)
    click.echo(answer["Payload"].read().decode())  # type: ignore[attr-defined]  # a stream of botocore
    if "FunctionError" in answer:
        raise SystemExit(1)


@functions.command()
@click.argument("name")
@click.option("--lines", default=_LINES_SHOWN, show_default=True, help="How many of the last.")
@_server_options
def logs(name: str, lines: int, endpoint: str, region: str, account: str) -> None:
    """The last lines that NAME has written."""
    text, _ = _log(_Server(endpoint, region, account), name, "")
    for line in text.splitlines()[-lines:] if lines > 0 else []:
        click.echo(line)


@functions.command()
@click.argument("name")
@_server_options
def tail(name: str, endpoint: str, region: str, account: str) -> None:
    """What NAME writes from now on, until Ctrl-C."""
    server = _Server(endpoint, region, account)
    _, position = _log(server, name, "")
    stopping = threading.Event()  # Ctrl-C ends the wait
    while True:
        text, position = _log(server, name, f"?from={position}")
        click.echo(text, nl=False)
        stopping.wait(_LOOK_EVERY_S)


def _log(server: _Server, name: str, query: str) -> tuple[str, int]:
    path = f"lambda-logs/{server.account}/{server.region}/{name}{query}"
    answer = ask(server.endpoint, path)
    return str(answer["text"]), cast("int", answer["position"])


def _call(call: Callable[..., dict[str, object]], **request: object) -> dict[str, object]:
    """The answer of a call; a refusal ends the command in one line."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**request)
    except (ClientError, BotoCoreError) as error:
        raise click.ClickException(str(error)) from error


def _all(client: BaseClient, operation: str, member: str) -> list[dict[str, str]]:
    """The members of all pages."""
    pages = client.get_paginator(operation)

    def gather() -> dict[str, object]:
        return {member: [one for page in pages.paginate() for one in page[member]]}

    return cast("list[dict[str, str]]", _call(gather)[member])

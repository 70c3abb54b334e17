"""`kamome queue`: what is in the queues, and what one does with them by hand."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, build_opener

import click
import msgspec

from kamome.cli.report import report_for_stdout

if TYPE_CHECKING:
    from botocore.client import BaseClient

P = ParamSpec("P")

_TIMEOUT_S = 60
_ANSWER_BYTES_MAX = 256 * 1024 * 1024
# How often `tail` and `redrive --wait` look.
_LOOK_EVERY_S = 0.5
_BODY_SHOWN = 60


class Server(msgspec.Struct, frozen=True):
    """Which server, and as whom."""

    endpoint: str
    region: str
    access_key: str
    secret: str

    def client(self) -> BaseClient:
        """A boto3 client."""
        import boto3

        client: BaseClient = boto3.client(
            "sqs",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret,
        )
        return client

    def queue_url(self, name: str) -> str:
        """URL of a queue by name; a URL stands for itself."""
        if "/" in name:
            return name
        return str(self.call("get_queue_url", {"QueueName": name})["QueueUrl"])

    def queue_arn(self, name: str) -> str:
        """ARN of a queue by name or URL."""
        request = {"QueueUrl": self.queue_url(name), "AttributeNames": ["QueueArn"]}
        attributes = cast(
            "Mapping[str, str]", self.call("get_queue_attributes", request)["Attributes"]
        )
        return attributes["QueueArn"]

    def call(self, operation: str, request: Mapping[str, object]) -> Mapping[str, object]:
        """The answer to one operation."""
        answer: dict[str, object] = getattr(self.client(), operation)(**request)
        answer.pop("ResponseMetadata", None)
        return answer

    def ask(self, path: str, **parameters: object) -> Mapping[str, object]:
        """An answer of the inspection API."""
        url = f"{self.endpoint.rstrip('/')}{path}?{urlencode(parameters, quote_via=quote)}"
        opener = build_opener(ProxyHandler({}))
        try:
            with opener.open(url, timeout=_TIMEOUT_S) as response:
                answer: Mapping[str, object] = json.loads(response.read(_ANSWER_BYTES_MAX))
                return answer
        except HTTPError as error:
            message = json.loads(error.read(_ANSWER_BYTES_MAX)).get("message", error.reason)
            raise click.ClickException(str(message)) from error
        except (URLError, OSError) as error:
            raise click.ClickException(
                f"No server answers at {self.endpoint}: {error}. Start one with kamome serve."
            ) from error


def _plainly(command: Callable[Concatenate[Server, P], None]) -> Callable[..., None]:
    """Give the command its server; AWS's refusals as one sentence, without a traceback."""

    @click.pass_obj
    @wraps(command)
    def run(server: Server, /, *args: P.args, **kwargs: P.kwargs) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            command(server, *args, **kwargs)
        except (BotoCoreError, ClientError) as error:
            raise click.ClickException(str(error)) from error

    return run


_as_json = click.option("--json", "is_json", is_flag=True, help="JSON instead of a table.")


@click.group()
@click.option(
    "--endpoint",
    envvar=["KAMOME_ENDPOINT", "AWS_ENDPOINT_URL"],
    default="http://127.0.0.1:4566",
    show_default=True,
    help="The running server.",
)
@click.option(
    "--region",
    envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
    default="us-east-1",
    show_default=True,
    help="Region of the queues that are named.",
)
@click.option(
    "--access-key",
    envvar="AWS_ACCESS_KEY_ID",
    default="test",
    show_default=True,
    help="Access key; an account's 12 digits mean that account.",
)
@click.option(
    "--secret", envvar="AWS_SECRET_ACCESS_KEY", default="test", help="Secret of the access key."
)
@click.pass_context
def queue(ctx: click.Context, endpoint: str, region: str, access_key: str, secret: str) -> None:
    """Look into queues, send, receive, purge, redrive."""
    ctx.obj = Server(endpoint, region, access_key, secret)


@queue.command()
@_as_json
@_plainly
def ls(server: Server, is_json: bool) -> None:
    """List all queues with their counts and counters."""
    queues = _all_queues(server)
    if is_json:
        _print_json(queues)
        return
    columns = ["queue", "account", "region", "visible", "in flight", "delayed", "oldest"]
    columns += ["sent", "received", "deleted", "empty receives"]
    rows = [
        [
            str(each["name"]),
            str(each["account"]),
            str(each["region"]),
            *(str(each[name]) for name in ("visible", "in_flight", "delayed")),
            _age(each["age_of_oldest_s"]),
            *(str(each[name]) for name in ("sent", "received", "deleted", "empty_receives")),
        ]
        for each in queues
    ]
    _print_table("Queues (counters since the server started)", columns, rows)


def _all_queues(server: Server) -> list[Mapping[str, object]]:
    queues: list[Mapping[str, object]] = []
    after: object = 0
    while after is not None:
        page = server.ask("/_kamome/sqs/queues", after=after)
        queues += cast("list[Mapping[str, object]]", page["queues"])
        after = page.get("next")
    return sorted(queues, key=lambda each: (each["account"], each["region"], each["name"]))


@queue.command()
@click.argument("name")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@_as_json
@_plainly
def peek(server: Server, name: str, limit: int, is_json: bool) -> None:
    """Show messages of the queue NAME, oldest first, without receiving them."""
    messages = _peek(server, server.queue_url(name), limit=limit)
    if is_json:
        _print_json(messages)
        return
    rows = [
        [
            _utc(attributes["SentTimestamp"]),
            str(message["State"]),
            attributes["ApproximateReceiveCount"],
            attributes.get("MessageGroupId", ""),
            str(message["MessageId"]),
            _one_line(str(message["Body"])),
        ]
        for message in messages
        for attributes in [cast("Mapping[str, str]", message["Attributes"])]
    ]
    columns = ("sent", "state", "receives", "group", "message id", "body")
    _print_table(f"Messages of {name}", columns, rows)


def _peek(server: Server, url: str, *, limit: int, after: object = 0) -> list[Mapping[str, object]]:
    answer = server.ask(
        "/_aws/sqs/messages",
        QueueUrl=url,
        Region=server.region,
        ShowInvisible="true",
        ShowDelayed="true",
        Limit=limit,
        After=after,
    )
    return cast("list[Mapping[str, object]]", answer.get("Messages", []))


@queue.command()
@click.argument("name")
@click.argument("body")
@click.option("--group", help="MessageGroupId.")
@click.option("--deduplication-id", help="MessageDeduplicationId.")
@click.option("--delay", type=int, help="DelaySeconds.")
@click.option("--attribute", "attributes", multiple=True, help="NAME=TEXT, as often as needed.")
@_as_json
@_plainly
def send(
    server: Server,
    /,
    name: str,
    body: str,
    is_json: bool,
    **given: str | int | tuple[str, ...] | None,
) -> None:
    """Send BODY to the queue NAME; - reads it from standard input."""
    text = sys.stdin.read() if body == "-" else body
    request: dict[str, object] = {"QueueUrl": server.queue_url(name), "MessageBody": text}
    for option, parameter in (
        ("group", "MessageGroupId"),
        ("deduplication_id", "MessageDeduplicationId"),
        ("delay", "DelaySeconds"),
    ):
        if given[option] is not None:
            request[parameter] = given[option]
    attributes = _message_attributes(cast("tuple[str, ...]", given["attributes"]))
    if attributes:
        request["MessageAttributes"] = attributes
    sent = server.call("send_message", request)
    if is_json:
        _print_json(sent)
    else:
        click.echo(f"Sent {sent['MessageId']}.")


def _message_attributes(given: Sequence[str]) -> Mapping[str, object]:
    attributes = {}
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals:
            raise click.UsageError(f"--attribute takes NAME=TEXT, not {pair}.")
        attributes[name] = {"DataType": "String", "StringValue": text}
    return attributes


@queue.command()
@click.argument("name")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 10))
@click.option("--wait", default=0, show_default=True, type=click.IntRange(0, 20))
@click.option("--visibility-timeout", type=int, help="Seconds until they are visible again.")
@click.option("--delete", "is_deleting", is_flag=True, help="Delete what has been shown.")
@_as_json
@_plainly
def receive(
    server: Server,
    name: str,
    count: int,
    wait: int,
    visibility_timeout: int | None,
    *,
    is_deleting: bool,
    is_json: bool,
) -> None:
    """Receive messages of the queue NAME."""
    url = server.queue_url(name)
    request: dict[str, object] = {
        "QueueUrl": url,
        "MaxNumberOfMessages": count,
        "WaitTimeSeconds": wait,
        "MessageSystemAttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    }
    if visibility_timeout is not None:
        request["VisibilityTimeout"] = visibility_timeout
    answer = server.call("receive_message", request)
    messages = cast("list[Mapping[str, str]]", answer.get("Messages", []))
    if is_json:
        _print_json(messages)
    elif not messages:
        click.echo("No messages.")
    for message in messages:
        if not is_json:
            click.echo(f"{message['MessageId']}\n{message['Body']}\n{message['ReceiptHandle']}\n")
        if is_deleting:
            handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
            server.call("delete_message", handle)


@queue.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_plainly
def purge(server: Server, name: str, yes: bool) -> None:
    """Delete all messages of the queue NAME."""
    if not yes:
        click.confirm(f"Delete all messages of {name}?", abort=True)
    server.call("purge_queue", {"QueueUrl": server.queue_url(name)})
    click.echo(f"{name} is empty.")


@queue.command()
@click.argument("name")
@click.option("--to", help="Destination; without it, each message goes back where it came from.")
@click.option("--rate", type=click.IntRange(1, 500), help="Messages per second.")
@click.option("--wait", is_flag=True, help="Wait until the task has ended.")
@_as_json
@_plainly
def redrive(
    server: Server, name: str, to: str | None, rate: int | None, *, wait: bool, is_json: bool
) -> None:
    """Move the messages of the dead-letter queue NAME back."""
    source = server.queue_arn(name)
    request: dict[str, object] = {"SourceArn": source}
    if to is not None:
        request["DestinationArn"] = server.queue_arn(to)
    if rate is not None:
        request["MaxNumberOfMessagesPerSecond"] = rate
    server.call("start_message_move_task", request)
    task = _task(server, source)
    while wait and task["Status"] == "RUNNING":
        threading.Event().wait(_LOOK_EVERY_S)
        task = _task(server, source)
    if is_json:
        _print_json(task)
    else:
        moved, to_move = (
            task.get(f"ApproximateNumberOfMessages{what}", 0) for what in ("Moved", "ToMove")
        )
        click.echo(f"{task['Status']}: {moved} of {to_move} messages moved.")
    if task["Status"] == "FAILED":
        raise click.ClickException(str(task.get("FailureReason", "The task failed.")))


def _task(server: Server, source: str) -> Mapping[str, object]:
    answer = server.call("list_message_move_tasks", {"SourceArn": source})
    [task] = cast("list[Mapping[str, object]]", answer["Results"])
    return task


@queue.command()
@click.argument("name")
@click.option("--count", type=click.IntRange(1), help="End after so many messages.")
@_as_json
@_plainly
def tail(server: Server, name: str, count: int | None, is_json: bool) -> None:
    """Show messages of the queue NAME as they arrive, without receiving them; Ctrl-C ends.

    A message that is received and deleted between two looks (half a second) is not seen.
    """
    url = server.queue_url(name)
    after: object = 0
    shown = 0
    while count is None or shown < count:
        messages = _peek(server, url, limit=1000, after=after)
        for message in messages[: None if count is None else count - shown]:
            shown += 1
            if is_json:
                click.echo(json.dumps(message, ensure_ascii=False))
            else:
                sent = cast("Mapping[str, str]", message["Attributes"])["SentTimestamp"]
                click.echo(f"{_utc(sent)}  {message['MessageId']}  {message['Body']}")
        if messages:
            after = messages[-1]["Place"]
        elif count is None or shown < count:
            threading.Event().wait(_LOOK_EVERY_S)


# ---------------------------------------------------------------------- calls and output


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_as_text))


def _as_text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        report_for_stdout().table(title, columns, rows)
    else:
        click.echo(f"{title}: none.")


def _utc(epoch_ms: str) -> str:
    moment = datetime.fromtimestamp(int(epoch_ms) / 1000, UTC)
    return moment.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


def _age(seconds: object) -> str:
    if not isinstance(seconds, (int, float)):
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f}{unit}"
    return f"{seconds:.1f}s"


def _one_line(body: str) -> str:
    line = " ".join(body.split())
    return line if len(line) <= _BODY_SHOWN else line[: _BODY_SHOWN - 1] + "…"

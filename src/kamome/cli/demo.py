"""`kamome demo`: runs a blueprint on a Kamome of its own, and proves that it did what it should.

`kamome serve` imports this module with the other commands, and has 250 ms to be ready: boto3 and
rich are imported when a demonstration runs, not before.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kamome.cli.blueprint import BlueprintNotFound, find_blueprint
from kamome.cli.child_server import ChildServer, ServerFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from kamome.cli.report import Report

    # A demonstration: returns what went wrong.
    Run = Callable[[Report, ChildServer], Awaitable[list[str]]]

DEADLINE_S = 110
LOG_LINES_SHOWN = 30
INTERRUPTED = 130  # what shells report for Ctrl-C


@click.group()
def demo() -> None:
    """Run a blueprint on a Kamome started for it, and check what came of it."""


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    """What every demonstration can be told."""
    for option in (
        click.option(
            "--deadline",
            type=click.IntRange(min=1),
            default=DEADLINE_S,
            show_default=True,
            metavar="SECONDS",
            help="Give up after this long.",
        ),
        click.option(
            "--data",
            type=click.Path(file_okay=False, path_type=Path),
            help="Data directory, empty or new. Default: a temporary one.",
        ),
        click.option(
            "--keep", is_flag=True, help="Keep the server running until Ctrl-C, to look around."
        ),
    ):
        command = option(command)
    return command


@demo.command("inbound-mail")
@_with_options
def inbound_mail(*, keep: bool, data: Path | None, deadline: int) -> None:
    """Mails come by SMTP and become recorded work; duplicates are filtered, poison is set aside.

    The exit status is 0 only if every mail ended where the manifest says.
    """
    from kamome.cli.inbound_mail import InboundMail, task_images

    folder = _blueprint("inbound-mail")
    _demonstrate(
        lambda report, server: InboundMail(report, folder, server).run(kept=keep),
        ("--task-images", task_images(folder)),
        keep=keep,
        data=data,
        deadline=deadline,
    )


@demo.command("fan-out")
@_with_options
def fan_out(*, keep: bool, data: Path | None, deadline: int) -> None:
    """Three services over SNS and SQS; a queue is gone for two days, then for 24.

    The exit status is 0 only if nothing was lost, and each order was completed exactly once.
    """
    from kamome.cli.fan_out import FanOut

    folder = _blueprint("fan-out")
    _demonstrate(
        lambda report, server: FanOut(report, folder, server).run(),
        (),
        keep=keep,
        data=data,
        deadline=deadline,
    )


@demo.command("json-ingest")
@_with_options
def json_ingest(*, keep: bool, data: Path | None, deadline: int) -> None:
    """JSON files over S3, SQS and Lambda into DynamoDB; whole batches fail, then single messages.

    The exit status is 0 only if every file was handled as often as each way says.
    """
    from kamome.cli.json_ingest import JsonIngest

    folder = _blueprint("json-ingest")
    _demonstrate(
        lambda report, server: JsonIngest(report, folder, server).run(),
        (),
        keep=keep,
        data=data,
        deadline=deadline,
    )


@demo.command("mailer")
@_with_options
def mailer(*, keep: bool, data: Path | None, deadline: int) -> None:
    """200 mail requests over SQS and SES; the worker is killed in the middle.

    The exit status is 0 only if each was sent exactly once and brought its address's feedback.
    """
    from kamome.cli.mailer import Mailer

    folder = _blueprint("mailer")
    _demonstrate(
        lambda report, server: Mailer(report, folder, server).run(),
        (),
        keep=keep,
        data=data,
        deadline=deadline,
    )


@demo.command("concurrency")
@_with_options
def concurrency(*, keep: bool, data: Path | None, deadline: int) -> None:
    """Reserved and maximum concurrency of a function before a backlog, drawn as a chart.

    The exit status is 0 only if the maximum throttles nothing, and its absence loses messages.
    """
    from kamome.cli.concurrency import RESERVED, Concurrency

    _demonstrate(
        lambda report, server: Concurrency(report, server).run(),
        ("--lambda-processes", str(RESERVED)),
        keep=keep,
        data=data,
        deadline=deadline,
    )


def _blueprint(name: str) -> Path:
    try:
        return find_blueprint(name, Path.cwd())
    except BlueprintNotFound as error:
        raise click.ClickException(str(error)) from error


def _demonstrate(
    run: Run, arguments: Sequence[str], *, keep: bool, data: Path | None, deadline: int
) -> None:
    """Run a demonstration on a server of its own, and exit with its status."""
    from kamome.cli.report import report_for_stdout

    report = report_for_stdout()
    if data is not None and data.exists() and any(data.iterdir()):
        raise click.ClickException(f"{data} is not empty: what is in it would be handled again.")
    with tempfile.TemporaryDirectory(prefix="kamome-demo-") as temporary:
        server = ChildServer(data or Path(temporary), *arguments)
        status = asyncio.run(_run(report, server, run, keep, deadline))
    raise SystemExit(status)


async def _run(report: Report, server: ChildServer, run: Run, keep: bool, deadline: int) -> int:
    """Run until the end, the deadline or a signal; the server is stopped in each case."""
    _cancel_on_signals()
    problems = None
    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(deadline):
                report.say("Starting Kamome …")
                await stack.enter_async_context(server)
                problems = await run(report, server)
            if keep:
                await _keep_running(report, server, problems)
    except TimeoutError:
        problems = [f"not done within {deadline} s"]
    except ServerFailed as error:
        problems = [str(error)]
    except asyncio.CancelledError:
        if problems is None:
            report.say("Stopped.")
            return INTERRUPTED
    return _verdict(report, server, problems or [])


async def _keep_running(report: Report, server: ChildServer, problems: list[str]) -> None:
    """Show what is wrong at once, since the end may be far, and wait for it."""
    for problem in problems:
        report.problem(problem)
    report.say("Kamome keeps running. Ctrl-C stops it.")
    await server.ended()


def _verdict(report: Report, server: ChildServer, problems: list[str]) -> int:
    """The exit status, after the problems have been shown."""
    if server.exit_status != 0:
        problems = [*problems, f"Kamome ended with exit status {server.exit_status}"]
    for problem in problems:
        report.problem(problem)
    if problems:
        _show_log(report, server)
    return 1 if problems else 0


def _cancel_on_signals() -> None:
    """SIGTERM and SIGHUP end the demonstration as Ctrl-C does: in order."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _show_log(report: Report, server: ChildServer) -> None:
    lines = list(server.log)[-LOG_LINES_SHOWN:]
    if lines:
        report.say("The last lines of the server's log:")
    for line in lines:
        report.say(f"  {line}")

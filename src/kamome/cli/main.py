"""`kamome`: the command group, and `kamome serve`."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kamome import __version__
from kamome.config import DESCRIPTIONS, SettingError, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

_FILES_MAX = 65_536

# A request makes some 200 objects that count, nearly all of them gone by reference counting: with
# Python's thresholds (700, 10, 10) the collector would look at them after every fourth request.
_GC_THRESHOLDS = (50_000, 20, 20)


class _LazyGroup(click.Group):
    """Imports a command's module when it is asked for: `serve` needs none of the others."""

    lazy = {
        "clock": ("kamome.cli.clock", "clock"),
        "demo": ("kamome.cli.demo", "demo"),
        "faults": ("kamome.cli.faults", "faults"),
        "lambda": ("kamome.cli.functions", "functions"),
        "mail": ("kamome.cli.mail", "mail"),
        "queue": ("kamome.cli.queue", "queue"),
        "s3": ("kamome.cli.objects", "objects"),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self.lazy])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, name = self.lazy[cmd_name]
        command: click.Command = getattr(__import__(module, fromlist=[name]), name)
        return command


@click.group(cls=_LazyGroup)
@click.version_option(__version__)
def main() -> None:
    """Kamome: the AWS mail-and-message backbone on your own machine."""


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """One option per setting. Values stay text; `load_settings` converts and checks them."""
    for name, description in reversed(list(DESCRIPTIONS.items())):
        default = getattr(Settings(), name)
        option = "--" + name.replace("_", "-")
        shown = f"{description} [default: {default}]" if default != "" else description
        if isinstance(default, bool):
            option = f"{option}/--no-{name.replace('_', '-')}"
            command = click.option(option, name, default=None, help=shown)(command)
        else:
            command = click.option(option, name, default=None, help=shown)(command)
    return command


@main.command()
@_with_settings
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="KAMOME_CONFIG",
    help="A file of settings (TOML).",
)
def serve(config: Path | None, **given: object) -> None:
    """Run the server until SIGTERM or Ctrl-C."""
    try:
        settings = load_settings(given, file=config)
    except SettingError as error:
        raise click.UsageError(str(error)) from error
    if not settings.data and not settings.ephemeral:
        raise click.UsageError(
            "Give --data DIRECTORY to keep what is stored, or --ephemeral to forget it at the end."
        )
    logging.basicConfig(level=settings.log_level.upper(), format="%(message)s", stream=sys.stderr)
    sys.exit(_run(settings))


def _run(settings: Settings) -> int:
    import uvloop

    # Start-up makes no cycles worth looking for; what it loads stays.
    gc.disable()
    try:
        return uvloop.run(_serve(settings))
    except KeyboardInterrupt:
        return 130


async def _serve(settings: Settings) -> int:
    from kamome.app import App, PortTaken
    from kamome.storage.data_directory import DataDirectoryInUse
    from kamome.storage.engine import StorageVersionError, UnreadableDatabase
    from kamome.storage.migrations import NewerSchemaError

    log = logging.getLogger("kamome")
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    _raise_file_limit()
    try:
        app = App(settings)
        await app.open()
    except (
        DataDirectoryInUse,
        NewerSchemaError,
        PortTaken,
        SettingError,
        StorageVersionError,
        UnreadableDatabase,
    ) as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence says it all
        return 1
    except OSError as error:
        log.error("Cannot listen or store: %s", error)  # noqa: TRY400 - as above
        return 1
    log.info("Listening: http://%s:%d", _shown(settings.host), app.port)
    log.info("Listening: smtp://%s:%d", _shown(settings.host), app.smtp_port)
    if app.smtp_tls_port >= 0:
        log.info("Listening: smtps://%s:%d", _shown(settings.host), app.smtp_tls_port)
    for port in (app.submission_port, app.submission_tls_port):
        if port >= 0:
            log.info("Listening: submission://%s:%d", _shown(settings.host), port)
    log.info("Ready.")
    await app.settle()
    gc.freeze()
    gc.enable()
    gc.set_threshold(*_GC_THRESHOLDS)
    await stopping.wait()
    await app.stop()
    log.info("Stopped.")
    return 0


def _raise_file_limit() -> None:
    """A connection takes a file descriptor, and the usual soft limit is 1,024 of them."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, _FILES_MAX)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host

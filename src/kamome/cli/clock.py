"""`kamome clock`: show the server's time, advance it, freeze it."""

from __future__ import annotations

import json
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import click

_TIMEOUT_S = 600
_ANSWER_BYTES_MAX = 1024 * 1024


@click.group(invoke_without_command=True)
@click.option(
    "--endpoint",
    envvar="KAMOME_ENDPOINT",
    default="http://127.0.0.1:4566",
    show_default=True,
    help="The running server.",
)
@click.pass_context
def clock(ctx: click.Context, endpoint: str) -> None:
    """Show the server's clock, or move it."""
    ctx.obj = endpoint
    if ctx.invoked_subcommand is None:
        _show(_call(endpoint, None))


@clock.command()
@click.argument("duration")
@click.pass_obj
def advance(endpoint: str, duration: str) -> None:
    """Move time forward by DURATION (35s, 1h30m, 23d); what was due happens in order."""
    answer = _call(endpoint, {"advance": duration})
    click.echo(f"{answer['timers_fired']} timers ran.")
    _show(answer)


@clock.command()
@click.pass_obj
def freeze(endpoint: str) -> None:
    """Let time stand still."""
    _show(_call(endpoint, {"freeze": True}))


@clock.command()
@click.pass_obj
def resume(endpoint: str) -> None:
    """Let time run on from where it stands."""
    _show(_call(endpoint, {"resume": True}))


def _call(endpoint: str, order: dict[str, object] | None) -> dict[str, object]:
    body = None if order is None else json.dumps(order).encode()
    try:
        request = Request(  # noqa: S310 - the operator names the endpoint
            f"{endpoint.rstrip('/')}/_kamome/clock",
            data=body,
            headers={"content-type": "application/json"},
        )
        # A proxy of the environment is for other machines.
        with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT_S) as response:
            return _answer(response.read(_ANSWER_BYTES_MAX), endpoint)
    except HTTPError as error:
        with error:
            answer = _answer(error.read(_ANSWER_BYTES_MAX), endpoint)
        raise click.ClickException(str(answer.get("message", error.reason))) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise click.ClickException(f"No server answers at {endpoint}: {reason}") from error


def _answer(body: bytes, endpoint: str) -> dict[str, object]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise click.ClickException(f"What answers at {endpoint} is not Kamome.")
    return answer


def _show(answer: dict[str, object]) -> None:
    now_ms, offset_ms = answer["now_ms"], answer["offset_ms"]
    assert isinstance(now_ms, int)
    assert isinstance(offset_ms, int)
    state = "frozen" if answer["frozen"] else "running"
    click.echo(f"{_utc(now_ms)} ({state}, {offset_ms / 1000:+.3f} s from the machine's clock)")


def _utc(now_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds")

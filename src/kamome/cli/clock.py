"""`kamome clock`: show the server's time, advance it, set it, freeze it."""

from __future__ import annotations

from typing import NamedTuple, cast

import click

from kamome.cli.admin_client import ask, endpoint_option, json_option, print_json
from kamome.observe.times import iso


class _Choice(NamedTuple):
    endpoint: str
    is_json: bool


@click.group(invoke_without_command=True)
@endpoint_option
@json_option
@click.pass_context
def clock(ctx: click.Context, endpoint: str, is_json: bool) -> None:
    """Show the server's clock, or move it."""
    ctx.obj = _Choice(endpoint, is_json)
    if ctx.invoked_subcommand is None:
        _show(ctx.obj, ask(endpoint, "clock"))


@clock.command()
@click.argument("duration")
@click.pass_obj
def advance(choice: _Choice, duration: str) -> None:
    """Move time forward by DURATION (35s, 1h30m, 23d); what was due happens in order."""
    _order(choice, {"advance": duration})


@clock.command(name="set")
@click.argument("moment")
@click.pass_obj
def set_(choice: _Choice, moment: str) -> None:
    """Move time forward to MOMENT (2030-01-01T00:00:00Z); what was due happens in order."""
    _order(choice, {"set": moment})


@clock.command()
@click.pass_obj
def freeze(choice: _Choice) -> None:
    """Let time stand still."""
    _order(choice, {"freeze": True})


@clock.command()
@click.pass_obj
def resume(choice: _Choice) -> None:
    """Let time run on from where it stands."""
    _order(choice, {"resume": True})


def _order(choice: _Choice, order: dict[str, object]) -> None:
    _show(choice, ask(choice.endpoint, "clock", "POST", order))


def _show(choice: _Choice, answer: dict[str, object]) -> None:
    if choice.is_json:
        print_json(answer)
        return
    for kind, counts in cast("dict[str, dict[str, int]]", answer.get("report", {})).items():
        for name, count in counts.items():
            click.echo(f"{count:>9,} {kind}: {name}")
    if "timers_fired" in answer:
        click.echo(f"{answer['timers_fired']:>9,} timers ran.")
    now_ms, offset_ms = cast("int", answer["now_ms"]), cast("int", answer["offset_ms"])
    state = "frozen" if answer["frozen"] else "running"
    click.echo(f"{iso(now_ms)} ({state}, {offset_ms / 1000:+.3f} s from the machine's clock)")

"""`kamome faults`: order faults, list and remove them, and see what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import click

from kamome.cli.admin_client import ask, endpoint_option, json_option, print_json
from kamome.observe.times import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

# Members of a rule and what they mean, as options of `add`. docs/testing.md has the examples.
_TEXTS = {
    "service": "Service that is called: sqs, sns, s3, lambda, dynamodb, ses, sts, ecs, smtp.",
    "operation": "Operation, such as SendMessage or Send*; a stage of SMTP, such as rcpt.",
    "resource": "Name or ARN of what the call is about; * and ? are allowed.",
    "account": "Account that is called, 12 digits.",
    "region": "Region that is called.",
    "source": "Who calls: client, or a service such as sns.",
    "error": "Effect: this AWS error code.",
    "message": "Sentence of the error.",
    "latency": "Effect: a client waits this long, in real time.",
    "reply": 'Effect: an SMTP reply, such as "451 4.7.1 Try again later".',
    "delay": "Effect: messages come this much later, by the clock.",
    "reorder": "Effect: messages overtake each other within this window.",
    "start": "From when on: a duration from now, or a moment.",
    "end": "Until when: a duration from now, or a moment.",
    "duration": "For how long from the start on.",
}
_NUMBERS = {
    "status": "Effect: this HTTP status, with a fitting code or that of --error.",
    "duplicate": "Effect: messages come this many times more.",
    "count": "How often it happens at most.",
    "seed": "Seed of what is left to chance; the same seed repeats it.",
}
_FLAGS = {
    "throttle": "Effect: the service's own throttling error.",
    "outage": "Effect: the service is out of order.",
}
_NO_MEMBERS = frozenset({"id", "matched", "struck", "used_up", "seed", "start", "end", "count"})


@click.group()
@endpoint_option
@click.pass_context
def faults(ctx: click.Context, endpoint: str) -> None:
    """Order faults, and see what they did."""
    ctx.obj = endpoint


def _with_members(command: Callable[..., None]) -> Callable[..., None]:
    for name, shown in reversed(_TEXTS.items()):
        command = click.option(f"--{name}", help=shown)(command)
    for name, shown in reversed(_NUMBERS.items()):
        command = click.option(f"--{name}", type=int, help=shown)(command)
    for name, shown in reversed(_FLAGS.items()):
        command = click.option(f"--{name}", is_flag=True, default=None, help=shown)(command)
    command = click.option(
        "--drop",
        type=click.Choice(["before", "after"]),
        help="Effect: the connection breaks, before anything is done or after.",
    )(command)
    return click.option(
        "--probability", type=float, help="Chance that it happens to a call that matches."
    )(command)


@faults.command()
@_with_members
@json_option
@click.pass_obj
def add(endpoint: str, /, is_json: bool, **members: object) -> None:
    """Order a fault: what it matches, one effect, how often and when."""
    rule = {name: value for name, value in members.items() if value is not None}
    answer = ask(endpoint, "faults", "POST", rule)
    if is_json:
        print_json(answer)
        return
    click.echo(f"{answer['id']}  {_effect(answer)}")


@faults.command()
@json_option
@click.pass_obj
def ls(endpoint: str, is_json: bool) -> None:
    """List the rules in the order they are asked."""
    rules = _rows(ask(endpoint, "faults"), "rules")
    if is_json:
        print_json(rules)
        return
    _print_rules(rules)


@faults.command()
@click.argument("rule_ids", metavar="ID...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Remove every rule.")
@click.pass_obj
def rm(endpoint: str, rule_ids: Sequence[str], is_all: bool) -> None:
    """Remove rules."""
    if bool(rule_ids) == is_all:
        raise click.UsageError("Name the rules to remove, or give --all.")
    if is_all:
        removed = ask(endpoint, "faults", "DELETE")["removed"]
        click.echo(f"Removed {removed} rules.")
        return
    for rule_id in rule_ids:
        ask(endpoint, f"faults/{rule_id}", "DELETE")
        click.echo(f"Removed {rule_id}.")


@faults.command()
@click.option("--clear", is_flag=True, help="Begin a new report afterwards.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@json_option
@click.pass_obj
def report(endpoint: str, clear: bool, limit: int, is_json: bool) -> None:
    """Say what has struck, and which messages were handled twice."""
    answer = ask(endpoint, "faults/report")
    if clear:
        ask(endpoint, "faults/report", "DELETE")
    if is_json:
        print_json(answer)
        return
    _print_rules(_rows(answer, "rules"))
    strikes = _rows(answer, "strikes")
    _print_strikes(strikes[-limit:], cast("int", answer["struck"]))
    _print_twice(_rows(answer, "handled_twice")[-limit:])


# ---------------------------------------------------------------------- output


def _print_rules(rules: Sequence[Mapping[str, object]]) -> None:
    rows = [
        [
            str(rule["id"]),
            _effect(rule),
            f"{rule['matched']:,}",
            f"{rule['struck']:,}" + (f" of {rule['count']}" if "count" in rule else ""),
            str(rule["seed"]),
            f"{rule.get('start', '')} - {rule.get('end', '')}".strip(" -"),
        ]
        for rule in rules
    ]
    _print_table("Fault rules", ["id", "rule", "matched", "struck", "seed", "when"], rows)


def _print_strikes(strikes: Sequence[Mapping[str, object]], total: int) -> None:
    rows = [
        [
            iso(cast("int", strike["at_ms"])),
            str(strike["rule"]),
            f"{strike['effect']} {strike['detail']}".strip(),
            f"{strike['source']} to {strike['service']}",
            str(strike["operation"]),
            str(strike["resource"]),
        ]
        for strike in strikes
    ]
    title = f"Faults that struck: {total:,}"
    if 0 < len(rows) < total:
        title += f", the last {len(rows)} of them"
    _print_table(title, ["when", "rule", "fault", "call", "operation", "resource"], rows)


def _print_twice(twice: Sequence[Mapping[str, object]]) -> None:
    rows = [
        [
            str(each["queue"]),
            str(each["cause"]),
            iso(cast("int", handling["at_ms"])),
            str(handling["message_id"]),
            str(handling["receive_count"]),
            str(handling["by"]),
        ]
        for each in twice
        for handling in cast("Sequence[Mapping[str, object]]", each["handlings"])
    ]
    columns = ["queue", "cause", "handled", "message id", "receive", "by"]
    _print_table("Messages handled twice", columns, rows)


def _effect(rule: Mapping[str, object]) -> str:
    return " ".join(
        f"{name}={value}" if value is not True else name
        for name, value in rule.items()
        if name not in _NO_MEMBERS
    )


def _rows(answer: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    return cast("Sequence[Mapping[str, object]]", answer[name])


def _print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        click.echo(f"{title}: none." if not title.endswith("0") else f"{title}.")
        return
    from kamome.cli.report import report_for_stdout

    report_for_stdout().table(title, columns, rows)

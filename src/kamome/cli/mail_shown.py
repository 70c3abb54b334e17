"""How `kamome mail` shows mails: tables and texts, without what a terminal would act on."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import click

from kamome.cli.admin_client import print_json
from kamome.cli.report import report_for_stdout

Json = Mapping[str, object]

# Whoever writes a mail must not move the cursor, colour the screen or turn the text around.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_SHOWN_CHARACTERS = 50
# The beginning of an id: the moment and a part of the rest, enough to name it by.
_ID_SHOWN = 25
_COLOURS = {"captured": "dim", "delivered": "dim", "": "dim", "bounced": "red", "expired": "red"}
_ARROWS = {"received": "in", "sent": "out"}


def printable(text: str) -> str:
    """Text without control characters, but for line ends and tabs."""
    return _UNSAFE.sub("\ufffd", text)


def show_list(title: str, mails: Sequence[Json], *, is_json: bool) -> None:
    """Mails as lines of a table."""
    if is_json:
        print_json(mails)
        return
    if not mails:
        click.echo(f"{title}: none.")
    elif sys.stdout.isatty():
        _show_on_terminal(title, mails)
    else:
        _show_plainly(title, mails)


def _show_on_terminal(title: str, mails: Sequence[Json]) -> None:
    """One line for each mail, whatever the width: whom it is from or to, and the id's beginning."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(printable(title)), title_justify="left", box=SIMPLE_HEAD)
    table.add_column("at (UTC)", no_wrap=True, min_width=11)
    table.add_column("", no_wrap=True, min_width=14)
    table.add_column("from or to", no_wrap=True, overflow="ellipsis", ratio=2)
    table.add_column("subject", no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column("id", no_wrap=True, min_width=_ID_SHOWN)
    for mail in mails:
        state = " ".join(_texts(mail["states"])[1:])
        is_in = mail["direction"] == "received"
        whom = _texts(mail["senders"])[:1] if is_in else _texts(mail["recipients"])
        table.add_row(
            str(mail["at"])[5:16].replace("T", " "),
            Text("→ in" if is_in else "← out", "cyan" if is_in else "green").append(
                f" {state}", _COLOURS.get(state, "yellow")
            ),
            Text(_one_line(whom)),
            Text(_one_line([str(mail["subject"])])),
            Text(str(mail["id"])[:_ID_SHOWN], "dim"),
        )
    Console(highlight=False).print(table)


def _show_plainly(title: str, mails: Sequence[Json]) -> None:
    rows = [
        [
            str(mail["at"])[:19].replace("T", " "),
            _ARROWS[str(mail["direction"])],
            ", ".join(_texts(mail["states"])[1:]),
            _cut(_texts(mail["senders"])[:1]),
            _cut(_texts(mail["recipients"])),
            _cut([str(mail["subject"])]),
            str(mail["id"]),
        ]
        for mail in mails
    ]
    columns = ("at (UTC)", "", "state", "from", "to", "subject", "id")
    report_for_stdout().table(printable(title), columns, rows)


def show_mail(mail: Json, what: str) -> None:
    """One mail: its text with what happened to it, or its headers, or its parts."""
    if what == "headers":
        for field in _mappings(mail["headers"]):
            click.echo(printable(f"{field['name']}: {field['value']}"))
        return
    if what == "tree":
        _show_part(cast("Json", mail["tree"]), 0)
        return
    _show_head(mail)
    text = mail["text"]
    if text is None and mail["html"] is not None:
        click.echo("\n(There is HTML only: --html shows it.)")
    else:
        click.echo("\n" + printable(str(text or "")).rstrip() + "\n")
    _show_attachments(mail)
    _show_deeds(mail)


def show_spool(spool: Json) -> None:
    """What waits to leave, by domain."""
    rows = [
        [
            str(each["domain"]),
            str(each["recipients"]),
            _utc(int(str(each["due_ms"]))),
            str(each["last_words"]),
        ]
        for each in _mappings(spool["domains"])
    ]
    title = f"Mail that waits (by {', '.join(_texts(spool['transports']))})"
    if rows:
        _table(title, ("domain", "recipients", "next attempt (UTC)", "last words"), rows)
    else:
        click.echo(f"{title}: none.")


def _utc(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")


def _show_head(mail: Json) -> None:
    lines = {
        "id": mail["id"],
        "from": " / ".join(_texts(mail["senders"])),
        "to": ", ".join(_texts(mail["recipients"])),
        "subject": mail["subject"],
        "at": mail["at"],
        "state": ", ".join(_texts(mail["states"])),
        "size": f"{mail['raw_bytes']} bytes",
        "account": " ".join(filter(None, (str(mail["account"]), str(mail["region"])))),
        "set": mail["configuration_set"],
        "tags": _tags(cast("Mapping[str, object]", mail["tags"])),
        "checks": _checks(cast("Json", mail.get("checks") or {})),
        "trace": mail["trace"],
    }
    for name, value in lines.items():
        if value:
            click.echo(printable(f"{name:>8}  {value}"))


def _checks(checks: Json) -> str:
    words = []
    for name in ("spf", "dmarc", "spam", "virus"):
        check = cast("Json | None", checks.get(name))
        if check is not None:
            words.append(f"{name} {check['result']}")
    words += [
        f"dkim {signature['result']} ({signature.get('domain', '')})"
        for signature in _mappings(checks.get("signatures") or [])
    ]
    return ", ".join(words)


def _tags(tags: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={'|'.join(_texts(values))}" for name, values in tags.items())


def _show_attachments(mail: Json) -> None:
    rows = [
        [str(each["number"]), str(each["filename"]), str(each["content_type"]), str(each["bytes"])]
        for each in _mappings(mail["attachments"])
    ]
    if rows:
        columns = ("number", "name", "type", "bytes")
        _table("Attachments (--attachment NUMBER -o FILE)", columns, rows)


def _show_deeds(mail: Json) -> None:
    """What rules have done with it, how its recipients stand, what happened."""
    if steps := _mappings(mail.get("steps") or []):
        rows = [
            [str(each[name] or "") for name in ("rule_set", "rule", "action", "done_at", "result")]
            for each in steps
        ]
        _table("Receipt rules", ("rule set", "rule", "action", "done", "result"), rows)
    if delivery := _mappings(mail.get("delivery") or []):
        rows = [
            [
                str(each["recipient"]),
                str(each["state"]),
                str(each["attempts"]),
                str(each["remote_host"]),
                " ".join(str(each[name]) for name in ("code", "enhanced", "text") if each[name]),
            ]
            for each in delivery
        ]
        _table("Delivery", ("recipient", "state", "attempts", "server", "reply"), rows)
    if events := _mappings(mail.get("events") or []):
        rows = [[str(each[name]) for name in ("at", "type", "recipient")] for each in events]
        _table("Events", ("at", "event", "recipient"), rows)


def _show_part(part: Json, depth: int) -> None:
    words = [
        str(part["content_type"]),
        f"{part['bytes']} bytes",
        *(str(part[name]) for name in ("charset", "encoding", "disposition", "filename", "note")),
    ]
    number = str(part["part"])
    line = "  " * depth + " ".join([number, "  ".join(filter(None, words))]).strip()
    click.echo(printable(line))
    for each in _mappings(part["parts"]):
        _show_part(each, depth + 1)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    safe = [[" ".join(printable(cell).split()) for cell in row] for row in rows]
    report_for_stdout().table(title, columns, safe)


def _one_line(texts: Sequence[str]) -> str:
    return " ".join(printable(", ".join(texts)).split())


def _cut(texts: Sequence[str]) -> str:
    text = _one_line(texts)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _texts(value: object) -> list[str]:
    return [str(each) for each in cast("Sequence[object]", value)]


def _mappings(value: object) -> Sequence[Json]:
    return cast("Sequence[Json]", value)

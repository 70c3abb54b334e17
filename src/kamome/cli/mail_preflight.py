"""`kamome mail preflight`: whether the world will take the mails of a domain."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Protocol, cast
from urllib.parse import urlencode

import click

from kamome.cli.admin_client import ask, endpoint_option, json_option, print_json

_WIDTH = 100
_MARKS = {"ok": "✓", "note": "i", "unknown": "?", "warning": "!", "error": "✗"}
_WORDS = {"ok": "ok", "note": "note", "unknown": "unknown", "warning": "WARNING", "error": "ERROR"}
_COLOURS = {
    "ok": "green",
    "note": "cyan",
    "unknown": "magenta",
    "warning": "yellow",
    "error": "bold red",
}
_VERDICTS = {
    "ok": "Ready: nothing stands in the way of your mails.",
    "note": "Ready. The notes can make it better still.",
    "unknown": "Not everything could be found out; nothing that was is wrong.",
    "warning": "Mails will leave. Some receivers will like them less than they could.",
    "error": "Not ready: mend the errors before the first mail leaves.",
}

Finding = Mapping[str, object]


@click.command()
@click.argument("domain")
@click.option("--ip", "addresses", multiple=True, help="Address that mails leave from.")
@click.option("--selector", "selectors", multiple=True, help="DKIM selector that others sign with.")
@click.option("--ehlo", help="Name that the server calls itself.")
@click.option("--mail-from", help="Domain of the envelope's sender.")
@click.option("--probe", help="Domain whose mail server is greeted to try port 25 outwards.")
@click.option("--dns", help="Name servers to ask: system, or ADDRESS[:PORT].")
@click.option("--all", "is_all", is_flag=True, help="Show what is right in full, too.")
@endpoint_option
@json_option
def preflight(
    domain: str,
    *,
    addresses: tuple[str, ...],
    selectors: tuple[str, ...],
    is_all: bool,
    endpoint: str,
    is_json: bool,
    **given: str | None,
) -> None:
    """Examine DOMAIN: reverse DNS, port 25, MX, SPF, DKIM, DMARC and what else mail needs.

    Each finding says what it means and which record to publish. Exit status 1: there are errors.
    """
    parameters = [("domain", domain), *(("ip", each) for each in addresses)]
    parameters += [("selector", each) for each in selectors]
    parameters += [(name, value) for name, value in given.items() if value is not None]
    report = ask(endpoint, f"mails/preflight?{urlencode(parameters)}", "POST", {})
    if is_json:
        print_json(report)
    else:
        shape = _TerminalShape() if sys.stdout.isatty() else _PlainShape()
        _show(report, shape, is_all=is_all)
    if report["worst"] == "error":
        click.get_current_context().exit(1)


class _Shape(Protocol):
    """How a report is laid out."""

    def head(self, title: str, lines: Sequence[str]) -> None:
        """What was examined."""

    def topic(self, title: str, severity: str) -> None:
        """A topic begins, with its worst severity."""

    def finding(self, severity: str, summary: str) -> None:
        """One finding."""

    def words(self, text: str) -> None:
        """What a finding means, or what to do."""

    def record(self, line: str) -> None:
        """A record to publish."""

    def verdict(self, severity: str, text: str) -> None:
        """The end of the report."""


def _show(report: Mapping[str, object], shape: _Shape, *, is_all: bool) -> None:
    sent_from = ", ".join(cast("Sequence[str]", report["addresses"])) or "an unknown address"
    shape.head(
        f"Preflight of {report['domain']}",
        [f"sending from {sent_from}", f"calling itself {report['ehlo_name']}"],
    )
    findings = cast("Sequence[Finding]", report["findings"])
    for topic, title in cast("Mapping[str, str]", report["topics"]).items():
        found = [finding for finding in findings if finding["topic"] == topic]
        if found:
            shape.topic(title, str(found[0]["severity"]))
        for finding in found:
            _show_finding(finding, shape, is_all=is_all)
    counts = [
        f"{count} {'error' if word == 'error' else word}{'s' if count != 1 else ''}"
        for word in ("error", "warning", "unknown", "note", "ok")
        if (count := sum(finding["severity"] == word for finding in findings))
    ]
    worst = str(report["worst"])
    shape.verdict(worst, f"{_VERDICTS[worst]} ({', '.join(counts)})")


def _show_finding(finding: Finding, shape: _Shape, *, is_all: bool) -> None:
    severity = str(finding["severity"])
    shape.finding(severity, str(finding["summary"]))
    if severity == "ok" and not is_all:
        return
    for text in (finding["meaning"], finding["remedy"]):
        if text:
            shape.words(str(text))
    for record in cast("Sequence[Mapping[str, str]]", finding["records"]):
        shape.record(record["line"])


class _PlainShape:
    """Lines of text for files, pipes and build logs."""

    def head(self, title: str, lines: Sequence[str]) -> None:
        click.echo("\n".join([title, *(f"  {line}" for line in lines)]))

    def topic(self, title: str, _severity: str) -> None:
        click.echo(f"\n{title}")

    def finding(self, severity: str, summary: str) -> None:
        click.echo(f"  {_WORDS[severity]}: {summary}")

    def words(self, text: str) -> None:
        click.echo(f"    {text}")

    def record(self, line: str) -> None:
        click.echo(f"    publish: {line}")

    def verdict(self, _severity: str, text: str) -> None:
        click.echo(f"\n{text}")


class _TerminalShape:
    """Colours and marks, as wide as the terminal and never wider than 100 columns."""

    def __init__(self) -> None:
        from rich.console import Console

        console = Console(highlight=False)
        self._console = Console(highlight=False, width=min(console.width, _WIDTH))

    def head(self, title: str, lines: Sequence[str]) -> None:
        from rich.panel import Panel
        from rich.text import Text

        text = Text(title, style="bold")
        for line in lines:
            text.append(f"\n{line}", style="not bold dim")
        self._console.print(Panel(text, expand=False, border_style="blue"))

    def topic(self, title: str, severity: str) -> None:
        from rich.text import Text

        line = Text(f"\n{_MARKS[severity]} ", style=_COLOURS[severity])
        self._console.print(line.append(title, style="bold default"))

    def finding(self, severity: str, summary: str) -> None:
        self._indented(2, summary, style=_COLOURS[severity] if severity != "ok" else "default")

    def words(self, text: str) -> None:
        self._indented(4, text, style="dim")

    def record(self, line: str) -> None:
        from rich.text import Text

        # Not wrapped: it is there to be copied.
        text = Text("    publish  ", style="dim").append(line, style="not dim bold cyan")
        self._console.print(text, soft_wrap=True)

    def verdict(self, severity: str, text: str) -> None:
        from rich.panel import Panel
        from rich.text import Text

        colour = _COLOURS[severity]
        panel = Panel(Text(text, style=colour), expand=False, border_style=colour.split()[-1])
        self._console.print()
        self._console.print(panel)

    def _indented(self, columns: int, text: str, *, style: str) -> None:
        from rich.padding import Padding
        from rich.text import Text

        self._console.print(Padding(Text(text, style=style), (0, 0, 0, columns)))

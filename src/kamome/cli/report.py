"""What the demonstration shows: colours and a moving bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Protocol

import click
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table


class Report(Protocol):
    """Where the demonstration writes."""

    def say(self, line: str) -> None:
        """One line that stays."""

    def progress(self, line: str) -> None:
        """How far it is now; the next one may replace it."""

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows under named columns."""

    def problem(self, line: str) -> None:
        """One line that says what is wrong."""


def report_for_stdout() -> Report:
    """The report that fits where standard output goes."""
    return TerminalReport() if sys.stdout.isatty() else PlainReport()


class PlainReport:
    """Lines of text without control characters, for files, pipes and build logs."""

    def __init__(self) -> None:
        self._last_progress = ""

    def say(self, line: str) -> None:
        """One line."""
        click.echo(line)

    def progress(self, line: str) -> None:
        """One line whenever something has changed."""
        if line != self._last_progress:
            click.echo(line)
        self._last_progress = line

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns set apart by blanks, each as wide as its widest text."""
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        click.echo(f"\n{title}\n")
        for row in (columns, ["-" * width for width in widths], *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo("  ".join(cells).rstrip())

    def problem(self, line: str) -> None:
        """One line that says so."""
        click.echo(f"PROBLEM: {line}")


class TerminalReport:
    """The same on a terminal, with `rich`."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._status: Status | None = None

    def say(self, line: str) -> None:
        """One line; what moved before it is gone."""
        self._settle()
        self._console.print(escape(line), soft_wrap=True)

    def progress(self, line: str) -> None:
        """The line that moves."""
        if self._status is None:
            self._status = self._console.status(escape(line))
            self._status.start()
        self._status.update(escape(line))

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table as wide as the terminal."""
        self._settle()
        table = Table(title=escape(title), title_justify="left", header_style="bold")
        for column in columns:
            table.add_column(escape(column), overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row))
        self._console.print()
        self._console.print(table)

    def problem(self, line: str) -> None:
        """One red line."""
        self._settle()
        self._console.print(f"[bold red]Problem:[/] {escape(line)}", soft_wrap=True)

    def _settle(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

"""The report of the demonstration, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from kamome.cli.report import PlainReport, TerminalReport


def test_plain_report_has_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    report = PlainReport()
    report.say("one")
    report.progress("  two")
    report.table("Title", ["mail", "end"], [["a", "recorded"], ["bb", ""]])
    report.problem("three")

    shown = capsys.readouterr().out

    assert all(character.isprintable() for character in shown.replace("\n", ""))
    assert "mail  end\n----  --------\na     recorded\nbb\n" in shown


def test_plain_progress_writes_a_line_only_when_something_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = PlainReport()
    for line in ("1/2", "1/2", "2/2", "2/2"):
        report.progress(line)

    assert capsys.readouterr().out == "1/2\n2/2\n"


def test_terminal_report_shows_brackets_as_they_are() -> None:
    shown = io.StringIO()
    report = TerminalReport(Console(file=shown, force_terminal=True, width=80, highlight=False))

    report.progress("[bold]moving")
    report.say("[red]text")
    report.table("[i]title", ["[b]mail"], [["[u]cell"]])
    report.problem("[/] wrong")

    for text in ("[red]text", "[i]title", "[b]mail", "[u]cell", "[/] wrong"):
        assert text in shown.getvalue()

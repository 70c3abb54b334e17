"""What docs/mail.md shows does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kamome.cli.mail import mail
from kamome.mail.search import FIELDS, STATES

if TYPE_CHECKING:
    from kamome.testing import Kamome

DOCUMENT = (Path(__file__).parents[2] / "docs/mail.md").read_text("utf-8")


def run_example(section: str) -> dict[str, Any]:
    """Run the first example of a section; its names."""
    text = DOCUMENT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    [example, *_] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, "docs/mail.md", "exec"), names)
    return names


def test_the_example_of_receiving_receives(kamome: Kamome) -> None:
    run_example("Receive")
    kamome.mails.send("orders@example.com", sender="shop@example.net", subject="hello")
    kamome.settle()

    [received] = kamome.mails.received
    stored = kamome.client("s3").get_object(Bucket="inbox", Key=received.mail_id)
    assert b"Subject: hello\r\n" in stored["Body"].read()


@pytest.mark.usefixtures("kamome")
def test_the_example_of_feedback_hears_of_the_bounce() -> None:
    names = run_example("What becomes of a mail")

    [bounce] = names["bounces"]
    assert bounce["bouncedRecipients"][0]["emailAddress"] == "bounce@simulator.amazonses.com"


@pytest.mark.parametrize("command", sorted(mail.commands))
def test_every_command_is_in_the_document_and_has_help(command: str) -> None:
    help_ = CliRunner().invoke(mail, [command, "--help"])

    assert f"kamome mail {command}" in DOCUMENT
    assert help_.exit_code == 0


@pytest.mark.parametrize("word", [*(f"{field}:" for field in FIELDS), *STATES])
def test_every_word_of_a_query_is_in_the_document(word: str) -> None:
    assert f"`{word}" in DOCUMENT or f"is:{word}`" in DOCUMENT


def test_every_path_in_the_document_is_served(kamome: Kamome) -> None:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    for path in sorted(set(re.findall(r"GET (/_(?:kamome|aws)/[a-z/-]+)", DOCUMENT))):
        try:
            with urlopen(kamome.endpoint_url + path, timeout=30) as answer:
                assert answer.status == 200, path
        except HTTPError as error:
            with error:
                assert error.status in (200, 400, 404), path
                assert b"There is nothing at" not in error.read(), path

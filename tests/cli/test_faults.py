"""`kamome faults` against a running server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from kamome.cli.faults import faults
from kamome.testing import kamome_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamome.testing import Kamome


@pytest.fixture
def server() -> Iterator[Kamome]:
    with kamome_server() as running:
        yield running


def run(server: Kamome, *arguments: str) -> tuple[int, str]:
    """Exit status and output."""
    done = CliRunner().invoke(faults, ["--endpoint", server.endpoint_url, *arguments])
    return done.exit_code, done.output


def _send(server: Kamome) -> None:
    """Send a message that is handled as often as it comes."""
    sqs = server.client("sqs")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    for message in received.get("Messages", []):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def test_rule_is_added_listed_and_removed(server: Kamome) -> None:
    status, output = run(
        server, "add", "--service", "sqs", "--resource", "orders", "--outage", "--duration", "2d"
    )
    rule_id = output.split()[0]

    assert (status, output) == (0, f"{rule_id}  service=sqs resource=orders outage\n")
    assert rule_id in run(server, "ls")[1]
    assert run(server, "rm", rule_id) == (0, f"Removed {rule_id}.\n")
    assert run(server, "ls") == (0, "Fault rules: none.\n")


def test_numbers_and_chances_are_sent_as_such(server: Kamome) -> None:
    run(server, "add", "--status", "503", "--count", "3", "--seed", "7", "--probability", "0.5")

    [rule] = server.faults.rules()
    assert (rule["status"], rule["count"], rule["seed"], rule["probability"]) == (503, 3, 7, 0.5)


def test_refusal_names_what_to_change(server: Kamome) -> None:
    status, output = run(server, "add", "--service", "sqss", "--outage")

    assert (status, output) == (1, "Error: There is no service sqss. The nearest is sqs.\n")
    assert server.faults.rules() == []


def test_all_rules_are_removed(server: Kamome) -> None:
    for _ in range(2):
        run(server, "add", "--throttle")

    assert run(server, "rm")[0] == 2
    assert run(server, "rm", "--all") == (0, "Removed 2 rules.\n")


def test_report_tells_strikes_and_what_was_handled_twice(server: Kamome) -> None:
    run(server, "add", "--service", "sqs", "--operation", "SendMessage", "--duplicate", "1")
    _send(server)

    status, output = run(server, "report", "--clear")

    assert status == 0
    assert "Faults that struck: 1" in output
    assert "duplicate 1 more" in output
    assert "client to sqs" in output
    assert "duplicate delivery" in output
    assert "Faults that struck: 0." in run(server, "report")[1]


def test_report_is_told_as_json(server: Kamome) -> None:
    run(server, "add", "--service", "sqs", "--operation", "CreateQueue", "--error", "Unlucky")
    with pytest.raises(ClientError, match="Unlucky"):
        _send(server)

    report = json.loads(run(server, "report", "--json")[1])

    assert report["strikes"][0]["detail"] == "Unlucky"
    assert report["handled_twice"] == []

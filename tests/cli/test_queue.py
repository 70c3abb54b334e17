"""`kamome queue` against a running server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from kamome.cli.queue import queue as command

if TYPE_CHECKING:
    from tests.conftest import Tenant


@pytest.fixture
def cli(kamome: Tenant) -> Any:
    """Runs `kamome queue …` as an account of the session's server."""
    given = ["--endpoint", kamome.endpoint, "--access-key", kamome.account]

    def run(*arguments: str, status: int = 0, stdin: str | None = None) -> str:
        result: Result = CliRunner().invoke(command, [*given, *arguments], input=stdin)
        assert result.exit_code == status, result.output
        return result.output

    return run


@pytest.fixture
def sqs(kamome: Tenant) -> Any:
    return type(kamome)(kamome.server, kamome.account, "us-east-1").client("sqs")


def test_sent_message_is_peeked_received_and_deleted(cli: Any, sqs: Any) -> None:
    sqs.create_queue(QueueName="orders")

    assert cli("send", "orders", "-", "--attribute", "kind=new", stdin="two\nlines").startswith(
        "Sent "
    )
    peeked = cli("peek", "orders")
    assert "two lines" in peeked
    assert "visible" in peeked
    [received] = json.loads(cli("receive", "orders", "--delete", "--json"))
    assert received["Body"] == "two\nlines"
    assert received["MessageAttributes"]["kind"]["StringValue"] == "new"
    assert cli("peek", "orders") == "Messages of orders: none.\n"


def test_list_shows_counts_in_a_table_and_as_json(kamome: Tenant, cli: Any, sqs: Any) -> None:
    sqs.create_queue(QueueName="listed")
    cli("send", "listed", "x")

    [row] = [line for line in cli("ls").splitlines() if kamome.account in line]
    assert row.split()[:6] == ["listed", kamome.account, "us-east-1", "1", "0", "0"]
    queues = json.loads(cli("ls", "--json"))
    assert [q["sent"] for q in queues if q["account"] == kamome.account] == [1]


def test_tail_shows_messages_without_receiving_them(cli: Any, sqs: Any) -> None:
    sqs.create_queue(QueueName="orders")
    for body in ("1", "2", "3"):
        cli("send", "orders", body)

    shown = cli("tail", "orders", "--count", "2", "--json").splitlines()

    assert [json.loads(line)["Body"] for line in shown] == ["1", "2"]
    assert len(json.loads(cli("receive", "orders", "--count", "10", "--json"))) == 3


def test_redrive_moves_dead_letters_back(cli: Any, sqs: Any) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    sqs.create_queue(QueueName="orders", Attributes={"RedrivePolicy": policy})
    cli("send", "orders", "x")
    for _ in range(2):
        cli("receive", "orders", "--visibility-timeout", "0")

    assert cli("redrive", "dead", "--wait") == "COMPLETED: 1 of 1 messages moved.\n"
    assert "x" in cli("receive", "orders")


def test_purge_asks_first(cli: Any, sqs: Any) -> None:
    sqs.create_queue(QueueName="orders")
    cli("send", "orders", "x")

    cli("purge", "orders", stdin="n\n", status=1)
    assert len(json.loads(cli("peek", "orders", "--json"))) == 1
    cli("purge", "orders", "--yes")
    assert json.loads(cli("peek", "orders", "--json")) == []


def test_fifo_message_is_sent_with_its_group(cli: Any, sqs: Any) -> None:
    sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})

    cli("send", "orders.fifo", "x", "--group", "a", "--deduplication-id", "1")

    assert " a " in cli("peek", "orders.fifo")


def test_refusals_are_one_sentence(cli: Any) -> None:
    output = cli("peek", "nowhere", status=1)

    assert output.startswith("Error: ")
    assert "does not exist" in output
    assert "Traceback" not in output


def test_server_that_is_not_there_is_named() -> None:
    result = CliRunner().invoke(command, ["--endpoint", "http://127.0.0.1:9", "ls"])

    assert result.exit_code == 1
    assert "kamome serve" in result.output

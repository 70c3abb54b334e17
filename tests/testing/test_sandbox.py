"""`kamome_server` and `KamomeTestCase`: without pytest's fixtures."""

from __future__ import annotations

import os
import unittest
from typing import Any

import boto3
import pytest

from kamome.config import SettingError
from kamome.testing import Kamome, KamomeTestCase, kamome_server


def test_environment_is_as_before_behind_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://elsewhere.example")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    with kamome_server() as kamome:
        assert os.environ["AWS_ENDPOINT_URL"] == kamome.endpoint_url
        assert "AWS_PROFILE" not in os.environ
        assert "AWS_ENDPOINT_URL_SQS" not in os.environ

    assert "AWS_ENDPOINT_URL" not in os.environ
    assert os.environ["AWS_PROFILE"] == "work"
    assert os.environ["AWS_ENDPOINT_URL_SQS"] == "http://elsewhere.example"


def test_environment_is_as_before_where_the_block_fails() -> None:
    before = os.environ.get("AWS_ENDPOINT_URL")

    with pytest.raises(ZeroDivisionError), kamome_server():
        raise ZeroDivisionError

    assert os.environ.get("AWS_ENDPOINT_URL") == before


@kamome_server
def test_decorator_gives_a_server() -> None:
    boto3.client("sqs").create_queue(QueueName="orders")


@kamome_server(region="ap-northeast-1")
def test_decorator_takes_settings_and_gives_the_handle(kamome: Kamome) -> None:
    assert kamome.region == os.environ["AWS_REGION"] == "ap-northeast-1"


@kamome_server
async def test_decorator_takes_coroutine_functions(kamome: Kamome) -> None:
    assert "QueueUrls" not in kamome.client("sqs").list_queues()


@pytest.mark.parametrize("name", ["orders"])
@kamome_server
def test_decorator_leaves_other_parameters_to_pytest(name: str, kamome: Kamome) -> None:
    assert kamome.client("sqs").create_queue(QueueName=name)["QueueUrl"].endswith("/orders")


@kamome_server
class TestDecoratedClass:
    @pytest.mark.parametrize("test", ["the first", "the second"])
    def test_each_method_has_a_server_of_its_own(self, kamome: Kamome, test: str) -> None:
        sqs = kamome.client("sqs")

        assert "QueueUrls" not in sqs.list_queues(), test
        sqs.create_queue(QueueName="orders")


def test_servers_within_each_other_do_not_know_of_each_other() -> None:
    with kamome_server() as outer, kamome_server() as inner:
        inner.client("sqs").create_queue(QueueName="orders")

        assert outer.endpoint_url != inner.endpoint_url
        assert "QueueUrls" not in outer.client("sqs").list_queues()


def test_servers_that_follow_each_other_have_one_endpoint() -> None:
    with kamome_server() as first:
        pass
    with kamome_server() as second:
        assert second.endpoint_url == first.endpoint_url
        assert second.smtp_port == first.smtp_port


def test_server_ends_although_a_client_waits_for_a_message() -> None:
    with kamome_server() as kamome:
        sqs = kamome.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        kamome.clock.freeze()

        assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0)


def test_unknown_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingError, match="The nearest is region"), kamome_server(regio="x"):
        pytest.fail("there is no such server")


def test_unittest_case_has_a_server_for_each_test() -> None:
    class Orders(KamomeTestCase):
        kamome_settings = {"region": "eu-west-1"}

        def test_one(self) -> None:
            self._create()

        def test_two(self) -> None:
            self._create()

        def _create(self) -> None:
            sqs: Any = self.kamome.client("sqs")
            self.assertNotIn("QueueUrls", sqs.list_queues())
            self.assertIn(".eu-west-1.", f".{self.kamome.region}.")
            sqs.create_queue(QueueName="orders")

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Orders).run(result)

    assert result.testsRun == 2
    assert result.wasSuccessful(), result.failures + result.errors

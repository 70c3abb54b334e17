"""What is remembered of requests is bounded: a caller cannot fill the memory with long texts."""

from __future__ import annotations

from sys import getrefcount

import pytest

from kamome.arn import Arn, parse_arn
from kamome.services.sns.arns import topic_key
from kamome.services.sns.errors import InvalidParameter
from kamome.wire import HttpRequest


def test_a_long_arn_is_read_and_not_kept() -> None:
    text = f"arn:aws:s3:::{'k' * 5_000}"
    references = getrefcount(text)

    assert parse_arn(text) == Arn("aws", "s3", "", "", "k" * 5_000)

    assert getrefcount(text) == references


def test_the_name_of_a_header_that_is_long_is_read_and_not_kept() -> None:
    name = b"x-" + b"k" * 1_000
    references = getrefcount(name)

    assert HttpRequest("GET", "/", "", raw_headers=[(name, b"1")]).header(name.decode()) == "1"

    assert getrefcount(name) == references


def test_an_arn_longer_than_any_is_not_one_of_a_topic() -> None:
    with pytest.raises(InvalidParameter):
        topic_key(f"arn:{'p' * 3_000}:sns:us-east-1:123456789012:orders")

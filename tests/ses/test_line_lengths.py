"""Lines of mails that leave: 1,000 octets with their end, and no more, whoever made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.ses.conftest import World

HEAD = b"From: news@example.com\r\nTo: a@example.net\r\nSubject: hi\r\n\r\n"
LONGEST = b"x" * 998


@pytest.fixture
async def verified(world: World) -> World:
    await world.call("VerifyDomainIdentity", Domain="example.com")
    return world


def raw_v2(data: bytes) -> dict[str, Any]:
    return {"Content": {"Raw": {"Data": data}}}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""], ids=["LF", "CRLF", "no end"])
async def test_line_of_1000_octets_leaves(verified: World, end: bytes) -> None:
    await verified.call("SendRawEmail", RawMessage={"Data": HEAD + LONGEST + end})

    assert LONGEST in verified.neighbours.effects("spool")[0][1]


@pytest.mark.parametrize(
    "data",
    [
        HEAD + LONGEST + b"x\r\n",
        HEAD + b"short\n" + LONGEST + b"x",
        HEAD + b"short\r\n" * 20_000 + b"y" * 2_000 + b"\r\n",
        HEAD.replace(b"hi", b"h" * 1_000) + b"body\r\n",
    ],
    ids=["body", "no end", "large mail", "header"],
)
async def test_longer_line_is_refused_by_both_apis(verified: World, data: bytes) -> None:
    first = await verified.refused("SendRawEmail", RawMessage={"Data": data})
    second = await verified.refused_v2("SendEmail", **raw_v2(data))

    assert (first.code, first.status) == ("InvalidParameterValue", 400)
    assert (second.code, second.status) == ("BadRequestException", 400)
    assert first.message.startswith("Line length is more than 1000 characters long")
    assert verified.neighbours.effects("spool") == []
    quota = await verified.call("GetSendQuota")
    assert quota["SentLast24Hours"] == 0


async def test_long_lines_of_a_text_are_encoded(verified: World) -> None:
    body = {"Html": {"Data": "<p>" + "a" * 5_000 + "</p>"}}
    await verified.call(
        "SendEmail",
        Source="news@example.com",
        Destination={"ToAddresses": ["a@example.net"]},
        Message={"Subject": {"Data": "hi " * 500}, "Body": body},
    )

    content = verified.neighbours.effects("spool")[0][1]
    assert max(map(len, content.split(b"\r\n"))) <= 998


async def test_subject_of_one_endless_word_is_refused(verified: World) -> None:
    refused = await verified.refused(
        "SendEmail",
        Source="news@example.com",
        Destination={"ToAddresses": ["a@example.net"]},
        Message={"Subject": {"Data": "h" * 1_000}, "Body": {"Text": {"Data": "hi"}}},
    )

    assert refused.code == "InvalidParameterValue"

"""BDAT: chunks are read by their length, whatever they hold. RFC 3030."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.file_events import until_files

from kamome.mail.chunking import parse_bdat

if TYPE_CHECKING:
    from tests.mail.conftest import Client, World

MAIL = b"Subject: hi\r\n\r\n.dots stay\r\n.\r\nQUIT\r\nlast line\r\n"


async def begin(client: Client) -> None:
    assert "250-CHUNKING" in await client.say("EHLO client.example.com")
    await client.say("MAIL FROM:<sender@example.net>")
    await client.say("RCPT TO:<user@example.com>")


async def chunk(client: Client, octets: bytes, *, last: bool = False) -> str:
    word = b" LAST" if last else b""
    await client.send(b"BDAT %d%s\r\n" % (len(octets), word) + octets)
    return await client.reply()


async def test_one_chunk_is_a_mail(world: World, client: Client) -> None:
    await begin(client)

    assert (await chunk(client, MAIL, last=True)).startswith("250 2.0.0 OK ")
    assert await world.content(world.taken[0]) == MAIL


@pytest.mark.parametrize("octets", [1, 2, 3, 7, 20])
async def test_lines_may_be_cut_by_chunks(world: World, client: Client, octets: int) -> None:
    await begin(client)

    for at in range(0, len(MAIL), octets):
        reply = await chunk(client, MAIL[at : at + octets])
        assert reply.startswith("250 2.0.0 ")
    assert (await chunk(client, b"", last=True)).startswith("250 2.0.0 OK ")

    assert await world.content(world.taken[0]) == MAIL


async def test_pipelined_chunks_and_commands_are_told_apart(world: World, client: Client) -> None:
    await begin(client)

    await client.send(b"BDAT 5\r\nA: b\rBDAT 7 LAST\r\n\n\r\nQUITRSET\r\nNOOP\r\n")

    assert (await client.reply()).startswith("250 2.0.0 5 octets")
    assert (await client.reply()).startswith("250 2.0.0 OK ")
    assert (await client.reply()).startswith("250 2.0.0 OK")
    assert (await client.reply()).startswith("250 2.0.0 OK")
    assert await world.content(world.taken[0]) == b"A: b\r\n\r\nQUIT\r\n"


async def test_large_mail_comes_in_large_chunks(world: World, client: Client) -> None:
    body = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 10_000
    await begin(client)

    assert (await chunk(client, body[:500_001])).startswith("250 ")
    assert (await chunk(client, body[500_001:], last=True)).startswith("250 ")

    assert await world.content(world.taken[0]) == body


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"A: b\r\n\r\nbare\nlf\r\n", "554 5.6.0"),
        (b"A: b\r\n\r\nbare\rcr\r\n", "554 5.6.0"),
        (b"A: b\r\n\r\nends with cr\r", "554 5.6.0"),
        (b"A: b\r\n\r\n" + b"x" * 999 + b"\r\n", "554 5.6.0"),
        (b"x" * 5_000, "554 5.6.0"),
    ],
)
async def test_mail_that_data_would_refuse_is_refused(
    world: World, client: Client, content: bytes, code: str
) -> None:
    await begin(client)

    assert (await chunk(client, content, last=True)).startswith(code)
    assert (await client.say("NOOP")).startswith("250")
    assert world.mail_count() == 0


@pytest.mark.parametrize("argument", ["", "x", "-1", "5 NEXT", "5 LAST LAST", "1e3"])
async def test_chunk_of_no_length_ends_the_session(client: Client, argument: str) -> None:
    await begin(client)

    assert (await client.say(f"BDAT {argument}")).startswith("501 5.5.4")
    assert await client.is_closed()


async def test_chunk_longer_than_any_mail_ends_the_session(client: Client) -> None:
    await begin(client)

    assert (await client.say("BDAT 99999999999")).startswith("552 5.3.4")
    assert await client.is_closed()


async def test_octets_of_a_refused_chunk_are_no_commands(world: World, client: Client) -> None:
    await client.say("EHLO client.example.com")

    assert (await chunk(client, b"NOOP\r\n", last=True)).startswith("503 5.5.1")
    await client.say("MAIL FROM:<sender@example.net>")
    assert (await chunk(client, b"NOOP\r\n", last=True)).startswith("503 5.5.1")
    assert (await client.say("NOOP")).startswith("250")
    assert world.mail_count() == 0


async def test_data_and_recipients_are_refused_once_chunks_have_come(client: Client) -> None:
    await begin(client)
    await chunk(client, b"A: b\r\n")

    assert (await client.say("DATA")).startswith("503 5.5.1")
    assert (await client.say("RCPT TO:<other@example.com>")).startswith("503 5.5.1")


@pytest.mark.parametrize("ending", ["RSET", "EHLO again.example.com", "QUIT"])
async def test_chunks_of_a_mail_that_is_given_up_are_forgotten(
    world: World, client: Client, ending: str
) -> None:
    await begin(client)
    await chunk(client, b"Subject: x\r\n\r\n" + (b"y" * 76 + b"\r\n") * 5_000)

    await client.say(ending)
    await world.inbound.settle()

    await until_files(world.folder / "blobs" / "tmp", lambda: world.files() == [])
    assert world.mail_count() == 0


async def test_client_that_breaks_off_leaves_nothing(world: World, client: Client) -> None:
    await begin(client)
    await client.send(b"BDAT 900000\r\n" + b"z" * 76 + b"\r\n")
    client.reset()

    await world.until(lambda: world.listener.session_count == 0)
    await world.inbound.settle()

    assert world.files() == []
    assert world.mail_count() == 0


@given(st.text(max_size=30))
def test_any_argument_is_a_length_or_nothing(argument: str) -> None:
    parsed = parse_bdat(argument)

    assert parsed is None or parsed[0] >= 0

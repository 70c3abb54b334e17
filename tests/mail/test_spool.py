"""The spool: who is sent what and when, and what its owner hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.file_work import file_work_done
from tests.mail.spool_world import CONTENT, Scripted, SpoolWorld, running_spool

from kamome.errors import ServiceUnavailable
from kamome.mail.outgoing import MAX_AGE_MS, MailUnfit, Outcome
from kamome.mail.transports.capture import Capture

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SpoolWorld]:
    async with running_spool(tmp_path) as world:
        yield world


async def test_mail_is_delivered_with_the_words_of_the_remote(world: SpoolWorld) -> None:
    mail_id = world.send("to@example.net", trace="t1")

    await world.settle()

    assert world.transport.contents == [CONTENT]
    outcome = world.outcomes[0]
    assert (outcome.mail_id, outcome.kind, outcome.recipient) == (
        mail_id,
        "delivered",
        "to@example.net",
    )
    assert (outcome.code, outcome.enhanced, outcome.text) == (250, "2.0.0", "ok")
    assert (outcome.remote_host, outcome.remote_ip) == ("mx.example.net", "192.0.2.1")
    assert (outcome.attempts, outcome.is_permanent, outcome.trace) == (1, False, "t1")
    assert world.states(mail_id) == ["delivered"]


async def test_recipients_of_one_domain_share_a_transaction(world: SpoolWorld) -> None:
    world.send("a@example.net", "b@Example.NET", "c@example.org")

    await world.settle()

    assert sorted(each.recipients for each in world.transport.deliveries) == [
        ("a@example.net", "b@Example.NET"),
        ("c@example.org",),
    ]


async def test_more_than_a_hundred_recipients_are_sent_in_several_transactions(
    world: SpoolWorld,
) -> None:
    world.send(*(f"u{number}@example.net" for number in range(250)))

    await world.settle()

    assert sorted(len(each.recipients) for each in world.transport.deliveries) == [50, 100, 100]
    assert len(world.outcomes) == 250


async def test_each_recipient_has_his_own_outcome(world: SpoolWorld) -> None:
    world.transport.say = lambda recipient, _number: (
        (550, "5.1.1", "unknown") if recipient.startswith("bad") else (250, "2.0.0", "ok")
    )
    mail_id = world.send("good@example.net", "bad@example.net")

    await world.settle()

    assert world.states(mail_id) == ["delivered", "bounced"]
    assert [each.is_permanent for each in world.outcomes] == [False, True]


async def test_put_off_recipient_alone_is_tried_again_after_five_minutes(
    world: SpoolWorld,
) -> None:
    world.transport.say = lambda recipient, number: (
        (451, "4.7.1", "greylisted")
        if recipient.startswith("late") and number == 1
        else (250, "2.0.0", "ok")
    )
    mail_id = world.send("good@example.net", "late@example.net")
    await world.settle()
    assert world.states(mail_id) == ["delivered", "waiting"]

    await world.clock.advance(5 * MINUTE_MS - 1)
    assert len(world.transport.deliveries) == 1

    await world.clock.advance(1)
    assert world.transport.deliveries[1].recipients == ("late@example.net",)
    assert world.kinds() == ["delivered", "delayed", "delivered"]
    assert world.outcomes[-1].attempts == 2
    assert world.outcomes[-1].processing_ms == 5 * MINUTE_MS


async def test_fourteen_hours_of_retries_end_in_expiry(world: SpoolWorld) -> None:
    world.transport.say = lambda _recipient, _number: (421, "4.3.2", "come back later")
    mail_id = world.send()
    began_ms = world.clock.now_ms()

    await world.clock.advance(23 * HOUR_MS)

    assert world.states(mail_id) == ["expired"]
    assert world.kinds()[-1] == "expired"
    assert set(world.kinds()[:-1]) == {"delayed"}
    minutes = [(each.at_ms - began_ms) // MINUTE_MS for each in world.outcomes]
    assert minutes[:7] == [0, 5, 10, 20, 40, 80, 140]
    assert minutes[-1] == MAX_AGE_MS // MINUTE_MS
    assert (world.outcomes[-1].text, world.outcomes[-1].is_permanent) == ("come back later", False)


async def test_mail_with_less_time_expires_sooner(world: SpoolWorld) -> None:
    world.transport.say = lambda _recipient, _number: (421, "4.3.2", "later")
    world.send(max_age_ms=7 * MINUTE_MS)
    began_ms = world.clock.now_ms()

    await world.clock.advance(HOUR_MS)

    assert [(each.kind, (each.at_ms - began_ms) // MINUTE_MS) for each in world.outcomes] == [
        ("delayed", 0),
        ("delayed", 5),
        ("expired", 7),
    ]


async def test_content_is_dropped_when_every_recipient_is_settled(world: SpoolWorld) -> None:
    world.send()

    await world.settle()

    assert world.engine.one("SELECT count(*) FROM outgoing_content") == (0,)
    assert world.engine.one("SELECT count(*) FROM outgoing_lane") == (0,)


async def test_content_in_a_file_is_sent_and_its_file_removed(world: SpoolWorld) -> None:
    content = b"Subject: big\r\n\r\n" + b"x" * 900 + b"\r\n"
    writer = world.blobs.writer()
    await writer.write(content)
    blob = await writer.finish()

    world.send(content=blob)  # type: ignore[arg-type] # a Blob is content, too
    await world.settle()
    await world.engine.durable()
    await file_work_done(world.blobs)

    assert world.transport.contents == [content]
    assert not world.blobs.path(blob.id).exists()


async def test_nothing_is_sent_of_a_step_that_is_undone(world: SpoolWorld) -> None:
    with pytest.raises(RuntimeError), world.engine.atomic():
        world.send()
        raise RuntimeError("the owner's step fails")

    await world.settle()

    assert world.transport.deliveries == []


async def test_slow_domain_holds_up_no_other(world: SpoolWorld) -> None:
    world.transport.gate.clear()
    for _ in range(10):
        world.send("to@slow.example.net")
    world.send("to@example.org")

    await world.until(lambda: world.transport.under_way == 3)

    domains = [each.domain for each in world.transport.deliveries]
    assert domains.count("slow.example.net") == world.transport.per_domain
    assert "example.org" in domains


async def test_no_domain_has_more_transactions_than_the_transport_allows(
    world: SpoolWorld,
) -> None:
    world.transport.gate.clear()
    for _ in range(40):
        world.send("to@example.net")
    await world.until(lambda: world.transport.under_way == 2)

    world.transport.gate.set()
    await world.settle()

    assert len(world.outcomes) == 40
    assert world.transport.most_under_way == 2


async def test_owner_that_fails_hears_of_the_outcome_later(world: SpoolWorld) -> None:
    heard: list[Outcome] = []

    def fail_once(outcome: Outcome) -> None:
        heard.append(outcome)
        if len(heard) == 1:
            raise RuntimeError("the owner has a bad moment")

    world.spool.ports.on_outcome = fail_once
    mail_id = world.send()
    await world.settle()
    assert world.states(mail_id) == ["delivered"]

    await world.clock.advance(MINUTE_MS)

    assert len(heard) == 2
    assert heard[0] == heard[1]
    assert len(world.transport.deliveries) == 1


async def test_outcome_that_cannot_be_kept_is_not_sent_again(
    world: SpoolWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, refusals = world.spool.record, [1, 2, 3]

    def refuse(*arguments: object) -> None:
        if refusals:
            refusals.pop()
            raise ServiceUnavailable("no room")
        record(*arguments)  # type: ignore[arg-type] # passed through

    monkeypatch.setattr(world.spool, "record", refuse)
    mail_id = world.send()

    await world.until(lambda: len(refusals) == 2)
    await world.clock.advance(15_000)

    assert world.states(mail_id) == ["delivered"]
    assert len(world.transport.deliveries) == 1


async def test_transport_that_fails_leaves_the_mail_waiting(world: SpoolWorld) -> None:
    def fail(_recipient: str, _number: int) -> tuple[int, str, str]:
        raise RuntimeError("a mistake of ours")

    world.transport.say = fail
    mail_id = world.send()

    await world.settle()

    assert world.states(mail_id) == ["waiting"]
    assert (world.outcomes[0].code, world.outcomes[0].enhanced) == (451, "4.3.0")


class TestRestart:
    async def test_waiting_mail_is_sent_by_the_next_run(self, tmp_path: Path) -> None:
        async with running_spool(tmp_path) as world:
            await world.lanes.stop()
            world.send()
            await world.settle()
            assert world.transport.deliveries == []

            again = world.restarted()
            again.lanes.start()
            await again.settle()

            assert again.kinds() == ["delivered"]
            await again.lanes.stop()

    async def test_interrupted_attempt_is_made_again(self, tmp_path: Path) -> None:
        async with running_spool(tmp_path) as world:
            world.transport.gate.clear()
            mail_id = world.send()
            await world.until(lambda: world.transport.under_way == 1)
            assert world.states(mail_id) == ["sending"]
            await world.lanes.stop(grace_s=0)

            again = world.restarted()
            again.lanes.start()
            await again.settle()

            assert again.kinds() == ["delivered"]
            assert again.outcomes[0].attempts == 2
            await again.lanes.stop()

    async def test_stop_closes_the_transports(self, tmp_path: Path) -> None:
        async with running_spool(tmp_path) as world:
            await world.lanes.stop()

        assert world.transport.is_closed


class TestCapture:
    async def test_captured_mail_counts_as_delivered_and_is_kept(self, tmp_path: Path) -> None:
        async with running_spool(tmp_path, Capture()) as world:
            mail_id = world.send()
            await world.settle()

            assert world.kinds() == ["delivered"]
            assert (world.outcomes[0].remote_host, world.outcomes[0].remote_ip) == ("capture", "")
            assert world.states(mail_id) == ["captured"]
            assert b"".join([piece async for piece in world.spool.read(mail_id)]) == CONTENT

    async def test_released_mail_is_sent_by_the_transport_asked_for(self, tmp_path: Path) -> None:
        async with running_spool(tmp_path, Capture(), Scripted()) as world:
            mail_id = world.send()
            await world.settle()
            await world.clock.advance(24 * HOUR_MS)

            assert world.spool.release(mail_id, "direct") == 1
            await world.settle()

            assert world.transport.contents == [CONTENT]
            assert world.states(mail_id) == ["delivered"]
            assert [each.transport for each in world.outcomes] == ["capture", "direct"]

    async def test_released_mail_is_tried_for_its_whole_time(self, tmp_path: Path) -> None:
        async with running_spool(tmp_path, Capture(), Scripted()) as world:
            world.transport.say = lambda _recipient, number: (
                (250, "2.0.0", "ok") if number > 3 else (451, "4.7.1", "later")
            )
            mail_id = world.send()
            await world.clock.advance(48 * HOUR_MS)

            world.spool.release(mail_id, "direct")
            await world.clock.advance(HOUR_MS)

            assert world.states(mail_id) == ["delivered"]
            assert len(world.transport.deliveries) == 4

    @pytest.mark.parametrize("transport", ["", "capture", "relay"])
    async def test_release_names_what_there_is(self, tmp_path: Path, transport: str) -> None:
        async with running_spool(tmp_path, Capture(), Scripted()) as world:
            mail_id = world.send()
            await world.settle()

            with pytest.raises(MailUnfit, match="there is direct"):
                world.spool.release(mail_id, transport)

    async def test_release_of_a_mail_that_is_not_captured_does_nothing(
        self, world: SpoolWorld
    ) -> None:
        mail_id = world.send()
        await world.settle()

        assert world.spool.release(mail_id) == 0
        assert world.spool.release("no such mail") == 0

    async def test_captured_mail_is_forgotten_after_a_week(self, tmp_path: Path) -> None:
        async with running_spool(tmp_path, Capture()) as world:
            world.spool.start_retention()
            mail_id = world.send()
            await world.settle()

            await world.clock.advance(7 * 24 * HOUR_MS)
            assert world.spool.find(mail_id) is not None

            await world.clock.advance(2 * HOUR_MS)
            assert world.spool.find(mail_id) is None
            assert world.engine.one("SELECT count(*) FROM outgoing_content") == (0,)


@pytest.mark.parametrize(
    "recipients",
    [
        (),
        ("a@example.net", "a@example.net"),
        ("no-domain",),
        ("a@example.net>\r\nRCPT TO:<b@example.net",),
        ("a@example.net\r\nDATA",),
        ("a@exa mple.net",),
        ("<a@example.net>",),
        ("@route.example.net:a@example.net",),
        ("ü@example.net",),
        ("a\0@example.net",),
    ],
)
async def test_address_that_would_say_more_is_refused(
    world: SpoolWorld, recipients: tuple[str, ...]
) -> None:
    from kamome.mail.outgoing import OutgoingMail

    with pytest.raises(MailUnfit):
        world.spool.put(OutgoingMail("m", "o", "", recipients, 0), CONTENT)

    assert world.spool.find("m") is None


@pytest.mark.parametrize(
    "content", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\n"], ids=["LF", "CR", "smuggled end"]
)
async def test_content_with_a_bare_line_end_is_refused(world: SpoolWorld, content: bytes) -> None:
    with pytest.raises(MailUnfit, match="bare CR or LF"):
        world.send(content=content)

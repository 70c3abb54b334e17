"""What mails are judged by is read once; every change of it, and every undone one, is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kamome.mail.envelope import MailRefused, RecipientVerdict
from kamome.services.ses.receiving import intake
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from tests.ses.conftest import World

TAKEN, UNKNOWN = RecipientVerdict.TAKEN, RecipientVerdict.UNKNOWN
NOT_OURS, BLOCKED = RecipientVerdict.NOT_OURS, RecipientVerdict.BLOCKED
OWNER = Owner("000000000000", "us-east-1")


def judged(world: World, recipient: str = "user@example.com") -> RecipientVerdict:
    return intake.accepts(world.ses, recipient, True, "192.0.2.1")


class Undo(Exception):
    """The step is not kept."""


CHANGES: dict[str, tuple[RecipientVerdict, str, dict[str, Any]]] = {
    "no active set": (UNKNOWN, "SetActiveReceiptRuleSet", {}),
    "another active set": (UNKNOWN, "SetActiveReceiptRuleSet", {"RuleSetName": "empty"}),
    "a rule less": (
        UNKNOWN,
        "DeleteReceiptRule",
        {"RuleSetName": "inbound", "RuleName": "rule-0"},
    ),
    "a rule changed": (
        UNKNOWN,
        "UpdateReceiptRule",
        {"RuleSetName": "inbound", "Rule": {"Name": "rule-0", "Enabled": False}},
    ),
    "a filter": (
        BLOCKED,
        "CreateReceiptFilter",
        {"Filter": {"Name": "f", "IpFilter": {"Policy": "Block", "Cidr": "192.0.2.0/24"}}},
    ),
    "the domain is gone": (NOT_OURS, "DeleteIdentity", {"Identity": "example.com"}),
}


@pytest.mark.parametrize(("after", "operation", "members"), CHANGES.values(), ids=CHANGES)
async def test_change_counts_for_the_next_recipient(
    world: World, after: RecipientVerdict, operation: str, members: dict[str, Any]
) -> None:
    await world.receiving({})
    await world.call("CreateReceiptRuleSet", RuleSetName="empty")
    assert judged(world) == TAKEN

    await world.call(operation, **members)

    assert judged(world) == after


@pytest.mark.parametrize(("after", "operation", "members"), CHANGES.values(), ids=CHANGES)
async def test_change_that_is_undone_never_was(
    world: World, after: RecipientVerdict, operation: str, members: dict[str, Any]
) -> None:
    await world.receiving({})
    await world.call("CreateReceiptRuleSet", RuleSetName="empty")
    assert judged(world) == TAKEN

    with pytest.raises(Undo), world.engine.atomic():
        # None of these operations waits, so each can be played inside a step.
        with pytest.raises(StopIteration):
            world.call(operation, **members).send(None)
        assert judged(world) == after
        raise Undo

    assert judged(world) == TAKEN


async def test_domain_that_is_verified_later_is_ours(world: World) -> None:
    await world.receiving({})
    assert judged(world, "user@example.org") == NOT_OURS

    await world.call("VerifyDomainIdentity", Domain="example.org")

    assert judged(world, "user@example.org") == TAKEN


async def test_filter_that_is_deleted_blocks_nobody(world: World) -> None:
    await world.receiving({})
    block = {"Policy": "Block", "Cidr": "192.0.2.1"}
    await world.call("CreateReceiptFilter", Filter={"Name": "f", "IpFilter": block})
    assert judged(world) == BLOCKED

    await world.call("DeleteReceiptFilter", FilterName="f")

    assert judged(world) == TAKEN


async def test_rules_are_read_once_for_many_mails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.receiving({})
    await world.mail()
    reads: list[str] = []
    original = world.engine.all

    def counted(sql: str, *values: Any) -> Any:
        reads.append(sql)
        return original(sql, *values)

    monkeypatch.setattr(world.engine, "all", counted)
    judged(world)
    intake.wants_scan(world.ses, ("user@example.com",))
    await world.mail()

    assert not [sql for sql in reads if "ses_receipt_rule" in sql or "ses_identity" in sql]


async def test_callers_change_no_rule_by_what_they_are_given(world: World) -> None:
    await world.receiving({"Recipients": ["user@example.com"]})
    judged(world)

    described = await world.call("DescribeActiveReceiptRuleSet")
    described["Rules"][0]["Recipients"][0] = "other@example.com"

    assert judged(world) == TAKEN


async def test_strangers_do_not_fill_the_memory(world: World) -> None:
    await world.receiving({})

    for number in range(10_000):
        assert judged(world, f"user@{number}.example") == NOT_OURS

    assert len(world.ses.identities._owners) <= 4_096
    with pytest.raises(MailRefused):
        await world.mail(recipients=("user@1.example",))
    assert world.ses.store.active_rules(OWNER)[0] == "inbound"

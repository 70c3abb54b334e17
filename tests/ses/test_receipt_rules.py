"""Operations on receipt rule sets and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kamome.context import RequestContext

if TYPE_CHECKING:
    from tests.ses.conftest import World

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:status"
ON_RULE_SETS: list[tuple[str, dict[str, object]]] = [
    ("CreateReceiptRule", {"Rule": {"Name": "a"}}),
    ("UpdateReceiptRule", {"Rule": {"Name": "a"}}),
    ("DeleteReceiptRule", {"RuleName": "a"}),
    ("DescribeReceiptRule", {"RuleName": "a"}),
    ("DescribeReceiptRuleSet", {}),
    ("ReorderReceiptRuleSet", {"RuleNames": []}),
    ("SetActiveReceiptRuleSet", {}),
]


async def names(world: World, rule_set: str = "inbound") -> list[str]:
    described = await world.call("DescribeReceiptRuleSet", RuleSetName=rule_set)
    return [rule["Name"] for rule in described["Rules"]]


BOUNCE = {
    "SmtpReplyCode": "550",
    "StatusCode": "5.1.1",
    "Message": "No such mailbox",
    "Sender": "postmaster@example.com",
}
INVALID = ("InvalidParameterValue", "")


async def with_rules(world: World, *rules: str) -> None:
    await world.call("CreateReceiptRuleSet", RuleSetName="inbound")
    for name in reversed(rules):
        await world.call("CreateReceiptRule", RuleSetName="inbound", Rule={"Name": name})


async def test_new_rule_comes_first_unless_after_is_given(world: World) -> None:
    await with_rules(world, "b")

    await world.call("CreateReceiptRule", RuleSetName="inbound", Rule={"Name": "a"})
    await world.call("CreateReceiptRule", RuleSetName="inbound", Rule={"Name": "m"}, After="a")
    await world.call("CreateReceiptRule", RuleSetName="inbound", Rule={"Name": "z"}, After="b")

    assert await names(world) == ["a", "m", "b", "z"]


async def test_an_empty_after_is_none(world: World) -> None:
    """AWS's own example of CreateReceiptRule has one."""
    await with_rules(world, "b")

    await world.call("CreateReceiptRule", RuleSetName="inbound", Rule={"Name": "a"}, After="")
    await world.call("SetReceiptRulePosition", RuleSetName="inbound", RuleName="b", After="")

    assert await names(world) == ["b", "a"]


async def test_rule_is_described_with_its_defaults(world: World) -> None:
    actions = [
        {"S3Action": {"BucketName": "mails", "ObjectKeyPrefix": "in/", "TopicArn": TOPIC}},
        {"LambdaAction": {"FunctionArn": FUNCTION}},
        {"SNSAction": {"TopicArn": TOPIC}},
        {"AddHeaderAction": {"HeaderName": "X-A", "HeaderValue": "1"}},
        {"StopAction": {"Scope": "RuleSet"}},
    ]
    await world.call("CreateReceiptRuleSet", RuleSetName="inbound")
    await world.call(
        "CreateReceiptRule", RuleSetName="inbound", Rule={"Name": "r", "Actions": actions}
    )

    found = await world.call("DescribeReceiptRule", RuleSetName="inbound", RuleName="r")

    assert found["Rule"] == {
        "Name": "r",
        "Enabled": False,
        "TlsPolicy": "Optional",
        "Recipients": [],
        "ScanEnabled": False,
        "Actions": [
            actions[0],
            {"LambdaAction": {"FunctionArn": FUNCTION, "InvocationType": "Event"}},
            {"SNSAction": {"TopicArn": TOPIC, "Encoding": "UTF-8"}},
            *actions[3:],
        ],
    }


async def test_update_replaces_a_rule_at_its_place(world: World) -> None:
    await with_rules(world, "a", "b", "c")

    await world.call(
        "UpdateReceiptRule", RuleSetName="inbound", Rule={"Name": "b", "Enabled": True}
    )

    assert await names(world) == ["a", "b", "c"]
    found = await world.call("DescribeReceiptRule", RuleSetName="inbound", RuleName="b")
    assert found["Rule"]["Enabled"] is True


async def test_deleted_rule_is_gone_and_may_be_deleted_again(world: World) -> None:
    await with_rules(world, "a", "b")

    for _ in range(2):
        await world.call("DeleteReceiptRule", RuleSetName="inbound", RuleName="a")

    assert await names(world) == ["b"]


async def test_rules_are_reordered(world: World) -> None:
    await with_rules(world, "a", "b", "c")

    await world.call("ReorderReceiptRuleSet", RuleSetName="inbound", RuleNames=["c", "a", "b"])

    assert await names(world) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (["a"], "InvalidParameterValue"),
        (["a", "b", "b"], "InvalidParameterValue"),
        (["a", "x"], "RuleDoesNotExist"),
    ],
)
async def test_reordering_must_name_every_rule_once(
    world: World, order: list[str], code: str
) -> None:
    await with_rules(world, "a", "b")

    error = await world.refused("ReorderReceiptRuleSet", RuleSetName="inbound", RuleNames=order)

    assert error.code == code
    assert await names(world) == ["a", "b"]


async def test_active_rule_set_is_described_and_cannot_be_deleted(world: World) -> None:
    await with_rules(world, "a")
    assert await world.call("DescribeActiveReceiptRuleSet") == {}

    await world.call("SetActiveReceiptRuleSet", RuleSetName="inbound")

    active = await world.call("DescribeActiveReceiptRuleSet")
    assert active["Metadata"] == {"Name": "inbound", "CreatedTimestamp": 1_760_000_000.0}
    assert [rule["Name"] for rule in active["Rules"]] == ["a"]
    error = await world.refused("DeleteReceiptRuleSet", RuleSetName="inbound")
    assert (error.code, error.message) == ("CannotDelete", "Cannot delete active rule set: inbound")

    await world.call("SetActiveReceiptRuleSet")
    await world.call("DeleteReceiptRuleSet", RuleSetName="inbound")
    await world.call("DeleteReceiptRuleSet", RuleSetName="inbound")
    assert await world.call("ListReceiptRuleSets") == {"RuleSets": []}


async def test_rule_set_made_anew_has_no_old_rules(world: World) -> None:
    await with_rules(world, "a")
    await world.call("DeleteReceiptRuleSet", RuleSetName="inbound")

    await world.call("CreateReceiptRuleSet", RuleSetName="inbound")

    assert await names(world) == []


async def test_accounts_and_regions_have_their_own_rule_sets(world: World) -> None:
    await with_rules(world, "a")
    other = RequestContext("111111111111", "us-east-1", "root", "r2")

    assert await world.call("ListReceiptRuleSets", other) == {"RuleSets": []}


@pytest.mark.parametrize(
    ("operation", "members", "code", "message", "extra"),
    [
        (
            "CreateReceiptRuleSet",
            {"RuleSetName": "inbound"},
            "AlreadyExists",
            "Rule set already exists: inbound",
            {"Name": "inbound"},
        ),
        (
            "CreateReceiptRule",
            {"RuleSetName": "inbound", "Rule": {"Name": "a"}},
            "AlreadyExists",
            "Rule already exists: a",
            {"Name": "a"},
        ),
        (
            "CreateReceiptRule",
            {"RuleSetName": "inbound", "Rule": {"Name": "b"}, "After": "x"},
            "RuleDoesNotExist",
            "Rule does not exist: x",
            {"Name": "x"},
        ),
        (
            "UpdateReceiptRule",
            {"RuleSetName": "inbound", "Rule": {"Name": "x"}},
            "RuleDoesNotExist",
            "Rule does not exist: x",
            {"Name": "x"},
        ),
        (
            "DescribeReceiptRule",
            {"RuleSetName": "inbound", "RuleName": "x"},
            "RuleDoesNotExist",
            "Rule does not exist: x",
            {"Name": "x"},
        ),
        *(
            (
                operation,
                {"RuleSetName": "none", **members},
                "RuleSetDoesNotExist",
                "Rule set does not exist: none",
                {"Name": "none"},
            )
            for operation, members in ON_RULE_SETS
        ),
        ("ListReceiptRuleSets", {"NextToken": "x"}, "InvalidParameterValue", None, {}),
    ],
)
async def test_refusal_has_the_code_and_sentence_of_aws(
    world: World,
    operation: str,
    members: dict[str, object],
    code: str,
    message: str | None,
    extra: dict[str, object],
) -> None:
    await with_rules(world, "a")

    error = await world.refused(operation, **members)

    assert (error.code, error.status, error.members) == (code, 400, extra)
    assert message is None or error.message == message


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a.b", "ä", "a" * 65])
async def test_rule_set_name_is_checked(world: World, name: str) -> None:
    error = await world.refused("CreateReceiptRuleSet", RuleSetName=name)

    assert error.code == "ValidationError"
    assert f"Value '{name}' at 'ruleSetName' failed to satisfy constraint" in error.message


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"Name": "a_"}, "ValidationError", "at 'rule.name' failed"),
        ({"Recipients": ["a@example.com"] * 101}, "LimitExceeded", "100 recipients"),
        ({"Actions": [{"StopAction": {"Scope": "RuleSet"}}] * 11}, "LimitExceeded", "10 actions"),
        ({"Recipients": ["nonsense"]}, "InvalidParameterValue", "nonsense"),
        ({"Recipients": ["@example.com"]}, "InvalidParameterValue", "@example.com"),
        ({"Recipients": ["..example.com"]}, "InvalidParameterValue", "..example.com"),
        ({"Actions": [{}]}, "InvalidParameterValue", "exactly one action"),
        (
            {"Actions": [{"S3Action": {"BucketName": "none"}}]},
            "InvalidS3Configuration",
            "Could not write to bucket: none",
        ),
        (
            {"Actions": [{"S3Action": {"BucketName": "mails", "TopicArn": "arn:x"}}]},
            "InvalidSnsTopic",
            "Invalid SNS topic: arn:x",
        ),
        ({"Actions": [{"SNSAction": {"TopicArn": "arn:x"}}]}, "InvalidSnsTopic", "arn:x"),
        (
            {"Actions": [{"StopAction": {"Scope": "RuleSet", "TopicArn": "arn:x"}}]},
            "InvalidSnsTopic",
            "arn:x",
        ),
        (
            {"Actions": [{"LambdaAction": {"FunctionArn": "arn:f"}}]},
            "InvalidLambdaFunction",
            "Could not invoke Lambda function: arn:f",
        ),
        (
            {"Actions": [{"S3Action": {"BucketName": "mails", "ObjectKeyPrefix": "p" * 985}}]},
            "InvalidParameterValue",
            "984",
        ),
        (
            {"Actions": [{"AddHeaderAction": {"HeaderName": "X A", "HeaderValue": "v"}}]},
            "ValidationError",
            "rule.actions.1.member.addHeaderAction.headerName",
        ),
        (
            {"Actions": [{"AddHeaderAction": {"HeaderName": "X", "HeaderValue": "a\r\nBcc: b"}}]},
            "ValidationError",
            "headerValue",
        ),
        (
            {"Actions": [{"S3Action": {"BucketName": "mails", "KmsKeyArn": "arn:k"}}]},
            "InvalidS3Configuration",
            "KMS key arn:k",
        ),
        ({"Actions": [{"BounceAction": BOUNCE | {"SmtpReplyCode": "250"}}]}, *INVALID),
        ({"Actions": [{"BounceAction": BOUNCE | {"StatusCode": "4.1.1"}}]}, *INVALID),
        ({"Actions": [{"BounceAction": BOUNCE | {"Message": " "}}]}, *INVALID),
        ({"Actions": [{"BounceAction": BOUNCE | {"Sender": "nobody"}}]}, *INVALID),
        ({"Actions": [{"WorkmailAction": {"OrganizationArn": "m-1"}}]}, *INVALID),
        ({"Actions": [{"ConnectAction": {"InstanceARN": "x", "IAMRoleARN": "y"}}]}, *INVALID),
    ],
)
async def test_rule_that_cannot_be_is_refused_and_nothing_kept(
    world: World, change: dict[str, Any], code: str, words: str
) -> None:
    await with_rules(world)

    error = await world.refused(
        "CreateReceiptRule", RuleSetName="inbound", Rule={"Name": "r", **change}
    )

    assert error.code == code
    assert words in error.message
    assert await names(world) == []


async def test_account_has_forty_rule_sets(world: World) -> None:
    for number in range(40):
        await world.call("CreateReceiptRuleSet", RuleSetName=f"s{number}")

    assert (await world.refused("CreateReceiptRuleSet", RuleSetName="s40")).code == "LimitExceeded"


async def test_rule_set_has_two_hundred_rules(world: World) -> None:
    await with_rules(world, *(f"r{number}" for number in range(200)))

    error = await world.refused("CreateReceiptRule", RuleSetName="inbound", Rule={"Name": "more"})

    assert error.code == "LimitExceeded"

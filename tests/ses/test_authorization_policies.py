"""Sending authorization policies, judged as IAM judges them."""

from __future__ import annotations

import json

import pytest

from kamome.services.ses.identities.authorization_policies import (
    Attempt,
    PolicyInvalid,
    check_policy,
    is_allowed,
)

ARN = "arn:aws:ses:us-east-1:111111111111:identity/example.com"
ATTEMPT = Attempt(
    principal="arn:aws:iam::222222222222:user/post",
    account="222222222222",
    action="ses:SendRawEmail",
    resource=ARN,
    values={
        "ses:fromaddress": ["news@example.com"],
        "ses:recipients": ["a@example.net", "b@example.org"],
        "aws:sourceip": ["192.0.2.9"],
    },
)


def policy(**changes: object) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "222222222222"},
        "Action": "ses:SendRawEmail",
        "Resource": ARN,
        **changes,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::222222222222:root"]}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::222222222222:user/post"}}, True),
        ({"Principal": {"AWS": "333333333333"}}, False),
        ({"Principal": {"Service": "ses.amazonaws.com"}}, False),
        ({"Action": ["ses:SendEmail"]}, False),
        ({"Action": "ses:Send*"}, True),
        ({"Resource": "*"}, True),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"StringLike": {"ses:FromAddress": "*@example.com"}}}, True),
        ({"Condition": {"StringEquals": {"ses:FromAddress": "other@example.com"}}}, False),
        ({"Condition": {"StringNotEquals": {"ses:FromAddress": "other@example.com"}}}, True),
        ({"Condition": {"StringLike": {"ses:FromAddress": "[n]ews@example.com"}}}, False),
        ({"Condition": {"ForAllValues:StringLike": {"ses:Recipients": "*@example.net"}}}, False),
        ({"Condition": {"ForAnyValue:StringLike": {"ses:Recipients": "*@example.net"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, True),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}}, False),
        ({"Condition": {"StringEquals": {"ses:FeedbackAddress": "a@example.com"}}}, False),
    ],
    ids=str,
)
def test_statement_decides(changes: dict[str, object], allowed: bool) -> None:
    check_policy(policy(**changes), ARN)

    assert is_allowed([policy(**changes)], ATTEMPT) is allowed


def test_deny_wins_over_allow() -> None:
    assert not is_allowed([policy(), policy(Effect="Deny")], ATTEMPT)


def test_without_a_policy_nobody_else_may_send() -> None:
    assert not is_allowed([], ATTEMPT)


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        "{}",
        '{"Version": "2020-01-01", "Statement": []}',
        policy(Effect="Maybe"),
        policy(Action=[]),
        policy(Action="s3:GetObject"),
        policy(Resource="arn:aws:ses:us-east-1:111111111111:identity/example.net"),
        policy(Condition={"StringEquals": {"aws:username": "x"}}),
        policy(Condition={"DateEquals": {"ses:FromAddress": "x"}}),
        policy(Condition={"IpAddress": {"aws:SourceIp": "nowhere"}}),
    ],
)
def test_document_that_could_not_be_judged_is_refused(document: str) -> None:
    with pytest.raises(PolicyInvalid):
        check_policy(document, ARN)

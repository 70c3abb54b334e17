"""GetCallerIdentity: what STS says of root, users and role sessions."""

from __future__ import annotations

import pytest

from kamome.context import RequestContext
from kamome.services.sts.callers import user_id
from kamome.services.sts.operations import OPERATIONS, get_caller_identity
from kamome.services.sts.slice import Sts

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/mika"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/shift-1"


def _caller(principal: str) -> RequestContext:
    return RequestContext(ACCOUNT, "eu-west-1", principal, "request-1")


async def test_the_caller_is_shown_with_account_and_arn() -> None:
    identity = await get_caller_identity(Sts(), _caller(USER), {})

    assert identity["Account"] == ACCOUNT
    assert identity["Arn"] == USER


def test_the_root_of_an_account_has_the_account_id() -> None:
    assert user_id(ROOT, ACCOUNT) == ACCOUNT


def test_a_user_has_the_same_id_on_each_call_and_another_one_than_other_users() -> None:
    first = user_id(USER, ACCOUNT)

    assert user_id(USER, ACCOUNT) == first
    assert user_id(f"{USER}2", ACCOUNT) != first
    assert first.startswith("AIDA")
    assert len(first) == 21


def test_a_role_session_has_the_role_id_and_the_session_name() -> None:
    role_id, _, session = user_id(SESSION, ACCOUNT).partition(":")
    other_session = user_id(SESSION.replace("shift-1", "shift-2"), ACCOUNT)

    assert role_id.startswith("AROA")
    assert session == "shift-1"
    assert other_session == f"{role_id}:shift-2"


@pytest.mark.parametrize("principal", [ROOT, USER, SESSION])
async def test_every_kind_of_caller_has_an_id(principal: str) -> None:
    identity = await OPERATIONS["GetCallerIdentity"](Sts(), _caller(principal), {})

    assert identity is not None
    assert identity["UserId"]

"""Grants, as far as they are served: kept and listed. AWS: KMS Developer Guide, Grants."""

from __future__ import annotations

import pytest
from tests.kms.conftest import ACCOUNT, World

from kamome.services.kms.errors import (
    InvalidArnException,
    InvalidGrantIdException,
    InvalidGrantTokenException,
    NotFoundException,
    ValidationException,
)

USER = f"arn:aws:iam::{ACCOUNT}:user/reader"
ADMIN = f"arn:aws:iam::{ACCOUNT}:user/admin"
TO_SERVICE = {
    "GranteeServicePrincipal": "ses.amazonaws.com",
    "RetiringServicePrincipal": "ses.amazonaws.com",
    "Constraints": {"SourceArn": f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/example.com"},
    "Operations": ["Decrypt"],
}


async def test_grant_is_listed_with_all_that_it_was_given(world: World) -> None:
    key_id = await world.key()
    constraints = {"EncryptionContextSubset": {"tenant": "ne-001"}}

    made = await world.call(
        "CreateGrant",
        KeyId=key_id,
        GranteePrincipal=USER,
        Operations=["Decrypt", "GenerateDataKey"],
        Constraints=constraints,
    )

    [listed] = (await world.call("ListGrants", KeyId=key_id))["Grants"]
    assert listed["GrantId"] == made["GrantId"]
    assert listed["KeyId"].endswith(key_id)
    assert listed["GranteePrincipal"] == USER
    assert listed["Operations"] == ["Decrypt", "GenerateDataKey"]
    assert listed["Constraints"] == constraints
    assert listed["IssuingAccount"] == f"arn:aws:iam::{ACCOUNT}:root"


async def test_grant_that_is_asked_for_again_by_its_name_is_the_same(world: World) -> None:
    key_id = await world.key()
    asked = {"KeyId": key_id, "GranteePrincipal": USER, "Name": "reader"}

    one = await world.call("CreateGrant", Operations=["Decrypt"], **asked)
    again = await world.call("CreateGrant", Operations=["Decrypt"], **asked)
    other = await world.call("CreateGrant", Operations=["Encrypt"], **asked)

    assert one["GrantId"] == again["GrantId"] != other["GrantId"]


async def test_grants_are_listed_by_grantee_id_and_page(world: World) -> None:
    key_id = await world.key()
    ids = []
    for principal in (USER, ADMIN, USER):
        made = await world.call(
            "CreateGrant", KeyId=key_id, GranteePrincipal=principal, Operations=["Decrypt"]
        )
        ids.append(made["GrantId"])

    of_user = await world.call("ListGrants", KeyId=key_id, GranteePrincipal=USER)
    of_id = await world.call("ListGrants", KeyId=key_id, GrantId=ids[1])
    first = await world.call("ListGrants", KeyId=key_id, Limit=2)
    rest = await world.call("ListGrants", KeyId=key_id, Marker=first["NextMarker"])

    assert {grant["GrantId"] for grant in of_user["Grants"]} == {ids[0], ids[2]}
    assert [grant["GrantId"] for grant in of_id["Grants"]] == [ids[1]]
    assert [grant["GrantId"] for grant in first["Grants"] + rest["Grants"]] == sorted(ids)


async def test_grants_of_all_keys_are_listed_for_who_may_retire_them(world: World) -> None:
    made = set()
    for _ in range(3):
        answer = await world.call(
            "CreateGrant",
            KeyId=await world.key(),
            GranteePrincipal=USER,
            RetiringPrincipal=ADMIN,
            Operations=["Decrypt"],
        )
        made.add(answer["GrantId"])

    first = await world.call("ListRetirableGrants", RetiringPrincipal=ADMIN, Limit=2)
    rest = await world.call(
        "ListRetirableGrants", RetiringPrincipal=ADMIN, Marker=first["NextMarker"]
    )

    assert {grant["GrantId"] for grant in first["Grants"] + rest["Grants"]} == made
    assert not (await world.call("ListRetirableGrants", RetiringPrincipal=USER))["Grants"]


async def test_grant_is_revoked_once(world: World) -> None:
    key_id = await world.key()
    asked = {"KeyId": key_id, "GranteePrincipal": USER, "Operations": ["Decrypt"]}
    grant_id = (await world.call("CreateGrant", **asked))["GrantId"]

    await world.call("RevokeGrant", KeyId=key_id, GrantId=grant_id)

    assert not (await world.call("ListGrants", KeyId=key_id))["Grants"]
    with pytest.raises(NotFoundException):
        await world.call("RevokeGrant", KeyId=key_id, GrantId=grant_id)
    with pytest.raises(InvalidGrantIdException):
        await world.call("RevokeGrant", KeyId=key_id, GrantId="no grant")


async def test_grant_is_retired_by_its_token(world: World) -> None:
    key_id = await world.key()
    asked = {"KeyId": key_id, "GranteePrincipal": USER, "Operations": ["Decrypt"]}
    token = (await world.call("CreateGrant", **asked))["GrantToken"]

    await world.call("RetireGrant", GrantToken=token)

    assert not (await world.call("ListGrants", KeyId=key_id))["Grants"]
    with pytest.raises(InvalidGrantTokenException):
        await world.call("RetireGrant", GrantToken=token)


@pytest.mark.parametrize(
    "request_",
    [
        {"Operations": ["Decrypt"]},
        {"GranteePrincipal": USER, "Operations": []},
        {"GranteePrincipal": USER, "Operations": ["Sign"]},
        {"GranteePrincipal": USER, "Operations": ["GetPublicKey"]},
        {**TO_SERVICE, "Constraints": {}},
        {**TO_SERVICE, "GranteePrincipal": USER},
        {**TO_SERVICE, "RetiringPrincipal": ADMIN},
        {key: TO_SERVICE[key] for key in TO_SERVICE if key != "RetiringServicePrincipal"},
    ],
)
async def test_grant_that_makes_no_sense_is_refused(
    world: World, request_: dict[str, object]
) -> None:
    with pytest.raises(ValidationException):
        await world.call("CreateGrant", KeyId=await world.key(), **request_)


async def test_grant_to_a_service_is_kept(world: World) -> None:
    key_id = await world.key()

    await world.call("CreateGrant", KeyId=key_id, **TO_SERVICE)

    [listed] = (await world.call("ListGrants", KeyId=key_id))["Grants"]
    assert listed["GranteeServicePrincipal"] == "ses.amazonaws.com"


@pytest.mark.parametrize("member", ["GranteePrincipal", "RetiringPrincipal"])
@pytest.mark.parametrize("principal", ["reader", "arn:aws:sqs:eu-west-1:000000000000:queue"])
async def test_principal_that_is_none_of_iam_is_refused(
    world: World, member: str, principal: str
) -> None:
    principals = {"GranteePrincipal": USER, member: principal}

    with pytest.raises(InvalidArnException):
        await world.call(
            "CreateGrant", KeyId=await world.key(), Operations=["Decrypt"], **principals
        )

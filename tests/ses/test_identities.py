"""Operations on identities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.ses.conftest import World


async def test_domain_is_verified_at_once_and_keeps_its_token(world: World) -> None:
    first = await world.call("VerifyDomainIdentity", Domain="Example.COM")
    again = await world.call("VerifyDomainIdentity", Domain="example.com")

    found = await world.call(
        "GetIdentityVerificationAttributes", Identities=["EXAMPLE.com", "none.example"]
    )

    assert first == again
    assert len(first["VerificationToken"]) == 44
    assert found["VerificationAttributes"] == {
        "EXAMPLE.com": {
            "VerificationStatus": "Success",
            "VerificationToken": first["VerificationToken"],
        }
    }


@pytest.mark.parametrize("domain", ["", "localhost", "a b.example", "-a.example", "a..example"])
async def test_name_that_is_no_domain_is_refused(world: World, domain: str) -> None:
    error = await world.refused("VerifyDomainIdentity", Domain=domain)

    assert (error.code, error.message) == (
        "InvalidParameterValue",
        f"Invalid domain name {domain}.",
    )


async def test_identities_are_listed_in_pages(world: World) -> None:
    for letter in "cab":
        await world.call("VerifyDomainIdentity", Domain=f"{letter}.example")

    first = await world.call("ListIdentities", MaxItems=2)
    second = await world.call("ListIdentities", MaxItems=2, NextToken=first["NextToken"])

    assert first["Identities"] == ["a.example", "b.example"]
    assert second == {"Identities": ["c.example"]}
    assert await world.call("ListIdentities", IdentityType="EmailAddress") == {"Identities": []}


@pytest.mark.parametrize("members", [{"MaxItems": 0}, {"MaxItems": 1001}, {"NextToken": "???"}])
async def test_page_that_cannot_be_is_refused(world: World, members: dict[str, object]) -> None:
    assert (await world.refused("ListIdentities", **members)).code == "InvalidParameterValue"


async def test_deleted_identity_is_gone_and_may_be_deleted_again(world: World) -> None:
    await world.call("VerifyDomainIdentity", Domain="example.com")

    for _ in range(2):
        await world.call("DeleteIdentity", Identity="example.com")

    assert await world.call("ListIdentities") == {"Identities": []}


async def test_more_than_a_hundred_identities_at_a_time_are_refused(world: World) -> None:
    error = await world.refused("GetIdentityVerificationAttributes", Identities=["a.example"] * 101)

    assert error.code == "InvalidParameterValue"

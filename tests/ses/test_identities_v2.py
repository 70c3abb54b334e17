"""Identities by the API v2, in the mode of development."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

if TYPE_CHECKING:
    from tests.ses.conftest import World


def der(key: Any) -> str:  # one of cryptography's private keys
    octets = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return base64.b64encode(octets).decode()


async def test_domain_is_verified_with_three_tokens(world: World) -> None:
    made = await world.call_v2("CreateEmailIdentity", EmailIdentity="Example.com")
    found = await world.call_v2("GetEmailIdentity", EmailIdentity="example.com")

    assert (made["IdentityType"], made["VerifiedForSendingStatus"]) == ("DOMAIN", True)
    assert len(set(made["DkimAttributes"]["Tokens"])) == 3
    assert made["DkimAttributes"]["Status"] == "SUCCESS"
    assert found["DkimAttributes"] == made["DkimAttributes"]
    assert found["VerificationStatus"] == "SUCCESS"
    assert found["FeedbackForwardingStatus"] is True


async def test_identity_that_exists_is_not_made_again(world: World) -> None:
    await world.call_v2("CreateEmailIdentity", EmailIdentity="user@example.com")

    error = await world.refused_v2("CreateEmailIdentity", EmailIdentity="user@EXAMPLE.com")

    assert error.code == "AlreadyExistsException"


@pytest.mark.parametrize("name", ["localhost", "a@", "@example.com", "a b@example.com", "é@e.com"])
async def test_name_that_is_no_identity_is_refused(world: World, name: str) -> None:
    error = await world.refused_v2("CreateEmailIdentity", EmailIdentity=name)

    assert error.code == "BadRequestException"


@pytest.mark.parametrize("key", [generate_private_key(65537, 1024), Ed25519PrivateKey.generate()])
async def test_customer_brings_a_key(world: World, key: object) -> None:
    attributes = {"DomainSigningSelector": "own", "DomainSigningPrivateKey": der(key)}

    made = await world.call_v2(
        "CreateEmailIdentity", EmailIdentity="example.com", DkimSigningAttributes=attributes
    )

    assert made["DkimAttributes"]["SigningAttributesOrigin"] == "EXTERNAL"
    assert made["DkimAttributes"]["Tokens"] == ["own"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"DomainSigningSelector": "own", "DomainSigningPrivateKey": "AAAA"},
        {"DomainSigningSelector": "own"},
        {"DomainSigningPrivateKey": "AAAA", "NextSigningKeyLength": "RSA_2048_BIT"},
        {"DomainSigningAttributesOrigin": "AWS_SES_EU_WEST_1"},
    ],
    ids=["no key", "no private key", "key and length", "replica"],
)
async def test_key_that_cannot_sign_is_refused(world: World, attributes: dict[str, str]) -> None:
    error = await world.refused_v2(
        "CreateEmailIdentity", EmailIdentity="example.com", DkimSigningAttributes=attributes
    )
    listed = await world.call_v2("ListEmailIdentities")

    assert error.code == "BadRequestException"
    assert listed["EmailIdentities"] == []


async def test_length_of_the_key_is_changed_and_its_tokens_stay(world: World) -> None:
    made = await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")

    changed = await world.call_v2(
        "PutEmailIdentityDkimSigningAttributes",
        EmailIdentity="example.com",
        SigningAttributesOrigin="AWS_SES",
        SigningAttributes={"NextSigningKeyLength": "RSA_1024_BIT"},
    )
    found = await world.call_v2("GetEmailIdentity", EmailIdentity="example.com")

    assert changed["DkimTokens"] == made["DkimAttributes"]["Tokens"]
    assert found["DkimAttributes"]["CurrentSigningKeyLength"] == "RSA_1024_BIT"


async def test_signing_is_switched_off_for_both_apis(world: World) -> None:
    await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")
    await world.call_v2(
        "PutEmailIdentityDkimAttributes", EmailIdentity="example.com", SigningEnabled=False
    )

    found = await world.call("GetIdentityDkimAttributes", Identities=["example.com"])

    assert found["DkimAttributes"]["example.com"]["DkimEnabled"] is False


async def test_mail_from_domain_is_below_the_identity(world: World) -> None:
    await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")
    put = "PutEmailIdentityMailFromAttributes"

    await world.call_v2(put, EmailIdentity="example.com", MailFromDomain="Bounce.example.com")
    error = await world.refused_v2(
        put, EmailIdentity="example.com", MailFromDomain="bounce.example.net"
    )
    found = await world.call_v2("GetEmailIdentity", EmailIdentity="example.com")

    assert error.code == "BadRequestException"
    assert found["MailFromAttributes"] == {
        "MailFromDomain": "bounce.example.com",
        "MailFromDomainStatus": "SUCCESS",
        "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
    }


async def test_tags_are_kept_with_the_identity_and_go_with_it(world: World) -> None:
    arn = "arn:aws:ses:us-east-1:000000000000:identity/example.com"
    tags = [{"Key": "team", "Value": "post"}, {"Key": "stage", "Value": "test"}]
    await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com", Tags=tags)
    await world.call_v2("UntagResource", ResourceArn=arn, TagKeys=["stage"])

    before = await world.call_v2("ListTagsForResource", ResourceArn=arn)
    await world.call_v2("DeleteEmailIdentity", EmailIdentity="example.com")
    missing = await world.refused_v2("ListTagsForResource", ResourceArn=arn)
    made = await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")
    after = await world.call_v2("ListTagsForResource", ResourceArn=arn)

    assert before == {"Tags": [{"Key": "team", "Value": "post"}]}
    assert missing.code == "NotFoundException"
    assert made
    assert after == {"Tags": []}


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:ses:us-east-1:000000000000:rule-set/x", "BadRequestException"),
        ("arn:aws:sqs:us-east-1:000000000000:identity/x", "BadRequestException"),
        ("example.com", "BadRequestException"),
        ("arn:aws:ses:eu-west-1:000000000000:identity/example.com", "NotFoundException"),
    ],
)
async def test_tags_are_those_of_own_resources(world: World, arn: str, code: str) -> None:
    tags = [{"Key": "a", "Value": "b"}]

    assert (await world.refused_v2("TagResource", ResourceArn=arn, Tags=tags)).code == code


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"IDENTITY_NAME_CONTAINS": "one"}, ["a@one.example", "one.example"]),
        ({"IDENTITY_TYPE": "DOMAIN"}, ["one.example", "two.example"]),
        ({"VERIFICATION_STATUS": "PENDING"}, []),
        ({"IDENTITY_NAME_CONTAINS": "one", "IDENTITY_TYPE": "DOMAIN"}, ["one.example"]),
        ({"IDENTITY_TYPE": "MANAGED_DOMAIN"}, []),
    ],
)
async def test_identities_are_filtered_and_pages_stay_full(
    world: World, wanted: dict[str, str], found: list[str]
) -> None:
    for name in ("two.example", "a@one.example", "one.example"):
        await world.call_v2("CreateEmailIdentity", EmailIdentity=name)
    names: list[str] = []
    token: dict[str, str] = {}

    for _ in range(max(len(found), 1)):
        page = await world.call_v2("ListEmailIdentities", Filter=wanted, PageSize=1, **token)
        names += [each["IdentityName"] for each in page["EmailIdentities"]]
        token = {"NextToken": page.get("NextToken", "")}

    assert names == found
    assert "NextToken" not in page


@pytest.mark.parametrize("key", ["IDENTITY_TYPE", "VERIFICATION_STATUS"])
async def test_filter_by_no_type_or_status_is_refused(world: World, key: str) -> None:
    error = await world.refused_v2("ListEmailIdentities", Filter={key: "none"})

    assert error.code == "BadRequestException"


@pytest.mark.parametrize("name", ["two words", "a.b", "x" * 65])
async def test_policy_with_such_a_name_is_refused(world: World, name: str) -> None:
    await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")
    policy = {"PolicyName": name, "Policy": "{}"}

    first = await world.refused("PutIdentityPolicy", Identity="example.com", **policy)
    second = await world.refused_v2(
        "CreateEmailIdentityPolicy", EmailIdentity="example.com", **policy
    )

    assert (first.code, second.code) == ("InvalidParameterValue", "BadRequestException")
    assert "policy name" in first.message
    assert "policy name" in second.message


async def test_identity_that_is_not_there_is_not_found(world: World) -> None:
    for operation in ("GetEmailIdentity", "DeleteEmailIdentity", "GetEmailIdentityPolicies"):
        error = await world.refused_v2(operation, EmailIdentity="example.com")
        assert (error.code, error.status) == ("NotFoundException", 404)

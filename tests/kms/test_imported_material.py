"""Imported key material, wrapped as clients do. AWS: KMS Developer Guide, Importing keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)
from tests.kms.conftest import DAY, World, caller

from kamome.errors import OperationNotServed
from kamome.services.kms.errors import (
    ExpiredImportTokenException,
    IncorrectKeyMaterialException,
    InvalidCiphertextException,
    InvalidImportTokenException,
    KMSInvalidStateException,
    UnsupportedOperationException,
    ValidationException,
)

MATERIAL = b"0123456789abcdef0123456789ABCDEF"
FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def wrapped(public_key: bytes, material: bytes, algorithm: str) -> bytes:
    """Material as a client encrypts it under the wrapping key."""
    key = cast("rsa.RSAPublicKey", load_der_public_key(public_key))
    digest = hashes.SHA256() if algorithm.endswith("256") else hashes.SHA1()
    scheme = padding.OAEP(padding.MGF1(digest), digest, None)
    if not algorithm.startswith("RSA_AES"):
        return key.encrypt(material, scheme)
    aes_key = b"k" * 32
    return key.encrypt(aes_key, scheme) + aes_key_wrap_with_padding(aes_key, material)


async def parameters(
    world: World, key_id: str, material: bytes = MATERIAL, algorithm: str = "RSAES_OAEP_SHA_256"
) -> dict[str, Any]:
    """What ImportKeyMaterial is called with, but for the expiration."""
    asked = await world.call(
        "GetParametersForImport",
        KeyId=key_id,
        WrappingAlgorithm=algorithm,
        WrappingKeySpec="RSA_2048",
    )
    return {
        "KeyId": key_id,
        "ImportToken": asked["ImportToken"],
        "EncryptedKeyMaterial": wrapped(asked["PublicKey"], material, algorithm),
    }


def pkcs8(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
async def test_key_is_used_when_its_material_has_come(world: World, algorithm: str) -> None:
    key_id = await world.key(Origin="EXTERNAL")
    with pytest.raises(KMSInvalidStateException, match="pending import"):
        await world.encrypt(key_id)

    made = await world.call(
        "ImportKeyMaterial", **await parameters(world, key_id, algorithm=algorithm), **FOREVER
    )

    described = (await world.call("DescribeKey", KeyId=key_id))["KeyMetadata"]
    assert (described["Origin"], described["KeyState"]) == ("EXTERNAL", "Enabled")
    assert described["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert described["CurrentKeyMaterialId"] == made["KeyMaterialId"]
    assert await world.decrypt(await world.encrypt(key_id)) == b"secret"


async def test_imported_pair_signs_as_it_does_outside(world: World) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    key_id = await world.key(Origin="EXTERNAL", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    asked = await parameters(world, key_id, pkcs8(private), "RSA_AES_KEY_WRAP_SHA_256")
    await world.call("ImportKeyMaterial", **asked, **FOREVER)

    signed = await world.call(
        "Sign", KeyId=key_id, Message=b"mail", SigningAlgorithm="ECDSA_SHA_256"
    )

    private.public_key().verify(signed["Signature"], b"mail", ec.ECDSA(hashes.SHA256()))


async def test_rsa_key_comes_in_by_the_wrapping_for_long_material(world: World) -> None:
    private = rsa.generate_private_key(65_537, 2048)
    key_id = await world.key(Origin="EXTERNAL", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    asked = await parameters(world, key_id, pkcs8(private), "RSA_AES_KEY_WRAP_SHA_1")

    await world.call("ImportKeyMaterial", **asked, **FOREVER)

    public = (await world.call("GetPublicKey", KeyId=key_id))["PublicKey"]
    assert load_der_public_key(public) == private.public_key()
    with pytest.raises(ValidationException):
        await parameters(world, key_id)


async def test_deleted_material_comes_back_only_as_it_was(world: World) -> None:
    key_id = await world.key(Origin="EXTERNAL")
    await world.call("ImportKeyMaterial", **await parameters(world, key_id), **FOREVER)
    sealed = await world.encrypt(key_id)

    await world.call("DeleteImportedKeyMaterial", KeyId=key_id)
    state = await world.state(key_id)
    with pytest.raises(KMSInvalidStateException):
        await world.decrypt(sealed)
    with pytest.raises(IncorrectKeyMaterialException, match="not the same"):
        other = await parameters(world, key_id, MATERIAL[::-1])
        await world.call("ImportKeyMaterial", **other, **FOREVER)
    await world.call("ImportKeyMaterial", **await parameters(world, key_id), **FOREVER)

    assert state == "PendingImport"
    assert await world.decrypt(sealed) == b"secret"


async def test_material_expires_at_its_moment(world: World) -> None:
    key_id = await world.key(Origin="EXTERNAL")
    valid_to = world.clock.now_ms() / 1000 + 86_400
    asked = await parameters(world, key_id)
    await world.call("ImportKeyMaterial", **asked, ValidTo=valid_to)

    await world.clock.advance(DAY - 1)
    before = (await world.call("DescribeKey", KeyId=key_id))["KeyMetadata"]
    await world.clock.advance(1)

    assert (before["KeyState"], before["ValidTo"]) == ("Enabled", valid_to)
    after = (await world.call("DescribeKey", KeyId=key_id))["KeyMetadata"]
    assert after["KeyState"] == "PendingImport"
    assert not {"ValidTo", "ExpirationModel", "CurrentKeyMaterialId"} & after.keys()


async def test_token_serves_its_own_key_for_a_day(world: World) -> None:
    one, other = await world.key(Origin="EXTERNAL"), await world.key(Origin="EXTERNAL")
    asked = await parameters(world, one)

    with pytest.raises(InvalidImportTokenException):
        await world.call("ImportKeyMaterial", **{**asked, "KeyId": other}, **FOREVER)
    with pytest.raises(InvalidImportTokenException):
        await world.call("ImportKeyMaterial", **{**asked, "ImportToken": b"x"}, **FOREVER)
    await world.clock.advance(DAY)
    with pytest.raises(ExpiredImportTokenException):
        await world.call("ImportKeyMaterial", **asked, **FOREVER)


@pytest.mark.parametrize(
    ("spec", "usage", "material"),
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", MATERIAL[1:]),
        ("HMAC_384", "GENERATE_VERIFY_MAC", MATERIAL),
        ("ECC_NIST_P256", "SIGN_VERIFY", MATERIAL),
        ("ECC_NIST_P256", "SIGN_VERIFY", pkcs8(ec.generate_private_key(ec.SECP256K1()))),
    ],
)
async def test_material_of_another_kind_is_refused(
    world: World, spec: str, usage: str, material: bytes
) -> None:
    key_id = await world.key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage)

    with pytest.raises(IncorrectKeyMaterialException):
        await world.call(
            "ImportKeyMaterial", **await parameters(world, key_id, material), **FOREVER
        )

    assert await world.state(key_id) == "PendingImport"


async def test_material_that_was_wrapped_otherwise_is_refused(world: World) -> None:
    key_id = await world.key(Origin="EXTERNAL")
    asked = await parameters(world, key_id)

    for encrypted in (b"x", asked["EncryptedKeyMaterial"][:-1] + b"x"):
        with pytest.raises(InvalidCiphertextException):
            await world.call(
                "ImportKeyMaterial", **{**asked, "EncryptedKeyMaterial": encrypted}, **FOREVER
            )


@pytest.mark.parametrize(
    "expiration",
    [
        {},
        {"ValidTo": 1.0},
        {"ValidTo": 1e12},
        {"ValidTo": 1.0, "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
    ],
)
async def test_expiration_is_in_the_future_or_not_at_all(
    world: World, expiration: dict[str, object]
) -> None:
    key_id = await world.key(Origin="EXTERNAL")

    with pytest.raises(ValidationException, match="ValidTo"):
        await world.call("ImportKeyMaterial", **await parameters(world, key_id), **expiration)


async def test_key_with_imported_material_is_not_rotated(world: World) -> None:
    key_id = await world.key(Origin="EXTERNAL")
    await world.call("ImportKeyMaterial", **await parameters(world, key_id), **FOREVER)

    with pytest.raises(UnsupportedOperationException):
        await world.call("EnableKeyRotation", KeyId=key_id)
    with pytest.raises(KMSInvalidStateException):
        await world.call("RotateKeyOnDemand", KeyId=key_id)
    with pytest.raises(OperationNotServed, match="NEW_KEY_MATERIAL"):
        await world.call(
            "ImportKeyMaterial",
            **await parameters(world, key_id),
            **FOREVER,
            ImportType="NEW_KEY_MATERIAL",
        )


async def test_only_keys_without_own_material_take_some(world: World) -> None:
    with pytest.raises(UnsupportedOperationException, match="AWS_KMS"):
        await parameters(world, await world.key())


async def test_replica_takes_the_material_of_its_primary_key_only(world: World) -> None:
    there = caller(region="ap-northeast-1")
    key_id = await world.key(Origin="EXTERNAL", MultiRegion=True)
    await world.call("ImportKeyMaterial", **await parameters(world, key_id), **FOREVER)
    sealed = await world.encrypt(key_id)
    await world.call("ReplicateKey", KeyId=key_id, ReplicaRegion=there.region)
    abroad = replace(world, ctx=there)

    with pytest.raises(IncorrectKeyMaterialException):
        other = await parameters(abroad, key_id, MATERIAL[::-1])
        await abroad.call("ImportKeyMaterial", **other, **FOREVER)
    await abroad.call("ImportKeyMaterial", **await parameters(abroad, key_id), **FOREVER)

    assert await abroad.decrypt(sealed) == b"secret"


async def test_what_is_said_of_material_is_kept_until_something_else_is_said(
    world: World,
) -> None:
    key_id = await world.key(Origin="EXTERNAL")
    given = {**await parameters(world, key_id), **FOREVER}

    async def said() -> object:
        asked = {"KeyId": key_id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"}
        [shown] = (await world.call("ListKeyRotations", **asked))["Rotations"]
        return shown.get("KeyMaterialDescription")

    await world.call("ImportKeyMaterial", **given)
    assert await said() is None
    await world.call("ImportKeyMaterial", **given, KeyMaterialDescription="of the vault")
    await world.call("ImportKeyMaterial", **given)
    assert await said() == "of the vault"

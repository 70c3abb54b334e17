"""Data keys, by the API and by the functions for other slices. AWS: KMS API Reference."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from tests.kms.conftest import World, caller

from kamome.services.kms import data_keys
from kamome.services.kms.errors import (
    AccessDeniedException,
    DisabledException,
    InvalidCiphertextException,
    InvalidKeyUsageException,
    NotFoundException,
    ValidationException,
)

CONTEXT = {"aws:s3:arn": "arn:aws:s3:::box/a"}


@pytest.mark.parametrize(
    ("size", "octets"),
    [({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 64}, 64)],
)
async def test_data_key_comes_in_the_clear_and_encrypted(
    world: World, size: dict[str, object], octets: int
) -> None:
    made = await world.call("GenerateDataKey", KeyId=await world.key(), **size)

    assert len(made["Plaintext"]) == octets
    assert await world.decrypt(made["CiphertextBlob"]) == made["Plaintext"]


@pytest.mark.parametrize("size", [{}, {"KeySpec": "AES_256", "NumberOfBytes": 32}])
async def test_size_of_a_data_key_is_given_once(world: World, size: dict[str, object]) -> None:
    with pytest.raises(ValidationException, match="either number of bytes or key spec"):
        await world.call("GenerateDataKey", KeyId=await world.key(), **size)


async def test_data_key_without_plaintext_is_only_encrypted(world: World) -> None:
    made = await world.call(
        "GenerateDataKeyWithoutPlaintext",
        KeyId=await world.key(),
        KeySpec="AES_256",
        EncryptionContext=CONTEXT,
    )

    assert "Plaintext" not in made
    assert len(await world.decrypt(made["CiphertextBlob"], EncryptionContext=CONTEXT)) == 32


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519"])
async def test_pair_of_data_keys_belongs_together(world: World, spec: str) -> None:
    made = await world.call("GenerateDataKeyPair", KeyId=await world.key(), KeyPairSpec=spec)

    private = load_der_private_key(made["PrivateKeyPlaintext"], None)
    assert await world.decrypt(made["PrivateKeyCiphertextBlob"]) == made["PrivateKeyPlaintext"]
    assert private.public_key() == load_der_public_key(made["PublicKey"])


async def test_pair_without_plaintext_keeps_its_private_key_hidden(world: World) -> None:
    made = await world.call(
        "GenerateDataKeyPairWithoutPlaintext",
        KeyId=await world.key(),
        KeyPairSpec="ECC_NIST_P256",
    )

    private = load_der_private_key(await world.decrypt(made["PrivateKeyCiphertextBlob"]), None)
    assert "PrivateKeyPlaintext" not in made
    assert private.public_key() == load_der_public_key(made["PublicKey"])


async def test_neighbour_gets_a_data_key_and_opens_it_again(world: World) -> None:
    key_id = await world.key()

    made = data_keys.generate_data_key(world.kms, world.ctx, key_id, CONTEXT)

    assert made.key_arn.endswith(key_id)
    assert len(made.plaintext) == 32
    assert data_keys.decrypt(world.kms, made.ciphertext, CONTEXT) == made.plaintext
    with pytest.raises(InvalidCiphertextException):
        data_keys.decrypt(world.kms, made.ciphertext, {})


async def test_neighbour_may_use_the_key_that_aws_manages_for_it(world: World) -> None:
    first = data_keys.generate_data_key(world.kms, world.ctx, "alias/aws/s3", CONTEXT)
    second = data_keys.encrypt(world.kms, world.ctx, "alias/aws/s3", b"secret", CONTEXT)

    assert first.key_arn == second.key_arn
    assert data_keys.decrypt(world.kms, second.ciphertext, CONTEXT, world.ctx) == b"secret"


async def test_neighbour_who_names_a_caller_gets_only_his_secrets(world: World) -> None:
    made = data_keys.encrypt(world.kms, world.ctx, "alias/aws/ssm", b"secret", {})

    with pytest.raises(AccessDeniedException):
        data_keys.decrypt(world.kms, made.ciphertext, {}, caller("111111111111"))


async def test_neighbour_hears_why_a_key_cannot_be_used(world: World) -> None:
    key_id = await world.key()
    rsa = await world.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    await world.call("DisableKey", KeyId=key_id)

    with pytest.raises(DisabledException):
        data_keys.generate_data_key(world.kms, world.ctx, key_id, {})
    with pytest.raises(InvalidKeyUsageException):
        data_keys.generate_data_key(world.kms, world.ctx, rsa, {})
    with pytest.raises(NotFoundException):
        data_keys.generate_data_key(world.kms, world.ctx, "alias/none", {})

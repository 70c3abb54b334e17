"""Encrypt, Decrypt and ReEncrypt with symmetric keys. AWS: KMS API Reference."""

from __future__ import annotations

import pytest
from tests.kms.conftest import World, caller

from kamome.errors import AwsError, OperationNotServed
from kamome.services.kms.errors import (
    AccessDeniedException,
    DisabledException,
    DryRunOperationException,
    IncorrectKeyException,
    InvalidCiphertextException,
    InvalidKeyUsageException,
    KMSInvalidStateException,
    NotFoundException,
    ValidationException,
)

CONTEXT = {"purpose": "test", "tenant": "ne-001"}


async def test_what_a_key_encrypts_it_decrypts_without_being_named(world: World) -> None:
    key_id = await world.key()

    sealed = await world.call("Encrypt", KeyId=key_id, Plaintext=b"secret")
    opened = await world.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"])

    arn = f"arn:aws:kms:eu-west-1:000000000000:key/{key_id}"
    assert b"secret" not in sealed["CiphertextBlob"]
    assert sealed["KeyId"] == opened["KeyId"] == arn
    assert opened["Plaintext"] == b"secret"
    assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"


async def test_same_text_never_gives_the_same_ciphertext_twice(world: World) -> None:
    key_id = await world.key()

    assert await world.encrypt(key_id) != await world.encrypt(key_id)


async def test_longest_text_fits_into_the_longest_ciphertext(world: World) -> None:
    key_id = await world.key()
    text = bytes(4096)

    sealed = await world.encrypt(key_id, text, EncryptionContext=CONTEXT)

    assert len(sealed) <= 6144
    assert await world.decrypt(sealed, EncryptionContext=CONTEXT) == text


async def test_order_of_the_encryption_context_does_not_matter(world: World) -> None:
    key_id = await world.key()
    sealed = await world.encrypt(key_id, EncryptionContext=CONTEXT)

    reversed_context = dict(reversed(CONTEXT.items()))

    assert await world.decrypt(sealed, EncryptionContext=reversed_context) == b"secret"


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"purpose": "test"},
        {"purpose": "test", "tenant": "ne-002"},
        {"purpose": "test", "Tenant": "ne-001"},
        {"purpose": "testtenant", "": "ne-001"},
    ],
)
async def test_another_encryption_context_opens_nothing(
    world: World, context: dict[str, str]
) -> None:
    sealed = await world.encrypt(await world.key(), EncryptionContext=CONTEXT)

    with pytest.raises(InvalidCiphertextException):
        await world.decrypt(sealed, EncryptionContext=context)


async def test_change_of_any_octet_is_noticed(world: World) -> None:
    sealed = await world.encrypt(await world.key())

    for at in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[at] ^= 1
        # Octets 2 to 17 and 50 to 71 name the key: with them changed, there is no such key.
        with pytest.raises((InvalidCiphertextException, AccessDeniedException)):
            await world.decrypt(bytes(damaged))


@pytest.mark.parametrize("ciphertext", [b"x", b"\x01\x00", bytes(200), b"\x01" + bytes(80)])
async def test_what_is_no_ciphertext_of_ours_is_invalid(world: World, ciphertext: bytes) -> None:
    with pytest.raises(InvalidCiphertextException):
        await world.decrypt(ciphertext)


async def test_cut_ciphertext_is_invalid(world: World) -> None:
    sealed = await world.encrypt(await world.key())

    for end in range(1, len(sealed)):
        with pytest.raises(InvalidCiphertextException):
            await world.decrypt(sealed[:end])


async def test_named_key_must_be_the_one_that_encrypted(world: World) -> None:
    one, other = await world.key(), await world.key()
    sealed = await world.encrypt(one)

    assert await world.decrypt(sealed, KeyId=one) == b"secret"
    with pytest.raises(IncorrectKeyException, match="does not identify a CMK"):
        await world.decrypt(sealed, KeyId=other)


async def test_disabled_key_neither_encrypts_nor_decrypts(world: World) -> None:
    key_id = await world.key()
    sealed = await world.encrypt(key_id)
    await world.call("DisableKey", KeyId=key_id)

    with pytest.raises(DisabledException, match=f"key/{key_id} is disabled"):
        await world.encrypt(key_id)
    with pytest.raises(DisabledException):
        await world.decrypt(sealed)

    await world.call("EnableKey", KeyId=key_id)
    assert await world.decrypt(sealed) == b"secret"


async def test_key_pending_deletion_cannot_be_used(world: World) -> None:
    key_id = await world.key()
    await world.call("ScheduleKeyDeletion", KeyId=key_id)

    with pytest.raises(KMSInvalidStateException, match="is pending deletion"):
        await world.encrypt(key_id)


async def test_ciphertext_of_another_account_is_refused(world: World) -> None:
    sealed = await world.encrypt(await world.key())

    with pytest.raises(AccessDeniedException):
        await world.call_as(caller("111111111111"), "Decrypt", CiphertextBlob=sealed)


async def test_ciphertext_of_another_region_is_refused(world: World) -> None:
    sealed = await world.encrypt(await world.key())

    with pytest.raises(AccessDeniedException):
        await world.call_as(caller(region="us-east-1"), "Decrypt", CiphertextBlob=sealed)


async def test_re_encryption_moves_a_secret_to_another_key_and_context(world: World) -> None:
    one, other = await world.key(), await world.key()
    sealed = await world.encrypt(one, EncryptionContext=CONTEXT)

    moved = await world.call(
        "ReEncrypt",
        CiphertextBlob=sealed,
        SourceEncryptionContext=CONTEXT,
        DestinationKeyId=other,
        DestinationEncryptionContext={"new": "one"},
    )

    assert moved["SourceKeyId"].endswith(one)
    assert moved["KeyId"].endswith(other)
    blob = moved["CiphertextBlob"]
    assert await world.decrypt(blob, KeyId=other, EncryptionContext={"new": "one"}) == b"secret"


async def test_context_of_more_than_8192_octets_is_refused(world: World) -> None:
    key_id = await world.key()

    assert await world.encrypt(key_id, EncryptionContext={"a" * 4096: "é" * 2048})
    with pytest.raises(ValidationException, match="encryptionContext"):
        await world.encrypt(key_id, EncryptionContext={"a" * 4096: "é" * 2049})


async def test_dry_run_tells_what_would_have_happened(world: World) -> None:
    key_id = await world.key()
    sealed = await world.encrypt(key_id)

    with pytest.raises(DryRunOperationException, match="would have succeeded"):
        await world.encrypt(key_id, DryRun=True)
    with pytest.raises(DryRunOperationException):
        await world.decrypt(sealed, DryRun=True)
    with pytest.raises(InvalidCiphertextException):
        await world.decrypt(sealed, EncryptionContext={"wrong": "one"}, DryRun=True)


async def test_dry_run_of_decrypt_needs_no_ciphertext_when_told_so(world: World) -> None:
    key_id = await world.key()
    modifiers = {"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}

    with pytest.raises(DryRunOperationException):
        await world.call("Decrypt", KeyId=key_id, **modifiers)
    await world.call("DisableKey", KeyId=key_id)
    with pytest.raises(DisabledException):
        await world.call("Decrypt", KeyId=key_id, **modifiers)


async def test_key_of_hmac_does_not_encrypt(world: World) -> None:
    key_id = await world.key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")

    with pytest.raises(InvalidKeyUsageException, match="GENERATE_VERIFY_MAC"):
        await world.encrypt(key_id)


@pytest.mark.parametrize(
    ("key_id", "error"),
    [
        ("no-such-key", NotFoundException),
        ("12345678-1234-1234-1234-123456789012", NotFoundException),
        ("alias/none", NotFoundException),
        ("alias/aws/nothing", NotFoundException),
        ("arn:aws:kms:us-east-1:000000000000:alias/none", NotFoundException),
        ("arn:aws:kms:eu-west-1:111111111111:alias/theirs", AccessDeniedException),
    ],
)
async def test_key_that_is_not_there_is_told_by_its_name(
    world: World, key_id: str, error: type[AwsError]
) -> None:
    with pytest.raises(error):
        await world.encrypt(key_id)


async def test_random_octets_come_as_many_as_asked_for(world: World) -> None:
    octets = (await world.call("GenerateRandom", NumberOfBytes=1024))["Plaintext"]

    assert len(octets) == 1024
    assert len(set(octets)) > 200


async def test_answers_for_enclaves_are_refused_by_name(world: World) -> None:
    with pytest.raises(OperationNotServed, match="Recipient"):
        await world.call("GenerateRandom", NumberOfBytes=1, Recipient={})

"""Asymmetric and HMAC keys; the other side of each is the cryptography library."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from tests.kms.conftest import World

from kamome.services.kms.errors import (
    InvalidCiphertextException,
    InvalidKeyUsageException,
    KMSInvalidMacException,
    KMSInvalidSignatureException,
    UnsupportedOperationException,
    ValidationException,
)
from kamome.services.kms.key_specs import ALGORITHMS, SIGN_VERIFY

_SIGNING = [
    (spec, algorithm)
    for spec, usages in ALGORITHMS.items()
    if spec not in ("RSA_3072", "RSA_4096")  # the same code with longer keys
    for algorithm in usages.get(SIGN_VERIFY, ())
]


async def public_key(world: World, key_id: str) -> Any:
    return load_der_public_key((await world.call("GetPublicKey", KeyId=key_id))["PublicKey"])


@pytest.mark.parametrize(("spec", "algorithm"), _SIGNING)
async def test_signature_is_verified_and_that_of_another_message_is_not(
    world: World, spec: str, algorithm: str
) -> None:
    key_id = await world.key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    asked = {"KeyId": key_id, "SigningAlgorithm": algorithm}

    signature = (await world.call("Sign", Message=b"mail", **asked))["Signature"]

    verified = await world.call("Verify", Message=b"mail", Signature=signature, **asked)
    assert verified["SignatureValid"] is True
    with pytest.raises(KMSInvalidSignatureException):
        await world.call("Verify", Message=b"male", Signature=signature, **asked)
    with pytest.raises(KMSInvalidSignatureException):
        await world.call("Verify", Message=b"mail", Signature=b"x" + signature, **asked)


async def test_signature_of_rsa_pss_is_verified_outside(world: World) -> None:
    key_id = await world.key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    asked = {"KeyId": key_id, "SigningAlgorithm": "RSASSA_PSS_SHA_384"}

    signature = (await world.call("Sign", Message=b"mail", **asked))["Signature"]

    public = cast("rsa.RSAPublicKey", await public_key(world, key_id))
    scheme = padding.PSS(padding.MGF1(hashes.SHA384()), 48)
    public.verify(signature, b"mail", scheme, hashes.SHA384())


@pytest.mark.parametrize(
    ("spec", "algorithm", "digest"),
    [
        ("ECC_NIST_P256", "ECDSA_SHA_256", "sha256"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", "sha512"),
        ("RSA_2048", "RSASSA_PSS_SHA_256", "sha256"),
    ],
)
async def test_digest_signs_like_its_message(
    world: World, spec: str, algorithm: str, digest: str
) -> None:
    key_id = await world.key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    asked = {"KeyId": key_id, "SigningAlgorithm": algorithm}
    hashed = hashlib.new(digest, b"mail").digest()

    signed = await world.call("Sign", Message=hashed, MessageType="DIGEST", **asked)

    assert await world.call("Verify", Message=b"mail", Signature=signed["Signature"], **asked)
    with pytest.raises(ValidationException, match="invalid length"):
        await world.call("Sign", Message=hashed[1:], MessageType="DIGEST", **asked)


async def test_ml_dsa_signs_a_message_representative_made_outside(world: World) -> None:
    key_id = await world.key(KeySpec="ML_DSA_44", KeyUsage="SIGN_VERIFY")
    public = cast("mldsa.MLDSA44PublicKey", await public_key(world, key_id))
    # FIPS 204, Algorithm 7, line 6, for a message without context.
    tr = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    mu = hashlib.shake_256(tr + b"\x00\x00" + b"mail").digest(64)

    signed = await world.call(
        "Sign",
        KeyId=key_id,
        Message=mu,
        MessageType="EXTERNAL_MU",
        SigningAlgorithm="ML_DSA_SHAKE_256",
    )

    public.verify(signed["Signature"], b"mail")


@pytest.mark.parametrize(
    ("spec", "algorithm", "message_type"),
    [
        ("ML_DSA_44", "ML_DSA_SHAKE_256", "DIGEST"),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", "DIGEST"),
        ("ECC_NIST_P256", "ECDSA_SHA_256", "EXTERNAL_MU"),
    ],
)
async def test_kind_of_message_fits_the_algorithm(
    world: World, spec: str, algorithm: str, message_type: str
) -> None:
    key_id = await world.key(KeySpec=spec, KeyUsage="SIGN_VERIFY")

    with pytest.raises(ValidationException, match=message_type):
        await world.call(
            "Sign",
            KeyId=key_id,
            Message=bytes(64),
            MessageType=message_type,
            SigningAlgorithm=algorithm,
        )


async def test_algorithm_of_another_kind_of_key_is_refused(world: World) -> None:
    key_id = await world.key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")

    with pytest.raises(InvalidKeyUsageException, match="ECDSA_SHA_512"):
        await world.call("Sign", KeyId=key_id, Message=b"m", SigningAlgorithm="ECDSA_SHA_512")


@pytest.mark.parametrize(("algorithm", "room"), [("SHA_1", 214), ("SHA_256", 190)])
async def test_rsa_key_decrypts_what_its_public_key_encrypts(
    world: World, algorithm: str, room: int
) -> None:
    key_id = await world.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    asked = {"KeyId": key_id, "EncryptionAlgorithm": f"RSAES_OAEP_{algorithm}"}
    public = cast("rsa.RSAPublicKey", await public_key(world, key_id))
    digest = hashes.SHA1() if algorithm == "SHA_1" else hashes.SHA256()

    outside = public.encrypt(b"out", padding.OAEP(padding.MGF1(digest), digest, None))
    inside = (await world.call("Encrypt", Plaintext=bytes(room), **asked))["CiphertextBlob"]

    assert await world.decrypt(outside, **asked) == b"out"
    assert await world.decrypt(inside, **asked) == bytes(room)
    with pytest.raises(ValidationException, match=f"larger than {room} bytes"):
        await world.call("Encrypt", Plaintext=bytes(room + 1), **asked)
    with pytest.raises(InvalidCiphertextException):
        await world.decrypt(b"x" + outside[1:], **asked)


async def test_rsa_ciphertext_needs_its_key_to_be_named_and_takes_no_context(
    world: World,
) -> None:
    key_id = await world.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    asked: dict[str, Any] = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    sealed = await world.encrypt(key_id, **asked)

    with pytest.raises(ValidationException, match="keyId"):
        await world.decrypt(sealed, **asked)
    with pytest.raises(ValidationException, match="context"):
        await world.decrypt(sealed, KeyId=key_id, EncryptionContext={"a": "b"}, **asked)
    with pytest.raises(InvalidKeyUsageException):
        await world.encrypt(key_id)  # SYMMETRIC_DEFAULT is what is used if nothing is said


@pytest.mark.parametrize(
    ("bits", "digest"), [(224, "sha224"), (256, "sha256"), (384, "sha384"), (512, "sha512")]
)
async def test_mac_is_verified_and_a_changed_one_is_not(
    world: World, bits: int, digest: str
) -> None:
    key_id = await world.key(KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC")
    asked = {"KeyId": key_id, "MacAlgorithm": f"HMAC_SHA_{bits}", "Message": b"mail"}

    mac = (await world.call("GenerateMac", **asked))["Mac"]

    assert len(mac) == bits // 8 == hmac.new(b"", b"", digest).digest_size
    assert (await world.call("VerifyMac", Mac=mac, **asked))["MacValid"] is True
    with pytest.raises(KMSInvalidMacException):
        await world.call("VerifyMac", Mac=mac[:-1] + b"\x00\x01", **asked)


async def test_both_sides_of_a_key_agreement_get_the_same_secret(world: World) -> None:
    key_id = await world.key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    other = ec.generate_private_key(ec.SECP256R1())
    encoded = other.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    asked = {"KeyId": key_id, "KeyAgreementAlgorithm": "ECDH"}

    derived = await world.call("DeriveSharedSecret", PublicKey=encoded, **asked)

    public = cast("ec.EllipticCurvePublicKey", await public_key(world, key_id))
    assert derived["SharedSecret"] == other.exchange(ec.ECDH(), public)
    with pytest.raises(ValidationException):
        await world.call("DeriveSharedSecret", PublicKey=encoded[:-1], **asked)


async def test_encapsulated_secret_comes_back(world: World) -> None:
    key_id = await world.key(KeySpec="ML_KEM_768", KeyUsage="ENCAPSULATE_DECAPSULATE")
    asked = {"KeyId": key_id, "EncapsulationAlgorithm": "ML_KEM"}

    made = await world.call("Encapsulate", **asked)
    blob = made["SharedSecretCiphertextBlob"]
    opened = await world.call("Decapsulate", SharedSecretCiphertextBlob=blob, **asked)

    assert opened["SharedSecret"] == made["SharedSecret"]
    with pytest.raises(InvalidCiphertextException):
        await world.call("Decapsulate", SharedSecretCiphertextBlob=blob[1:], **asked)


async def test_symmetric_key_has_no_public_part(world: World) -> None:
    with pytest.raises(UnsupportedOperationException):
        await world.call("GetPublicKey", KeyId=await world.key())

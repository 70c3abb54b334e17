"""DKIM: every signature of a mail, verified.

The body is read once, whatever the number of signatures, and never held whole. Public keys are
used by `cryptography`, which is imported with the first signature.

RFC 6376 §6.1; RFC 8301 (no SHA-1, keys of 1,024 to 4,096 bits); RFC 8463 (Ed25519).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from kamome.mail.authentication.body_hash import BodyHash
from kamome.mail.authentication.signature_field import (
    ALGORITHMS,
    FIELD_NAME,
    Key,
    KeySyntaxError,
    RawField,
    Signature,
    SignatureSyntaxError,
    parse_key,
    parse_signature,
    raw_fields,
    signed_octets,
)
from kamome.mail.checks import SignatureCheck
from kamome.mail.dns import NameNotFound, NameServerFailed, Resolver

# Mails carry one to three. RFC 6376 §6.1 lets a verifier stop where it sees fit.
SIGNATURES_MAX = 10
# What is canonicalized for each signature.
HEADER_OCTETS_MAX = 256 * 1024
# A key of 4,096 bits has 736 characters.
KEY_RECORD_CHARACTERS_MAX = 4_096
KEY_BITS_MIN = 1_024  # RFC 8301 §3.2
KEY_BITS_MAX = 4_096
# Between sender's and our clocks. RFC 6376 §3.5, `t=`: a signature of the future may be ignored.
_CLOCK_SKEW_S = 36_000


class _Failure(Exception):
    """The signature does not pass."""

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


class _HashKey(NamedTuple):
    is_relaxed: bool
    algorithm: str
    length: int | None


async def check_signatures(
    resolver: Resolver, head: bytes, body: AsyncIterator[bytes], *, now_s: int
) -> tuple[SignatureCheck, ...]:
    """One result for each signature in the order of the header; empty for a mail without any.

    `head` is the header section, `body` what follows its blank line. `now_s` is the time in which
    the sender lives. Never raises but what reading `body` raises.
    """
    fields = raw_fields(head[:HEADER_OCTETS_MAX])
    standing = [field for field in fields if field.name == FIELD_NAME]
    parsed = [_parsed(field, now_s) for field in standing[:SIGNATURES_MAX]]
    signatures = [each for each in parsed if isinstance(each, Signature)]
    if not signatures:
        return _all_of(parsed, {}, standing)
    hashes = await _body_hashes(signatures, body)
    keys = await asyncio.gather(*(_fetch(resolver, each) for each in signatures))
    checks: dict[int, SignatureCheck] = {}
    for signature, key in zip(signatures, keys, strict=True):
        checks[id(signature)] = _check(signature, key, fields, hashes)
    return _all_of(parsed, checks, standing)


def _all_of(
    parsed: Sequence[Signature | SignatureCheck],
    checks: dict[int, SignatureCheck],
    standing: Sequence[RawField],
) -> tuple[SignatureCheck, ...]:
    found = [each if isinstance(each, SignatureCheck) else checks[id(each)] for each in parsed]
    if len(standing) > SIGNATURES_MAX:
        found.append(SignatureCheck("policy", reason="there are more signatures than are checked"))
    return tuple(found)


def _parsed(field: RawField, now_s: int) -> Signature | SignatureCheck:
    try:
        signature = parse_signature(field)
    except SignatureSyntaxError as error:
        return SignatureCheck("neutral", reason=str(error))
    if signature.expires_at_s is not None and signature.expires_at_s < now_s - _CLOCK_SKEW_S:
        return _result(signature, "fail", "it has expired")
    if signature.signed_at_s is not None and signature.signed_at_s > now_s + _CLOCK_SKEW_S:
        return _result(signature, "fail", "it is of the future")
    return signature


def _result(signature: Signature, result: str, reason: str) -> SignatureCheck:
    return SignatureCheck(
        result,
        signature.domain,
        signature.selector,
        signature.identity,
        signature.algorithm,
        reason,
    )


async def _body_hashes(
    signatures: Sequence[Signature], body: AsyncIterator[bytes]
) -> dict[_HashKey, BodyHash]:
    hashes: dict[_HashKey, BodyHash] = {}
    for signature in signatures:
        key = _hash_key(signature)
        hashes[key] = BodyHash(
            is_relaxed=key.is_relaxed, algorithm=key.algorithm, length=key.length
        )
    async for piece in body:
        for each in hashes.values():
            each.feed(piece)
    return hashes


def _hash_key(signature: Signature) -> _HashKey:
    return _HashKey(signature.is_body_relaxed, ALGORITHMS[signature.algorithm][1], signature.length)


async def _fetch(resolver: Resolver, signature: Signature) -> Key | _Failure:
    """The key of a signature. RFC 6376 §3.6.2."""
    name = f"{signature.selector}._domainkey.{signature.domain}"
    try:
        texts = await resolver.txt(name)
    except NameNotFound:
        return _Failure("permerror", "there is no key")
    except NameServerFailed:
        return _Failure("temperror", "the key could not be asked for")
    if len(texts[0]) > KEY_RECORD_CHARACTERS_MAX:
        return _Failure("policy", "the key record is too long")
    try:
        return parse_key(texts[0])
    except KeySyntaxError as error:
        return _Failure("permerror", str(error))


def _check(
    signature: Signature,
    key: Key | _Failure,
    fields: Sequence[RawField],
    hashes: dict[_HashKey, BodyHash],
) -> SignatureCheck:
    try:
        if isinstance(key, _Failure):
            raise key
        _check_key(signature, key)
        _check_body(signature, hashes)
        _verify(signature, key, signed_octets(signature, fields))
    except _Failure as failure:
        return _result(signature, failure.result, failure.reason)
    return _result(signature, "pass", "")


def _check_key(signature: Signature, key: Key) -> None:
    kind, algorithm = ALGORITHMS[signature.algorithm]
    if not key.public_key:
        raise _Failure("permerror", "the key has been revoked")
    if key.kind != kind or (key.hashes and algorithm not in key.hashes):
        raise _Failure("permerror", "the key is not one for this algorithm")
    if algorithm == "sha1":
        raise _Failure("policy", "SHA-1 proves nothing any more")
    if key.is_strict and signature.identity.rpartition("@")[2].lower() != signature.domain:
        raise _Failure("permerror", "the key is not one for sub-domains")


def _check_body(signature: Signature, hashes: dict[_HashKey, BodyHash]) -> None:
    body = hashes[_hash_key(signature)]
    if body.digest() != signature.body_hash or body.is_short:
        raise _Failure("fail", "the body has been changed")


def _verify(signature: Signature, key: Key, octets: bytes) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        if key.kind == "ed25519":
            # The raw key of RFC 8463 §4.2; the hash is signed, not the text.
            public = ed25519.Ed25519PublicKey.from_public_bytes(key.public_key)
            public.verify(signature.value, hashlib.sha256(octets).digest())
            return
        loaded = load_der_public_key(key.public_key)
        if not isinstance(loaded, rsa.RSAPublicKey):
            raise _Failure("permerror", "the key is not one for this algorithm")
        if not KEY_BITS_MIN <= loaded.key_size <= KEY_BITS_MAX:
            raise _Failure("policy", f"the key has {loaded.key_size} bits")
        loaded.verify(signature.value, octets, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise _Failure("fail", "the signature does not fit the header") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _Failure("permerror", "the key cannot be used") from None

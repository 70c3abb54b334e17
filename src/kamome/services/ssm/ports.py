"""What Parameter Store needs of KMS and Secrets Manager; filled in by `wiring/ssm.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import msgspec

from kamome.context import RequestContext
from kamome.services.ssm.errors import not_served

Context = Mapping[str, str]


class Secret(NamedTuple):
    """A secret's value, and all that GetSecretValue says of it, as it is in JSON."""

    arn: str
    value: str
    created_at_s: float
    document: Mapping[str, object]


def _no_encrypt(_ctx: RequestContext, _key_id: str, _plaintext: bytes, _context: Context) -> bytes:
    raise not_served("AWS KMS")


def _no_decrypt(_ctx: RequestContext, _ciphertext: bytes, _context: Context) -> bytes:
    raise not_served("AWS KMS")


async def _no_secret(_ctx: RequestContext, _name: str, _selector: str) -> Secret:
    raise not_served("AWS Secrets Manager")


class Ports(msgspec.Struct, frozen=True):
    """All of them.

    `encrypt(ctx, key_id, plaintext, context)` and `decrypt(ctx, ciphertext, context)` are KMS's,
    for the caller of Parameter Store; both raise an AwsError where the key cannot be used.
    `secret(ctx, name, selector)` is a secret's current value, or that of the version which the
    selector names by its label or id; it raises an AwsError where there is none.
    """

    encrypt: Callable[[RequestContext, str, bytes, Context], bytes] = _no_encrypt
    decrypt: Callable[[RequestContext, bytes, Context], bytes] = _no_decrypt
    secret: Callable[[RequestContext, str, str], Awaitable[Secret]] = _no_secret

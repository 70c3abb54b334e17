"""What Secrets Manager needs of KMS; filled in by `wiring/secretsmanager.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from kamome.context import RequestContext
from kamome.services.secretsmanager.errors import not_served

Context = Mapping[str, str]


class DataKey(NamedTuple):
    """An AES-256 key of KMS: the ARN of the KMS key, the key itself, and the key encrypted."""

    key_arn: str
    plaintext: bytes
    ciphertext: bytes


def _no_key(_ctx: RequestContext, _key_id: str, _context: Context) -> DataKey:
    raise not_served("AWS KMS")


def _no_decrypt(_ctx: RequestContext, _ciphertext: bytes, _context: Context) -> bytes:
    raise not_served("AWS KMS")


class Ports(msgspec.Struct, frozen=True):
    """All of them.

    `data_key(ctx, key_id, context)` makes a data key, `decrypt(ctx, ciphertext, context)` gives it
    back, for the caller of Secrets Manager; both raise an AwsError where the key cannot be used.
    """

    data_key: Callable[[RequestContext, str, Context], DataKey] = _no_key
    decrypt: Callable[[RequestContext, bytes, Context], bytes] = _no_decrypt

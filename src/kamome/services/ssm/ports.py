"""What Parameter Store needs from elsewhere; filled in by `wiring/ssm.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from kamome.context import RequestContext
from kamome.services.ssm.errors import not_served

Context = Mapping[str, str]


def _no_encrypt(_ctx: RequestContext, _key_id: str, _plaintext: bytes, _context: Context) -> bytes:
    raise not_served("AWS KMS")


def _no_decrypt(_ctx: RequestContext, _ciphertext: bytes, _context: Context) -> bytes:
    raise not_served("AWS KMS")


class Ports(msgspec.Struct, frozen=True):
    """All of them.

    `encrypt(ctx, key_id, plaintext, context)` and `decrypt(ctx, ciphertext, context)` are KMS's,
    for the caller of Parameter Store; both raise an AwsError where the key cannot be used.
    """

    encrypt: Callable[[RequestContext, str, bytes, Context], bytes] = _no_encrypt
    decrypt: Callable[[RequestContext, bytes, Context], bytes] = _no_decrypt

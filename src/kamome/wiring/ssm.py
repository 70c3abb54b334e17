"""Systems Manager: Parameter Store, whose SecureStrings KMS encrypts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ssm import expirations
from kamome.services.ssm.ports import Ports
from kamome.services.ssm.slice import Ssm
from kamome.services.ssm.store import Store
from kamome.storage.outbox import Outbox
from kamome.wiring.kernel import Kernel

if TYPE_CHECKING:
    from kamome.wiring.slices import Slices


def make(kernel: Kernel, slices: Slices) -> Ssm:
    """The slice with its ports; KMS is made when it is first asked."""

    def encrypt(
        ctx: RequestContext, key_id: str, plaintext: bytes, context: Mapping[str, str]
    ) -> bytes:
        from kamome.services.kms import data_keys

        return data_keys.encrypt(slices.kms, ctx, key_id, plaintext, context).ciphertext

    def decrypt(ctx: RequestContext, ciphertext: bytes, context: Mapping[str, str]) -> bytes:
        from kamome.services.kms import data_keys

        return data_keys.decrypt(slices.kms, ciphertext, context, ctx)

    return Ssm(Store(kernel.engine), kernel.clock, kernel.outbox, Ports(encrypt, decrypt))


def register(outbox: Outbox, ssm: Ssm) -> None:
    """Name the handler of its outbox entries."""
    outbox.register(expirations.EXPIRE, lambda entry: expirations.expire(ssm, entry))

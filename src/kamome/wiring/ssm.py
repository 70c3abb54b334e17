"""Systems Manager: Parameter Store, whose SecureStrings KMS encrypts; it refers to secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.faults.rules import Target
from kamome.services.ssm import expirations
from kamome.services.ssm.ports import Ports, Secret
from kamome.services.ssm.slice import Ssm
from kamome.services.ssm.store import Store
from kamome.storage.outbox import Outbox
from kamome.wiring.kernel import Kernel

if TYPE_CHECKING:
    from kamome.wiring.slices import Slices

_SSM = "ssm"


def make(kernel: Kernel, slices: Slices) -> Ssm:
    """The slice with its ports; KMS is made when it is first asked."""

    def encrypt(
        ctx: RequestContext, key_id: str, plaintext: bytes, context: Mapping[str, str]
    ) -> bytes:
        from kamome.services.kms import data_keys

        kms, target = slices.kms, Target("kms", "Encrypt", key_id, ctx.account, ctx.region, _SSM)
        return slices.offers.hand_overs.call(
            target, lambda: data_keys.encrypt(kms, ctx, key_id, plaintext, context).ciphertext
        )

    def decrypt(ctx: RequestContext, ciphertext: bytes, context: Mapping[str, str]) -> bytes:
        from kamome.services.kms import data_keys

        kms, target = slices.kms, Target("kms", "Decrypt", "", ctx.account, ctx.region, _SSM)
        return slices.offers.hand_overs.call(
            target, lambda: data_keys.decrypt(kms, ciphertext, context, ctx)
        )

    async def secret(ctx: RequestContext, name: str, selector: str) -> Secret:
        from kamome.services.secretsmanager.referring import secret_of_reference

        return Secret(*await secret_of_reference(slices.secretsmanager, ctx, name, selector))

    ports = Ports(encrypt, decrypt, secret)
    return Ssm(Store(kernel.engine), kernel.clock, kernel.outbox, ports)


def register(outbox: Outbox, ssm: Ssm) -> None:
    """Name the handler of its outbox entries."""
    outbox.register(expirations.EXPIRE, lambda entry: expirations.expire(ssm, entry))

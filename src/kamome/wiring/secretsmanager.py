"""Secrets Manager, whose values KMS's data keys encrypt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.faults.rules import Target
from kamome.services.secretsmanager import deletion
from kamome.services.secretsmanager.ports import DataKey, Ports
from kamome.services.secretsmanager.slice import Secrets
from kamome.services.secretsmanager.store import Store
from kamome.storage.outbox import Outbox
from kamome.wiring.kernel import Kernel

if TYPE_CHECKING:
    from kamome.wiring.slices import Slices

_SOURCE = "secretsmanager"


def make(kernel: Kernel, slices: Slices) -> Secrets:
    """The slice with its ports; KMS is made when it is first asked."""

    def data_key(ctx: RequestContext, key_id: str, context: Mapping[str, str]) -> DataKey:
        return DataKey(*slices.offers.generate_data_key(ctx, key_id, context, _SOURCE))

    def decrypt(ctx: RequestContext, ciphertext: bytes, context: Mapping[str, str]) -> bytes:
        from kamome.services.kms import data_keys

        kms, target = slices.kms, Target("kms", "Decrypt", "", ctx.account, ctx.region, _SOURCE)
        return slices.offers.hand_overs.call(
            target, lambda: data_keys.decrypt(kms, ciphertext, context, ctx)
        )

    return Secrets(
        Store(kernel.engine), kernel.clock, kernel.ids, kernel.outbox, Ports(data_key, decrypt)
    )


def register(outbox: Outbox, secretsmanager: Secrets) -> None:
    """Name the handler of its outbox entries."""
    outbox.register(deletion.DELETE, lambda entry: deletion.end_recovery(secretsmanager, entry))

"""The policy Expiration: a parameter is deleted when its time has come, by the clock.

AWS: Systems Manager User Guide, Assigning parameter policies in Parameter Store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ssm.names import ParameterName

if TYPE_CHECKING:
    from kamome.services.ssm.slice import Ssm
    from kamome.storage.outbox import Entry

EXPIRE = "ssm.expire"


def expire_at(ssm: Ssm, name: ParameterName, at_ms: int, trace: str) -> None:
    """Note, in the caller's step, that the parameter expires then.

    AWS: User Guide, Assigning parameter policies (Expiration).
    """
    payload = {"account": name.account, "region": name.region, "name": name.name}
    ssm.outbox.put(EXPIRE, payload, at_ms=at_ms, trace=trace)


def expire(ssm: Ssm, entry: Entry) -> None:
    """Delete a parameter whose policy says so by now; the policy may have been changed since.

    Runs in the step in which its outbox entry is finished.

    AWS: User Guide, Assigning parameter policies (Expiration).
    """
    payload = entry.payload
    name = ParameterName(str(payload["account"]), str(payload["region"]), str(payload["name"]))
    at_ms = ssm.store.expiry(name)
    if at_ms is not None and at_ms <= ssm.clock.now_ms():
        ssm.store.delete(name)

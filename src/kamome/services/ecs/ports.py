"""What ECS needs from elsewhere; filled in by `wiring/ecs.py`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kamome.services.ecs.names import ClusterName


def no_fault(_cluster: ClusterName, _family: str) -> str:
    """Nothing is in the way of a task."""
    return ""


class Ports(msgspec.Struct, frozen=True):
    """All of them.

    `placement_fault(cluster, family)` is the failure reason (`AGENT`, `RESOURCE:CPU`, ...) that a
    fault rule has ordered for a task about to be placed, empty for none.
    """

    placement_fault: Callable[[ClusterName, str], str] = no_fault

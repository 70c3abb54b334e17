"""What is over is forgotten when its time has come: tasks, clusters, services, client tokens.

Each has a row that says when; one timer of the clock stands at the earliest. A restart begins with
what is due.

AWS: ECS API Reference, DescribeTasks (stopped tasks appear for at least one hour), RunTask
(clientToken).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from kamome.clock import Clock, Timer
from kamome.errors import ServiceUnavailable
from kamome.services.ecs.names import ClusterName, ServiceName, TaskName
from kamome.services.ecs.store import Store
from kamome.storage.engine import Engine

What = Literal["task", "cluster", "service", "token"]
# More are forgotten in the next step, at the same moment.
_FORGOTTEN_PER_STEP = 500
_AGAIN_MS = 60_000


class Expiry(NamedTuple):
    """What is to be forgotten: a thing of a cluster by its name, or the cluster itself."""

    what: What
    cluster: ClusterName
    name: str = ""


class Retention:
    """Forgets what is over, by the clock."""

    def __init__(self, engine: Engine, store: Store, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._timer: Timer | None = None

    def start(self) -> None:
        """Forget what became due while the server was not there, and wait for the rest."""
        self._arm()

    def keep_for(self, expiry: Expiry, duration_ms: int) -> None:
        """Note that something is to be forgotten then, as part of the caller's step."""
        at_ms = self._clock.now_ms() + duration_ms
        self._store.note_expiry(at_ms, expiry.what, expiry.cluster, expiry.name)
        if self._timer is None or at_ms < self._timer.when_ms:
            self._arm_at(at_ms)

    def _arm(self) -> None:
        at_ms = self._store.next_expiry()
        if at_ms is not None:
            self._arm_at(at_ms)

    def _arm_at(self, at_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_at(at_ms, self._forget_due)

    def _forget_due(self) -> None:
        self._timer = None
        now_ms = self._clock.now_ms()
        try:
            self._forget(now_ms)
        except ServiceUnavailable:
            # No room on the disk, even to forget: the rows stay, and are looked at again later.
            self._arm_at(now_ms + _AGAIN_MS)
            return
        self._arm()

    def _forget(self, now_ms: int) -> None:
        with self._engine.atomic():
            for what, cluster, name in self._store.expired(now_ms, _FORGOTTEN_PER_STEP):
                if what == "task":
                    self._store.forget_task(TaskName(cluster, name))
                elif what == "cluster":
                    self._store.forget_cluster(cluster)
                elif what == "service":
                    self._store.forget_service(ServiceName(cluster, name))
                else:
                    self._store.forget_token(cluster, name)

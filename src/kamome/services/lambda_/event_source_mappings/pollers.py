"""Which event source mappings have a poller running: those whose row says they are enabled.

Operations change rows and say which; the row is read on the next pass of the loop, when the step
is complete, and again if that step is undone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kamome.services.lambda_.event_source_mappings.sqs_poller import SqsPoller

if TYPE_CHECKING:
    from kamome.services.lambda_.slice import Lambda

_MAPPINGS_PER_PAGE = 200


class Pollers:
    """The pollers of this server. Nothing runs before `start` and after `stop`."""

    def __init__(self) -> None:
        self._lambda: Lambda | None = None
        self._running: dict[str, SqsPoller] = {}
        self._stopping: set[SqsPoller] = set()
        self._unsettled: set[str] = set()

    def start(self, lambda_: Lambda) -> None:
        """Start a poller for every enabled mapping."""
        self._lambda = lambda_
        lambda_.engine.on_rollback(self._look_again)
        after = ""
        while page := lambda_.store.enabled_mappings(after, _MAPPINGS_PER_PAGE):
            for mapping in page:
                self._look(mapping.uuid)
            after = page[-1].uuid

    def changed(self, uuid: str) -> None:
        """A mapping's row is being written or deleted in the present step."""
        if self._lambda is None:
            return
        self._unsettled.add(uuid)
        self._lambda.engine.after_commit(lambda: self._unsettled.discard(uuid))
        asyncio.get_running_loop().call_soon(self._look, uuid)

    def last_result(self, uuid: str) -> str:
        """What came of the mapping's last batch; empty before the first."""
        poller = self._running.get(uuid)
        return poller.last_result if poller is not None else ""

    async def stop(self, grace_s: float) -> None:
        """Receive nothing more; give batches under way this long to end."""
        self._lambda = None
        pollers = [*self._running.values(), *self._stopping]
        self._running.clear()
        for poller in pollers:
            poller.stop()
        tasks = [task for poller in pollers for task in poller.under_way]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)

    def _look_again(self) -> None:
        """A step has been undone, perhaps one that changed a mapping."""
        for uuid in self._unsettled:
            asyncio.get_running_loop().call_soon(self._look, uuid)

    def _look(self, uuid: str) -> None:
        """Make what runs agree with the row."""
        if self._lambda is None:
            return
        mapping = self._lambda.store.find_mapping(uuid)
        running = self._running.get(uuid)
        is_wanted = mapping is not None and mapping.settings.is_enabled
        if running is not None and (not is_wanted or running.mapping != mapping):
            del self._running[uuid]
            running.stop()
            self._keep_until_done(running)
            running = None
        if mapping is not None and is_wanted and running is None:
            self._running[uuid] = poller = SqsPoller(self._lambda, mapping)
            poller.start()

    def _keep_until_done(self, poller: SqsPoller) -> None:
        """Batches of a poller that has been replaced are still waited for by `stop`."""
        self._stopping = {stopped for stopped in self._stopping if stopped.under_way}
        if poller.under_way:
            self._stopping.add(poller)

"""A naive queue: a list of messages and AWS's rules, written for reading. The oracle of tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile


@dataclass(slots=True)
class Kept:
    """One message of the model."""

    body: str
    group: str
    arrived: int
    sent_at_s: int
    visible_at_s: int
    receives: int = 0


@dataclass(slots=True)
class ModelQueue:
    """One queue of the model. Times are whole seconds."""

    is_fifo: bool
    max_receives: int
    visibility_timeout_s: int = 30
    retention_s: int = 1_000
    delay_s: int = 0
    messages: list[Kept] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    arrivals: int = 0

    def send(self, body: str, group: str, now_s: int) -> None:
        """A FIFO queue takes a body once in 300 seconds."""
        if self.is_fifo:
            if now_s < self.sent.get(body, -300) + 300:
                return
            self.sent[body] = now_s
        self.arrivals += 1
        visible_at_s = now_s + self.delay_s
        self.messages.append(Kept(body, group, self.arrivals, now_s, visible_at_s))

    def expire(self, now_s: int) -> None:
        """What is older than the retention is gone."""
        self.messages = [m for m in self.messages if now_s < m.sent_at_s + self.retention_s]

    def receive(self, count: int, timeout_s: int, now_s: int) -> list[Kept]:
        """What a receive gives, in its order."""
        taken: list[Kept] = []
        while len(taken) < count and (fronts := self._fronts(count - len(taken), now_s)):
            for front in fronts:
                for message in front[: count - len(taken)]:
                    if message.receives >= self.max_receives:
                        self.messages.remove(message)
                        self.dead.append(message.body)
                        continue
                    message.receives += 1
                    message.visible_at_s = now_s + timeout_s
                    taken.append(message)
        return taken

    def _fronts(self, wanted: int, now_s: int) -> list[list[Kept]]:
        """What could be received now: one list, or one per message group."""
        if not self.is_fifo:
            waiting = [m for m in self.messages if m.visible_at_s <= now_s]
            ordered = sorted(waiting, key=lambda m: (m.visible_at_s, m.arrived))
            return [ordered[:wanted]] if ordered else []
        return [self._front(group, now_s) for group in self._groups(now_s)[:wanted]]

    def _front(self, group: str, now_s: int) -> list[Kept]:
        of_group = [m for m in self.messages if m.group == group]
        return list(takewhile(lambda m: m.visible_at_s <= now_s, of_group))

    def _groups(self, now_s: int) -> list[str]:
        """Groups of which none is in flight and the first is visible, longest available first."""
        available = {}
        for group in {m.group for m in self.messages}:
            of_group = [m for m in self.messages if m.group == group]
            at_s = max(
                [of_group[0].visible_at_s, *(m.visible_at_s for m in of_group if m.receives)]
            )
            if at_s <= now_s:
                available[group] = (at_s, of_group[0].arrived)
        return sorted(available, key=lambda group: available[group])

    def delete(self, message: Kept, receives: int, now_s: int) -> bool:
        """False where a FIFO queue says that the handle has expired."""
        if message not in self.messages:
            return True
        is_good = message.receives == receives
        if self.is_fifo and (not is_good or message.visible_at_s <= now_s):
            return False
        if is_good:
            self.messages.remove(message)
        return True

    def hide(self, message: Kept, receives: int, timeout_s: int, now_s: int) -> bool:
        """False where the message is not in flight under this handle."""
        if (
            message not in self.messages
            or message.receives != receives
            or message.visible_at_s <= now_s
        ):
            return False
        message.visible_at_s = now_s + timeout_s
        return True

    def counts(self, now_s: int) -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        hidden = [m for m in self.messages if m.visible_at_s > now_s]
        in_flight = sum(1 for m in hidden if m.receives)
        return len(self.messages) - len(hidden), in_flight, len(hidden) - in_flight

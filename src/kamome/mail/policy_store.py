"""MTA-STS policies in the store, so that a restart forgets no promise of a domain.

RFC 8461 §5.1, §10.2.
"""

from __future__ import annotations

import msgspec

from kamome.storage.engine import Engine

# By primary key.
UPSERT_POLICY = """
INSERT INTO mta_sts_policy (domain, policy_id, mode, mx, max_age_s, until_ms)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (domain) DO UPDATE SET policy_id = excluded.policy_id, mode = excluded.mode,
  mx = excluded.mx, max_age_s = excluded.max_age_s, until_ms = excluded.until_ms
"""
SELECT_POLICY = """
SELECT policy_id, mode, mx, max_age_s, until_ms FROM mta_sts_policy
WHERE domain = ? AND until_ms > ?
"""
# Index mta_sts_policy_until.
DELETE_ENDED = "DELETE FROM mta_sts_policy WHERE until_ms <= ?"


class MtaStsPolicy(msgspec.Struct, frozen=True):
    """What a domain promises: its mode, the patterns of its MX hosts, how long it holds."""

    mode: str
    mx: tuple[str, ...]
    max_age_s: int

    def allows(self, host: str) -> bool:
        """Whether a host is one of the policy's. `*.` stands for exactly one label. §4.1."""
        name = host.rstrip(".").lower()
        for pattern in self.mx:
            if pattern == name:
                return True
            if pattern.startswith("*.") and name.partition(".")[2] == pattern[2:]:
                return True
        return False


class KnownPolicy(msgspec.Struct, frozen=True):
    """A policy with the id of its record, and until when it holds. None: it could not be had."""

    policy_id: str
    policy: MtaStsPolicy | None
    until_ms: int


class PolicyStore:
    """Policies by domain."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, domain: str, known: KnownPolicy, now_ms: int) -> None:
        """Keep a policy until it ends, and forget those that have ended."""
        policy = known.policy
        assert policy is not None, "there is nothing to keep"
        row = (policy.mode, msgspec.json.encode(policy.mx), policy.max_age_s, known.until_ms)
        with self._engine.atomic():
            self._engine.write(DELETE_ENDED, (now_ms,))
            self._engine.write(UPSERT_POLICY, (domain, known.policy_id, *row))

    def find(self, domain: str, now_ms: int) -> KnownPolicy | None:
        """The policy of a domain that holds now, None where none is known."""
        row = self._engine.one(SELECT_POLICY, (domain, now_ms))
        if row is None:
            return None
        policy_id, mode, mx, max_age_s, until_ms = row
        assert isinstance(mx, bytes)
        assert isinstance(max_age_s, int)
        assert isinstance(until_ms, int)
        patterns = msgspec.json.decode(mx, type=tuple[str, ...])
        return KnownPolicy(str(policy_id), MtaStsPolicy(str(mode), patterns, max_age_s), until_ms)

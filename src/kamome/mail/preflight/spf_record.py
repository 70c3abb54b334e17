"""SPF records followed through all their includes, to count what they cost and find what is broken.

A receiver may stop at ten look-ups and at two that find nothing, and then the record counts for
nothing at all. RFC 7208 §4.6.4, §5.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from kamome.mail.authentication.spf_terms import Mechanism, SpfSyntaxError, is_spf, parse_record
from kamome.mail.preflight.lookups import Found

LOOKUPS_MAX = 10
VOID_LOOKUPS_MAX = 2
# Ours: a tree that has passed the limit is followed a little further, to say by how much.
_FOLLOWED_MAX = 40
_DEPTH_MAX = 12
_COSTLY = frozenset({"include", "a", "mx", "ptr", "exists"})


class Walk(msgspec.Struct):
    """What following a record has found.

    `problems` break the record, `doubts` do not; `failures` are names that DNS did not answer for.
    """

    lookups: int = 0
    void_lookups: int = 0
    problems: list[str] = msgspec.field(default_factory=list)
    doubts: list[str] = msgspec.field(default_factory=list)
    failures: list[str] = msgspec.field(default_factory=list)


Ask = Callable[[str], Awaitable[Found]]


class Questions(msgspec.Struct, frozen=True):
    """How names are looked up: TXT, addresses, mail exchangers."""

    texts: Ask
    addresses: Ask
    exchangers: Ask


async def walk(domain: str, record: str, questions: Questions) -> Walk:
    """Follow a record as a receiver does whose mail matches nothing before the end.

    That is the dearest case, and the one that the limit must hold for. At most 40 look-ups are
    made. RFC 7208 §4.6.4.
    """
    follower = _Follower(questions)
    await follower.follow(domain, record, (domain.lower(),))
    return follower.done


class _Follower:
    def __init__(self, questions: Questions) -> None:
        self.done = Walk()
        self._questions = questions

    async def follow(self, domain: str, text: str, path: tuple[str, ...]) -> None:
        """All terms of one record. `path` are the domains that led here."""
        try:
            record = parse_record(text)
        except SpfSyntaxError as error:
            self.done.problems.append(f"The record of {domain} cannot be read: {error}.")
            return
        for mechanism in record.mechanisms:
            if mechanism.name in _COSTLY and self._count():
                await self._look(domain, mechanism, path)
        has_all = any(mechanism.name == "all" for mechanism in record.mechanisms)
        if record.redirect and not has_all and self._count():
            await self._enter(record.redirect, f"redirect={record.redirect}", path)

    def _count(self) -> bool:
        """Count a look-up; whether it is to be made."""
        self.done.lookups += 1
        return self.done.lookups <= _FOLLOWED_MAX

    async def _look(self, domain: str, mechanism: Mechanism, path: tuple[str, ...]) -> None:
        target = (mechanism.domain or domain).removesuffix(".")
        if "%" in target or mechanism.name == "ptr":
            return  # depends on the mail
        if mechanism.name == "include":
            await self._enter(target, mechanism.text, path)
            return
        ask = self._questions.exchangers if mechanism.name == "mx" else self._questions.addresses
        hosts = await ask(target)
        if hosts.failure:
            self.done.failures.append(f"{target}: {hosts.failure}")
        elif not hosts.values:
            self.done.void_lookups += 1
            self.done.doubts.append(f"{mechanism.text} of {domain} leads to nothing.")
        elif mechanism.name == "mx" and len(hosts.values) > LOOKUPS_MAX:
            self.done.problems.append(f"{mechanism.text} of {domain} names more than ten hosts.")

    async def _enter(self, target: str, term: str, path: tuple[str, ...]) -> None:
        target = target.removesuffix(".").lower()
        if "%" in target:
            return  # depends on the mail
        if target in path:
            self.done.problems.append(f"{term} leads back to itself.")
            return
        if len(path) >= _DEPTH_MAX:
            return
        texts = await self._questions.texts(target)
        if texts.failure:
            self.done.failures.append(f"{target}: {texts.failure}")
            return
        self.done.void_lookups += not texts.values
        records = spf_records(texts)
        if len(records) == 1:
            await self.follow(target, records[0], (*path, target))
            return
        have = f"{len(records)} SPF records" if records else "no SPF record"
        self.done.problems.append(f"{term}: {target} has {have}, which breaks this one, too.")


def spf_records(texts: Found) -> list[str]:
    """Those TXT records that are SPF's. RFC 7208 §4.5."""
    return [value for value in texts.values if is_spf(value)]

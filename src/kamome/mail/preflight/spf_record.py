"""SPF records taken apart, and followed through all their includes to count what they cost.

A receiver may stop at ten look-ups and at two that find nothing, and then the record counts for
nothing at all. RFC 7208 §4.6.4, §5, §12.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable

import msgspec

from kamome.mail.preflight.lookups import Found

LOOKUPS_MAX = 10
VOID_LOOKUPS_MAX = 2
# Ours: a tree that has passed the limit is followed a little further, to say by how much.
_FOLLOWED_MAX = 40
_DEPTH_MAX = 12
_TERMS_MAX = 200

_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_COSTLY = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_TERM = re.compile(
    r"(?P<qualifier>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9._-]*)(?P<separator>[:=]?)(?P<value>.*)",
    re.DOTALL,
)
_CIDR = re.compile(r"(?P<name>[^/]*)(?:/(?P<four>\d{1,3}))?(?://(?P<six>\d{1,3}))?")


class SpfSyntaxError(ValueError):
    """The record cannot be read; the sentence names the place."""


class Term(msgspec.Struct, frozen=True):
    """A mechanism or modifier. `qualifier` is `+`, `-`, `~`, `?`; empty for a modifier."""

    text: str
    qualifier: str
    name: str
    value: str


class Walk(msgspec.Struct):
    """What following a record found: costs, the records on the way, and what is wrong with them."""

    lookups: int = 0
    void_lookups: int = 0
    records: list[tuple[str, str]] = []
    problems: list[str] = []
    failures: list[str] = []
    unfollowed: list[str] = []


def parse_spf(record: str) -> list[Term]:
    """The terms of a record, in order.

    Raises:
        SpfSyntaxError: it is not `v=spf1`, or a term is none of RFC 7208 §5 and §6.
    """
    words = record.split(" ")
    if words[0].lower() != "v=spf1":
        raise SpfSyntaxError(f"it begins with {words[0]!r} instead of v=spf1")
    terms = [_term(word) for word in words[1:] if word]
    if len(terms) > _TERMS_MAX:
        raise SpfSyntaxError(f"it has {len(terms)} terms")
    for modifier in ("redirect", "exp"):
        if sum(term.name == modifier for term in terms) > 1:
            raise SpfSyntaxError(f"{modifier} comes twice")
    return terms


def _term(word: str) -> Term:
    found = _TERM.fullmatch(word)
    if found is None:
        raise SpfSyntaxError(f"{word!r} is no term")
    qualifier, name, separator, value = found.groups()
    name = name.lower()
    if separator == "=" and name not in _MECHANISMS:
        if qualifier:
            raise SpfSyntaxError(f"{word!r} is a modifier and takes no {qualifier}")
        return Term(word, "", name, value)
    if name not in _MECHANISMS:
        raise SpfSyntaxError(f"{word!r}: there is no mechanism {name}")
    _check_mechanism(word, name, separator, value)
    return Term(word, qualifier or "+", name, value)


def _check_mechanism(word: str, name: str, separator: str, value: str) -> None:
    if separator == "=":
        raise SpfSyntaxError(f"{word!r} takes a colon, not =")
    if separator == ":" and not value:
        raise SpfSyntaxError(f"{word!r} names nothing behind its colon")
    if name in ("include", "exists", "ip4", "ip6") and not separator:
        raise SpfSyntaxError(f"{word!r} must name something: {name}:…")
    if name == "all" and (separator or value):
        raise SpfSyntaxError(f"{word!r}: all takes nothing")
    if name in ("ip4", "ip6"):
        _check_network(word, name, value)
    elif name in ("a", "mx"):
        _check_prefixes(word, value)
    elif not separator and value:
        raise SpfSyntaxError(f"{word!r} is no term")


def _check_network(word: str, name: str, value: str) -> None:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise SpfSyntaxError(f"{word!r}: {value} is no network") from None
    if network.version != int(name[2]):
        raise SpfSyntaxError(f"{word!r}: {value} is not of version {name[2]}")


def _check_prefixes(word: str, value: str) -> None:
    found = _CIDR.fullmatch(value)
    if found is None:
        raise SpfSyntaxError(f"{word!r}: the length behind / is none")
    if int(found["four"] or 0) > 32 or int(found["six"] or 0) > 128:
        raise SpfSyntaxError(f"{word!r}: the prefix is too long")


# ------------------------------------------------------------------ following

AskTexts = Callable[[str], Awaitable[Found]]
AskHosts = Callable[[str], Awaitable[Found]]


class Questions(msgspec.Struct, frozen=True):
    """How names are looked up: TXT, addresses, mail exchangers."""

    texts: AskTexts
    addresses: AskHosts
    exchangers: AskHosts


async def walk(domain: str, record: str, questions: Questions) -> Walk:
    """Follow a record as a receiver does whose mail matches nothing before the end.

    That is the dearest case, and the one that the limit must hold for. At most 40 look-ups are
    made. RFC 7208 §4.6.4.
    """
    done = Walk(records=[], problems=[], failures=[], unfollowed=[])
    await _follow(domain, record, questions, done, path=(domain.lower(),))
    return done


async def _follow(
    domain: str, record: str, questions: Questions, done: Walk, *, path: tuple[str, ...]
) -> None:
    done.records.append((domain, record))
    try:
        terms = parse_spf(record)
    except SpfSyntaxError as error:
        done.problems.append(f"The record of {domain} cannot be read: {error}.")
        return
    has_all = any(term.name == "all" for term in terms)
    for term in terms:
        if term.name not in _COSTLY or (term.name == "redirect" and has_all):
            continue
        done.lookups += 1
        if done.lookups > _FOLLOWED_MAX:
            return
        await _look(domain, term, questions, done, path=path)


async def _look(
    domain: str, term: Term, questions: Questions, done: Walk, *, path: tuple[str, ...]
) -> None:
    target = _target(domain, term)
    if "%" in target or term.name == "ptr":
        done.unfollowed.append(term.text)
        return
    if term.name in ("include", "redirect"):
        await _enter(target, term, questions, done, path=path)
        return
    hosts = await (questions.exchangers if term.name == "mx" else questions.addresses)(target)
    if hosts.failure:
        done.failures.append(f"{target}: {hosts.failure}")
    elif not hosts.values:
        done.void_lookups += 1
        if term.name != "exists":
            done.problems.append(f"{term.text} of {domain} leads to no address.")
    elif term.name == "mx" and len(hosts.values) > LOOKUPS_MAX:
        done.problems.append(f"{term.text} of {domain} names more than ten hosts: an error.")


async def _enter(
    target: str, term: Term, questions: Questions, done: Walk, *, path: tuple[str, ...]
) -> None:
    if target.lower() in path:
        done.problems.append(f"{term.text} leads back to itself.")
        return
    if len(path) >= _DEPTH_MAX:
        return
    texts = await questions.texts(target)
    if texts.failure:
        done.failures.append(f"{target}: {texts.failure}")
        return
    if not texts.values:
        done.void_lookups += 1
    records = spf_records(texts)
    if len(records) != 1:
        have = "no SPF record" if not records else f"{len(records)} SPF records"
        done.problems.append(f"{term.text}: {target} has {have}, which breaks this one, too.")
        return
    await _follow(target, records[0], questions, done, path=(*path, target.lower()))


def spf_records(texts: Found) -> list[str]:
    """Those TXT records that are SPF's. RFC 7208 §4.5."""
    return [
        value
        for value in texts.values
        if value.lower() == "v=spf1" or value.lower().startswith("v=spf1 ")
    ]


def _target(domain: str, term: Term) -> str:
    name = term.value.partition("/")[0] if term.name in ("a", "mx") else term.value
    return name.rstrip(".") or domain

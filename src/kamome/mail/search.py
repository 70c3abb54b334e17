"""What a person looks for among mails: `from:ana subject:"your order" -is:delivered invoice`.

Terms are joined by and; `-` before one means not; words without a field are looked for in sender,
recipients, subject and text. Errors name the place. Pure: what is found is asked of a `Searched`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

CHARACTERS_MAX = 1_000
TERMS_MAX = 50
FIELDS = ("from", "to", "subject", "has", "before", "after", "tag", "is", "id")
STATES = (
    "received",
    "sent",
    "captured",
    "waiting",
    "delivered",
    "bounced",
    "expired",
    "complained",
    "rejected",
    "pending",
    "system",
)
_HAS = ("attachment", "html", "text")
_WORD = re.compile(r'(-?)(?:([A-Za-z]+):)?(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))')
_ESCAPED = re.compile(r"\\(.)")
_AGE = re.compile(r"([0-9]{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class QueryError(ValueError):
    """The query cannot be read. `position` counts characters from 1."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (character {position})")
        self.position = position


class Term(msgspec.Struct, frozen=True):
    """One thing to look for. `field` is empty for a free word; `at_ms` is the moment of a date."""

    field: str
    value: str
    is_negated: bool = False
    at_ms: int = 0


class Searched(msgspec.Struct, frozen=True):
    """What a mail can be found by. `text` is asked only where something needs it."""

    mail_id: str
    at_ms: int
    senders: tuple[str, ...]
    recipients: tuple[str, ...]
    subject: str
    states: frozenset[str]
    tags: Mapping[str, list[str]]


class Query(msgspec.Struct, frozen=True):
    """A query that was read. Cheap terms come before those that need the mail's content."""

    terms: tuple[Term, ...]

    @property
    def needs_content(self) -> bool:
        """Whether the mail must be read to answer."""
        return any(_needs_content(term) for term in self.terms)

    def may_match(self, mail: Searched) -> bool:
        """Whether the terms that do not need the content hold."""
        return all(
            _holds(term, mail) is not term.is_negated
            for term in self.terms
            if not _needs_content(term)
        )

    def matches(self, mail: Searched, text: str, has: frozenset[str]) -> bool:
        """Whether all terms hold; `text` is the mail's, `has` what it has (`attachment` …)."""
        return self.may_match(mail) and all(
            _holds_in_content(term, mail, text, has) is not term.is_negated
            for term in self.terms
            if _needs_content(term)
        )

    @property
    def before_ms(self) -> int | None:
        """No mail from this moment on can match."""
        return min(
            (t.at_ms for t in self.terms if t.field == "before" and not t.is_negated), default=None
        )

    @property
    def after_ms(self) -> int | None:
        """No mail before this moment can match."""
        return max(
            (t.at_ms for t in self.terms if t.field == "after" and not t.is_negated), default=None
        )


def parse_query(text: str, now_ms: int) -> Query:
    """Read a query. Dates are `2026-11-22`, a moment in ISO 8601 (UTC), or an age: `2h`, `3d`.

    Raises:
        QueryError: an unknown field, a bad value, or too much of it; with the place.
    """
    if len(text) > CHARACTERS_MAX:
        raise QueryError(f"A query has at most {CHARACTERS_MAX} characters", CHARACTERS_MAX + 1)
    terms: list[Term] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _WORD.match(text, at)
        assert found is not None, "the pattern matches the empty word"
        end = found.end()
        if end == at or (end < len(text) and not text[end].isspace()):
            where = end if end < len(text) else at
            raise QueryError("A quotation mark without its partner", where + 1)
        terms.append(_term(found, at, now_ms))
        if len(terms) > TERMS_MAX:
            raise QueryError(f"A query has at most {TERMS_MAX} terms", at + 1)
        at = end
    return Query(tuple(terms))


def _term(found: re.Match[str], at: int, now_ms: int) -> Term:
    minus, field, quoted, plain = found.groups()
    value = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
    field = (field or "").lower()
    value_at = (found.start(4) if quoted is None else found.start(3)) + 1
    if field and field not in FIELDS:
        raise QueryError(
            f"There is no field {field}; there are {', '.join(FIELDS)}"
            f' (quote the word to look for it: "{field}:{value}")',
            at + len(minus) + 1,
        )
    if not value:
        raise QueryError(f"{field}: of what?" if field else "Not what?", value_at)
    at_ms = 0
    if field in ("before", "after"):
        at_ms = _moment(value, now_ms, value_at)
    elif field == "is" and value.lower() not in STATES:
        raise QueryError(f"is: takes {', '.join(STATES)}", value_at)
    elif field == "has" and value.lower() not in _HAS:
        raise QueryError(f"has: takes {', '.join(_HAS)}", value_at)
    return Term(field, value.casefold(), bool(minus), at_ms)


def _moment(value: str, now_ms: int, position: int) -> int:
    age = _AGE.fullmatch(value)
    try:
        if age is not None:
            length = timedelta(**{_UNITS[age[2]]: int(age[1])})
            return now_ms - round(length.total_seconds() * 1000)
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise QueryError(
            f"{value!r} is no date (2026-11-22) and no age (3d, 2h)", position
        ) from None


def _needs_content(term: Term) -> bool:
    return term.field in ("", "has")


def _holds(term: Term, mail: Searched) -> bool:
    return _HOLDS[term.field](term, mail)


def _holds_in_content(term: Term, mail: Searched, text: str, has: frozenset[str]) -> bool:
    if term.field == "has":
        return term.value in has
    return (
        _is_in(term.value, (mail.subject, *mail.senders, *mail.recipients))
        or term.value in text.casefold()
    )


def _is_in(value: str, texts: tuple[str, ...]) -> bool:
    return any(value in text.casefold() for text in texts)


def _has_tag(term: Term, mail: Searched) -> bool:
    """`tag:name` or `tag:name=value`."""
    name, equals, value = term.value.partition("=")
    return any(
        name == tag.casefold() and (not equals or value in (each.casefold() for each in values))
        for tag, values in mail.tags.items()
    )


_HOLDS: Mapping[str, Callable[[Term, Searched], bool]] = {
    "from": lambda term, mail: _is_in(term.value, mail.senders),
    "to": lambda term, mail: _is_in(term.value, mail.recipients),
    "subject": lambda term, mail: _is_in(term.value, (mail.subject,)),
    "before": lambda term, mail: mail.at_ms < term.at_ms,
    "after": lambda term, mail: mail.at_ms >= term.at_ms,
    "tag": _has_tag,
    "is": lambda term, mail: term.value in mail.states,
    "id": lambda term, mail: mail.mail_id == term.value,
}

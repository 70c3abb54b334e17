"""What is found among mails by a query, and what is said of a query that cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.search import TERMS_MAX, QueryError, Searched, parse_query

NOW_MS = round(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
MAIL = Searched(
    "mail-1",
    NOW_MS - HOUR_MS,
    ("Ana <ana@example.com>",),
    ("bob@example.net", "carol@example.net"),
    "Your Order 17 is Größe",
    frozenset({"sent", "captured"}),
    {"campaign": ["spring"], "ses:source-ip": ["127.0.0.1"]},
)
TEXT = "The invoice is attached."


def finds(query: str) -> bool:
    return parse_query(query, NOW_MS).matches(MAIL, TEXT, frozenset({"attachment", "text"}))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from:ana",
        "from:ANA@EXAMPLE.COM",
        "to:carol subject:order",
        'subject:"order 17"',
        "subject:grösse",
        "has:attachment",
        "-has:html",
        "is:captured is:sent",
        "-is:delivered",
        "-is:complained -is:rejected -is:pending",
        "before:2026-11-22T11:30:00Z",
        "after:2h",
        "after:2026-11-22 before:2026-11-23",
        "after:2026-11-22T13:00+02:00",
        "tag:campaign",
        "tag:campaign=spring",
        "id:mail-1",
        "invoice",
        '"is attached"',
        "bob invoice -refund",
        'subject:"order\\ 17"',
    ],
)
def test_a_mail_is_found(query: str) -> None:
    assert finds(query)


@pytest.mark.parametrize(
    "query",
    [
        "from:bob",
        "to:ana",
        "-from:ana",
        "subject:invoice",
        "is:delivered",
        "has:html",
        "before:2h",
        "after:2026-11-22T11:30:00Z",
        "tag:campaign=autumn",
        "tag:other",
        "id:mail",
        "refund",
        "-invoice",
        "invoice refund",
    ],
)
def test_a_mail_is_not_found(query: str) -> None:
    assert not finds(query)


@pytest.mark.parametrize(
    ("query", "message", "position"),
    [
        ("from:ana form:bob", "There is no field form", 10),
        ("https://example.com", "There is no field https", 1),
        ("from:", "from: of what?", 6),
        ("- x", "Not what?", 2),
        ("a before:yesterday", "'yesterday' is no date", 10),
        ("after:2026-02-30", "is no date", 7),
        ("after:99999999d", "is no date", 7),
        ("is:nice", "is: takes received", 4),
        ("has:cake", "has: takes attachment", 5),
        ('subject:"open', "A quotation mark without", 9),
        ('a"b"', "A quotation mark without", 2),
        ('"a"b', "A quotation mark without", 4),
        ("x" * 1_001, "at most 1000 characters", 1_001),
        ("a " * (TERMS_MAX + 1), f"at most {TERMS_MAX} terms", 2 * TERMS_MAX + 1),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    query: str, message: str, position: int
) -> None:
    with pytest.raises(QueryError, match="character") as refusal:
        parse_query(query, NOW_MS)

    assert message in str(refusal.value)
    assert refusal.value.position == position


def test_a_quoted_word_may_look_like_a_field() -> None:
    query = parse_query('"https://example.com"', NOW_MS)

    assert query.matches(MAIL, "see https://example.com", frozenset())


def test_only_free_words_and_has_need_the_content() -> None:
    assert not parse_query("from:a to:b subject:c is:sent tag:x after:2h", NOW_MS).needs_content
    assert parse_query("from:a word", NOW_MS).needs_content
    assert parse_query("-has:attachment", NOW_MS).needs_content


def test_the_moments_bound_what_is_looked_through() -> None:
    query = parse_query("after:3h after:2h before:1h -before:30m", NOW_MS)

    assert (query.after_ms, query.before_ms) == (NOW_MS - 2 * HOUR_MS, NOW_MS - HOUR_MS)


@given(st.text(max_size=60))
def test_any_query_is_read_or_refused(text: str) -> None:
    try:
        query = parse_query(text, NOW_MS)
    except QueryError as error:
        assert 1 <= error.position <= len(text) + 1
    else:
        query.matches(MAIL, TEXT, frozenset())

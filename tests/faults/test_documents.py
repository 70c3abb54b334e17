"""Rules as documents: what they mean, and how wrong ones are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.faults.documents import Known, RuleRefused, document_of, rule_of
from kamome.faults.rules import Rule

KNOWN = Known(
    {
        "sqs": ("SendMessage", "ReceiveMessage"),
        "sns": ("Publish",),
        "lambda": ("Invoke",),
        "s3": ("PutObject",),
    }
)
NOW_MS = 1_760_000_000_000


def _read(document: object) -> Rule:
    return rule_of(document, KNOWN, rule_id="r", default_seed=7, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "is a JSON object"),
        ({"resorce": "a", "outage": True}, "no member resorce. The nearest is resource."),
        ({"service": "sqss", "outage": True}, "no service sqss. The nearest is sqs."),
        (
            {"service": "sqs", "operation": "SendMesage", "outage": True},
            "no operation of sqs SendMesage. The nearest is SendMessage.",
        ),
        ({"source": "clint", "outage": True}, "no source clint. The nearest is client."),
        ({"account": "12", "outage": True}, "account is 12 digits."),
        ({"service": "sqs"}, "exactly one effect, and here none is given."),
        ({"outage": True, "throttle": True}, "throttle and outage are given."),
        ({"outage": "2d"}, "outage takes true"),
        ({"error": "Bad code"}, "an AWS error code"),
        ({"error": "InternalFailure", "status": 200}, "status is from 400 to 599."),
        ({"outage": True, "status": 500}, "status belongs to the effect error"),
        ({"latency": "2h"}, "latency is a duration up to 60 s"),
        ({"latency": "soon"}, "latency is a duration"),
        ({"latency": 1, "source": "sns"}, "use delay"),
        ({"drop": "during"}, 'drop is "before"'),
        ({"duplicate": 0}, "duplicate is from 1 to 10."),
        ({"duplicate": True, "service": "s3"}, "of sqs, sns or lambda, not of s3."),
        (
            {"delay": "5m", "service": "sqs", "operation": "ReceiveMessage"},
            "takes effect on arrival",
        ),
        ({"reorder": "5s", "resource": "orders.fifo"}, "FIFO keeps its order"),
        ({"reply": "451 4.7.1 Later"}, "reply is for SMTP"),
        ({"reply": "250 OK", "service": "smtp"}, "an SMTP reply that refuses"),
        ({"reply": "451 a\r\n250 b", "service": "smtp"}, "an SMTP reply that refuses"),
        ({"throttle": True, "service": "smtp"}, "A stage of SMTP takes"),
        ({"service": "smtp", "operation": "rctp", "outage": True}, "The nearest is rcpt."),
        ({"outage": True, "probability": 0}, "probability is a number above 0"),
        ({"outage": True, "probability": True}, "probability is a number above 0"),
        ({"outage": True, "count": 1.5}, "count is a whole number."),
        ({"outage": True, "seed": -1}, "seed is from 0"),
        ({"outage": True, "end": "1h", "duration": "1h"}, "end or duration, not both"),
        ({"outage": True, "start": "2h", "end": "1h"}, "end is after start."),
        ({"outage": True, "end": "2020-01-01"}, "end has passed already"),
        ({"outage": True, "start": "tomorrow"}, "start is a duration from now"),
    ],
)
def test_wrong_rule_is_refused_with_what_to_change(document: object, sentence: str) -> None:
    with pytest.raises(RuleRefused) as refused:
        _read(document)

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "document",
    [
        {"service": "sqs", "operation": "Send*", "resource": "orders", "outage": True},
        {"source": "sns", "error": "InternalError", "status": 503, "message": "No."},
        {"status": 500, "probability": 0.25, "count": 3},
        {"throttle": True, "account": "111111111111", "region": "eu-west-1"},
        {"latency": "250ms"},
        {"drop": "after", "seed": 42},
        {"duplicate": 2},
        {"delay": "300000ms", "start": "2025-10-09T09:00:00.000Z"},
        {"reorder": "2000ms", "end": "2030-01-01T00:00:00.000Z"},
        {"service": "smtp", "operation": "rcpt", "reply": "451 4.7.1 Later"},
    ],
)
def test_rule_is_shown_as_it_was_given(document: dict[str, object]) -> None:
    shown = document_of(_read(document))

    assert shown == {"id": "r", "seed": 7, **document}


def test_window_is_told_by_start_and_duration_from_now() -> None:
    rule = _read({"outage": True, "start": "10m", "duration": "2d"})

    assert rule.start_ms == NOW_MS + 600_000
    assert rule.end_ms == NOW_MS + 600_000 + 2 * 86_400_000


_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(["sqs", "smtp", "rcpt", "SendMessage", "2d", "9" * 40 + "d", "before"]),
)
_members = st.sampled_from(
    [
        "service operation resource account region source error status message throttle latency",
        "drop outage reply duplicate reorder delay probability count seed start end duration",
    ]
).flatmap(lambda names: st.sampled_from(names.split()))


@given(st.dictionaries(_members, _values, max_size=6))
def test_any_document_is_a_rule_or_refused(document: dict[str, object]) -> None:
    try:
        rule = _read(document)
    except RuleRefused as refused:
        assert str(refused)
    else:
        assert document_of(rule)["id"] == "r"

"""The event pattern language, as EventBridge and Lambda's filters speak it."""

from __future__ import annotations

import orjson
import pytest

from kamome.event_patterns import Json, PatternRefused, event_pattern, matches

EVENT: Json = {
    "kind": "Order",
    "price": 12.5,
    "count": 3,
    "ok": True,
    "nothing": None,
    "empty": "",
    "ip": "10.0.0.7",
    "path": "dir/photo.PNG",
    "tags": ["a", "b"],
    "buyer": {"name": "x", "lines": [{"sku": 1, "size": "S"}, {"sku": 2, "size": "L"}]},
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param({"kind": ["Order"]}, True, id="equal"),
        pytest.param({"kind": ["order"]}, False, id="case counts"),
        pytest.param({"kind": ["x", "Order"]}, True, id="one of several"),
        pytest.param({"kind": ["Order"], "count": [4]}, False, id="all keys"),
        pytest.param({"count": [3.0]}, True, id="number by value"),
        pytest.param({"ok": [1]}, False, id="true is not 1"),
        pytest.param({"ok": [True]}, True, id="true"),
        pytest.param({"nothing": [None]}, True, id="null"),
        pytest.param({"absent": [None]}, False, id="absent is not null"),
        pytest.param({"empty": [""]}, True, id="empty string"),
        pytest.param({"tags": ["b", "c"]}, True, id="an element of an array"),
        pytest.param({"kind": [{"prefix": "Or"}]}, True, id="prefix"),
        pytest.param({"kind": [{"prefix": {"equals-ignore-case": "oR"}}]}, True, id="any case"),
        pytest.param({"path": [{"suffix": ".PNG"}]}, True, id="suffix"),
        pytest.param({"path": [{"suffix": {"equals-ignore-case": ".png"}}]}, True, id="suffix i"),
        pytest.param({"kind": [{"equals-ignore-case": "ORDER"}]}, True, id="ignore case"),
        pytest.param({"kind": [{"anything-but": "Order"}]}, False, id="anything but"),
        pytest.param({"kind": [{"anything-but": ["x", "y"]}]}, True, id="anything but these"),
        pytest.param({"kind": [{"anything-but": {"prefix": "Or"}}]}, False, id="but prefix"),
        pytest.param({"path": [{"anything-but": {"suffix": [".a", ".b"]}}]}, True, id="but suffix"),
        pytest.param({"kind": [{"anything-but": {"wildcard": "O*r"}}]}, False, id="but wildcard"),
        pytest.param({"absent": [{"anything-but": "x"}]}, False, id="absent is nothing"),
        pytest.param({"price": [{"numeric": [">", 12, "<=", 12.5]}]}, True, id="range"),
        pytest.param({"price": [{"numeric": ["=", 12]}]}, False, id="numeric equal"),
        pytest.param({"ip": [{"cidr": "10.0.0.0/24"}]}, True, id="cidr"),
        pytest.param({"ip": [{"cidr": "10.1.0.0/24"}]}, False, id="other cidr"),
        pytest.param({"path": [{"wildcard": "dir/*.PNG"}]}, True, id="wildcard"),
        pytest.param({"path": [{"wildcard": "*photo"}]}, False, id="wildcard to the end"),
        pytest.param({"buyer": {"name": ["x"]}}, True, id="nested"),
        pytest.param({"buyer": {"lines": {"sku": [1], "size": ["S"]}}}, True, id="one element"),
        pytest.param({"buyer": {"lines": {"sku": [1], "size": ["L"]}}}, False, id="not across"),
        pytest.param({"absent": [{"exists": False}]}, True, id="absent"),
        pytest.param({"kind": [{"exists": True}]}, True, id="exists"),
        pytest.param({"buyer": [{"exists": True}]}, False, id="exists is for leaves"),
        pytest.param({"absent": {"name": [{"exists": False}]}}, True, id="absent inside"),
        pytest.param({"$or": [{"kind": ["x"]}, {"count": [3]}]}, True, id="or"),
        pytest.param({"$or": [{"kind": ["x"]}, {"count": [4]}]}, False, id="neither"),
    ],
)
def test_pattern_lets_through(pattern: object, expected: bool) -> None:
    assert matches(event_pattern(orjson.dumps(pattern).decode()), EVENT) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"a": "x"}',
        '{"a": []}',
        '{"a": [["x"]]}',
        '{"a": [{"prefix": 1}]}',
        '{"a": [{"exists": "yes"}]}',
        '{"a": [{"unknown": 1}]}',
        '{"a": [{"prefix": "x", "suffix": "y"}]}',
        '{"a": [{"numeric": [">", "1"]}]}',
        '{"a": [{"numeric": ["~", 1]}]}',
        '{"a": [{"numeric": [">", 5, "<", 1]}]}',
        '{"a": [{"numeric": [">", 6e9]}]}',
        '{"a": [{"numeric": []}]}',
        '{"a": [{"anything-but": []}]}',
        '{"a": [{"anything-but": [true]}]}',
        '{"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}',
        '{"a": [{"cidr": "10.0.0.0/99"}]}',
        '{"a": [{"wildcard": "a**"}]}',
        '{"a": [{"wildcard": "\\\\x"}]}',
        '{"a":' * 100 + "[1]" + "}" * 100,
    ],
)
def test_text_is_no_pattern(text: str) -> None:
    with pytest.raises(PatternRefused):
        event_pattern(text)


@pytest.mark.parametrize(
    ("inside", "expected"), [('{"b":"x"}', True), ('{"b":"y"}', False), ("", False), ('"x"', False)]
)
def test_arrays_as_deep_as_json_may_be_are_looked_through(inside: str, expected: bool) -> None:
    depth = 1_000
    event = orjson.loads('{"a":' + "[" * depth + inside + "]" * depth + "}")

    assert matches(event_pattern('{"a":{"b":["x"]}}'), event) is expected
    assert matches(event_pattern('{"a":["x"]}'), event) is (inside == '"x"')

"""Filter policies: what each match type takes, what is refused, and a second matcher's opinion."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sns.naive_filter import passes

from kamome.services.sns.envelope import Attribute
from kamome.services.sns.errors import InvalidParameter
from kamome.services.sns.filter_policy import (
    MESSAGE_ATTRIBUTES,
    MESSAGE_BODY,
    attribute_fields,
    body_fields,
    filter_policy,
    why_not,
)


def _passes(policy: object, message: Any, scope: str = MESSAGE_BODY) -> bool:
    return why_not(filter_policy(json.dumps(policy), scope), message) is None


@pytest.mark.parametrize(
    ("conditions", "taken", "refused"),
    [
        pytest.param(["a", "b"], ["a", "b"], ["c", "A", "", 1, None], id="exact strings"),
        pytest.param([5, 2.5], [5, 5.0, 2.5, 5.000001], ["5", 6, True], id="exact numbers"),
        pytest.param([True, None], [True, None], [False, 1, "true"], id="true and null"),
        pytest.param([{"prefix": "ab"}], ["ab", "abc"], ["xab", "AB", 1], id="prefix"),
        pytest.param([{"suffix": "yz"}], ["yz", "xyz"], ["yzx", 1], id="suffix"),
        pytest.param([{"equals-ignore-case": "Ab"}], ["ab", "AB"], ["abc"], id="ignore case"),
        pytest.param([{"anything-but": "a"}], ["b", 1], ["a"], id="anything-but a string"),
        pytest.param([{"anything-but": [1, "a"]}], [2, "b", "1"], [1, "a"], id="anything-but list"),
        pytest.param(
            [{"anything-but": {"prefix": ["a", "b"]}}], ["ca", 1], ["ab", "b"], id="but prefixes"
        ),
        pytest.param([{"anything-but": {"suffix": "a"}}], ["ab"], ["ba"], id="but suffix"),
        pytest.param([{"anything-but": {"wildcard": "a*c"}}], ["ab"], ["abc"], id="but wildcard"),
        pytest.param(
            [{"anything-but": {"equals-ignore-case": "A"}}], ["b"], ["a", "A"], id="but ignore case"
        ),
        pytest.param([{"numeric": ["=", 1]}], [1, 1.0], [2, "1"], id="numeric ="),
        pytest.param([{"numeric": [">", 0, "<=", 10]}], [1, 10, 0.1], [0, 10.1], id="range"),
        pytest.param([{"numeric": ["<", -1]}], [-2, -1.5], [-1, 0, 1], id="numeric <"),
        pytest.param([{"numeric": ["<", 5]}], [4], [-2e9], id="a number out of range"),
        pytest.param([{"cidr": "10.0.0.0/24"}], ["10.0.0.9"], ["10.0.1.0", "x", 1], id="cidr"),
        pytest.param([{"cidr": "2001:db8::/32"}], ["2001:db8::1"], ["10.0.0.1"], id="cidr IPv6"),
        pytest.param([{"wildcard": "a*b*c"}], ["abc", "axbyc"], ["ab", "acb"], id="wildcard"),
        pytest.param([{"wildcard": "*"}], ["", "x"], [1, None], id="wildcard alone"),
        pytest.param([{"wildcard": "a\\*"}], ["a*"], ["ab"], id="an escaped star"),
        pytest.param([{"exists": True}], ["", None, 0], [[], {"x": 1}], id="exists"),
        pytest.param([{"exists": False}], [[], {"x": 1}], ["", 0], id="exists false"),
        pytest.param(["a"], [["b", "a"], ["a"]], [["b"], []], id="one element is enough"),
        pytest.param([{"anything-but": "a"}], [["a", "b"]], [["a"], []], id="one other element"),
    ],
)
def test_a_condition_takes_and_refuses(
    conditions: list[object], taken: list[object], refused: list[object]
) -> None:
    policy = {"key": conditions}

    assert [value for value in taken if not _passes(policy, {"key": value})] == []
    assert [value for value in refused if _passes(policy, {"key": value})] == []


def test_a_missing_key_matches_nothing_but_exists_false() -> None:
    assert _passes({"key": [{"exists": False}]}, {})
    for conditions in (["a"], [{"anything-but": "a"}], [{"exists": True}], [None]):
        assert not _passes({"key": conditions}, {})


def test_all_keys_must_hold() -> None:
    policy = {"a": [1], "b": [2]}

    assert _passes(policy, {"a": 1, "b": 2, "c": 3})
    assert not _passes(policy, {"a": 1, "b": 3})


def test_or_holds_where_one_of_its_objects_does() -> None:
    policy = {"a": [1], "$or": [{"b": [2]}, {"c": [3], "d": [4]}]}

    assert _passes(policy, {"a": 1, "b": 2})
    assert _passes(policy, {"a": 1, "c": 3, "d": 4})
    assert not _passes(policy, {"a": 1, "c": 3})
    assert not _passes(policy, {"b": 2})


def test_or_over_conditions_is_a_key_like_others() -> None:
    assert _passes({"$or": [{"prefix": "a"}, {"prefix": "b"}]}, {"$or": "bx"})


def test_nested_keys_hold_for_the_same_element_of_an_array() -> None:
    policy = {"items": {"name": ["a"], "count": [1]}}

    assert _passes(policy, {"items": [{"name": "b"}, {"name": "a", "count": 1}]})
    assert not _passes(policy, {"items": [{"name": "b", "count": 1}, {"name": "a", "count": 2}]})


def test_the_reason_names_the_first_clause_that_fails() -> None:
    rule = filter_policy('{"store":["a"],"price":[{"numeric":[">",100]},5]}', MESSAGE_BODY)

    reason = why_not(rule, {"store": "a", "price": 50})

    assert reason == '"price": [{"numeric":[">",100]},5] found 50'


def test_the_reason_of_an_or_names_each_alternative() -> None:
    rule = filter_policy('{"$or":[{"a":[1]},{"b":{"c":["x"]}}]}', MESSAGE_BODY)

    assert why_not(rule, {"a": 2}) == '$or: "a": [1] found 2; "b.c": ["x"] found nothing'


def test_attributes_are_seen_by_their_types() -> None:
    fields = attribute_fields(
        {
            "text": Attribute(Type="String", Value="12"),
            "number": Attribute(Type="Number.int", Value="1.2e1"),
            "array": Attribute(Type="String.Array", Value='["a", 1, true, null]'),
            "binary": Attribute(Type="Binary", Value="AA=="),
        }
    )

    assert fields == {"text": "12", "number": 12.0, "array": ["a", 1, True, None]}


@pytest.mark.parametrize("value", ["a", '{"a":1}', "[[1]]", "[{}]", "[1"])
def test_attributes_with_a_wrong_array_are_invalid(value: str) -> None:
    assert attribute_fields({"array": Attribute(Type="String.Array", Value=value)}) is None


@pytest.mark.parametrize("body", ["", "text", "[1]", '"a"', "null", "{"])
def test_a_body_that_is_no_json_object_has_no_fields(body: str) -> None:
    assert body_fields(body) is None


_NESTED = "Filter policy scope MessageAttributes does not support nested filter policy"
_VALUE = "Match value must be String, number, true, false, or null"


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ("{", "failed to parse JSON."),
        ("[]", "Filter is not an object"),
        ('{"a":"b"}', '"a" must be an object or an array'),
        ('{"a":[]}', "Empty arrays are not allowed"),
        ('{"a":{}}', _NESTED),
        ('{"a":{"b":["c"]}}', _NESTED),
        ('{"$or":[{"a":[1]},{"b":{"c":[1]}}]}', _NESTED),
        ('{"a":[["b"]]}', _VALUE),
        ('{"a":[{"exist":true}]}', "Unrecognized match type exist"),
        ('{"a":[{"exists":"yes"}]}', "exists match pattern must be either true or false."),
        ('{"a":[{"prefix":1}]}', "prefix match pattern must be a string"),
        ('{"a":[{"prefix":"a","suffix":"b"}]}', "Only one key allowed in match expression"),
        ('{"a":[{"numeric":5}]}', "Value of numeric must be an array."),
        ('{"a":[{"numeric":["<","5"]}]}', "Value of < must be numeric"),
        ('{"a":[{"numeric":["!",5]}]}', "Unrecognized numeric range operator: !"),
        ('{"a":[{"numeric":[">",5,"<",5]}]}', "Bottom must be less than top"),
        ('{"a":[{"numeric":["=",5,"<",6]}]}', "Too many elements in numeric expression"),
        ('{"a":[{"numeric":[">",1,">",6]}]}', "Bad numeric range operator: >"),
        (
            '{"a":[{"numeric":["=",1000000001]}]}',
            "Value must be between -1000000000 and 1000000000, inclusive",
        ),
        ('{"a":[{"cidr":"10.0.0.0"}]}', "Malformed CIDR, one '/' required"),
        ('{"a":[{"wildcard":"a**b"}]}', "Consecutive wildcard characters at pos 1"),
        ('{"a":[{"anything-but":[]}]}', "Empty arrays are not allowed"),
        (
            '{"a":[{"anything-but":[null]}]}',
            "Inside anything-but list, value must be a number or a string",
        ),
        (
            '{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}',
            "Filter policy can not have more than 5 keys",
        ),
        (json.dumps({"a": list(range(151))}), "Filter policy is too complex"),
        (json.dumps({"a": [1] * 11, "b": [1] * 7, "c": [1, 2]}), "Filter policy is too complex"),
    ],
)
def test_a_wrong_policy_is_refused(policy: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        filter_policy(policy, MESSAGE_ATTRIBUTES)

    assert refused.value.message == f"Invalid parameter: FilterPolicy: {sentence}"


def test_in_the_body_each_array_counts_as_often_as_it_is_deep() -> None:
    policy = {"a": {"b": {"c": [1, 2, 3, 4]}}, "d": {"e": [1, 2, 3]}, "f": [1, 2, 3]}

    with pytest.raises(InvalidParameter, match="too complex"):
        filter_policy(json.dumps(policy), MESSAGE_BODY)  # 4 x 3 x 3 x 2 x 3 x 1 = 216

    filter_policy(json.dumps({**policy, "f": [1, 2]}), MESSAGE_BODY)


def test_very_deep_policies_are_refused() -> None:
    policy = '{"a":' * 200 + "[1]" + "}" * 200

    with pytest.raises(InvalidParameter):
        filter_policy(policy, MESSAGE_BODY)


@pytest.mark.parametrize("scope", [MESSAGE_BODY, MESSAGE_ATTRIBUTES])
@pytest.mark.parametrize(
    "policy",
    ['{"a":' + "[" * 900 + "]" * 900 + "}", '{"$or":[{"b":[1]},' * 400 + '{"a":[1]}' + "]}" * 400],
    ids=["arrays", "alternatives"],
)
def test_very_deep_arrays_are_no_policy(policy: str, scope: str) -> None:
    with pytest.raises(InvalidParameter):
        filter_policy(policy, scope)


@pytest.mark.parametrize("inside", ["", '{"b":"y"}', '"y"'], ids=["empty", "object", "text"])
@pytest.mark.parametrize("policy", ['{"a":["x"]}', '{"a":{"b":["x"]}}'], ids=["leaf", "nested"])
def test_arrays_as_deep_as_json_may_be_are_looked_through(policy: str, inside: str) -> None:
    rule = filter_policy(policy, MESSAGE_BODY)
    depth = 1_000
    message = body_fields('{"a":' + "[" * depth + inside + "]" * depth + "}")
    assert message is not None

    assert why_not(rule, dict(message)) is not None


def test_what_is_wanted_is_found_in_arrays_as_deep_as_json_may_be() -> None:
    depth = 1_000
    message = body_fields('{"a":' + "[" * depth + '{"b":"x"}' + "]" * depth + "}")
    assert message is not None

    assert why_not(filter_policy('{"a":{"b":["x"]}}', MESSAGE_BODY), dict(message)) is None


_WORDS = st.text(alphabet="abAB", max_size=3)
_INTEGERS = st.integers(-3, 3)
_IP = st.sampled_from(["10.0.0.1", "10.0.1.1", "192.168.7.9"])
_SCALARS = st.one_of(_WORDS, _INTEGERS, _IP, st.booleans(), st.none())
_WILDCARDS = st.text(alphabet="ab*", max_size=4).filter(lambda text: "**" not in text)
_TEXTS = st.one_of(
    st.builds(lambda text: {"prefix": text}, _WORDS.filter(bool)),
    st.builds(lambda text: {"suffix": text}, _WORDS.filter(bool)),
    st.builds(lambda text: {"equals-ignore-case": text}, _WORDS),
    st.builds(lambda text: {"wildcard": text}, _WILDCARDS),
)
_LISTED = st.one_of(_WORDS, _INTEGERS)
_CONDITIONS = st.one_of(
    _SCALARS,
    _TEXTS,
    st.builds(lambda value: {"exists": value}, st.booleans()),
    st.builds(
        lambda value: {"anything-but": value},
        st.one_of(_LISTED, st.lists(_LISTED, min_size=1, max_size=2), _TEXTS),
    ),
    st.builds(lambda bits: {"cidr": f"10.0.0.0/{bits}"}, st.integers(8, 32)),
    st.builds(
        lambda sign, bound: {"numeric": [sign, bound]},
        st.sampled_from(["=", "<", "<=", ">", ">="]),
        _INTEGERS,
    ),
    st.builds(lambda low: {"numeric": [">=", low, "<", low + 2]}, _INTEGERS),
)
_KEYS = st.sampled_from(["k", "l"])
_LEAVES = st.dictionaries(
    _KEYS, st.lists(_CONDITIONS, min_size=1, max_size=2), min_size=1, max_size=2
)
_POLICIES = st.one_of(
    _LEAVES,
    st.builds(lambda inner: {"n": inner}, _LEAVES),
    st.builds(lambda one, two, rest: {**rest, "$or": [one, two]}, _LEAVES, _LEAVES, _LEAVES),
)
_VALUES = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=3))
_FLAT = st.dictionaries(_KEYS, _VALUES, max_size=2)
_MESSAGES = st.builds(
    lambda flat, inner: {**flat, "n": inner} if inner is not None else flat,
    _FLAT,
    st.one_of(st.none(), _FLAT),
)


@settings(max_examples=1_000, deadline=None)
@given(_POLICIES, _MESSAGES)
def test_two_matchers_agree(policy: dict[str, Any], message: dict[str, Any]) -> None:
    assert _passes(policy, message) == passes(policy, message)

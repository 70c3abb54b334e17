"""A write that fails half-way leaves nothing behind; odd texts get an error of AWS's kind."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.ssm.names import new_name, own_name, selected
from kamome.services.ssm.policies import expires_at_ms, policies_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.ssm.conftest import World

    from kamome.storage.engine import Value

POLICY = '[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2050-01-01T00:00:00Z"}}]'
TABLES = ("ssm_parameter", "ssm_version", "ssm_label", "outbox")
TAGGED = {"ResourceType": "Parameter", "ResourceId": "a"}
WRITES: dict[str, tuple[str, dict[str, object]]] = {
    "put a new parameter": (
        "PutParameter",
        {"Name": "b", "Value": "v", "Type": "String", "Tier": "Advanced", "Policies": POLICY},
    ),
    "put the hundred and first version": (
        "PutParameter",
        {"Name": "full", "Value": "v", "Overwrite": True},
    ),
    "delete a parameter": ("DeleteParameter", {"Name": "a"}),
    "delete several": ("DeleteParameters", {"Names": ["a", "full"]}),
    "label": ("LabelParameterVersion", {"Name": "a", "Labels": ["x", "y"]}),
    "unlabel": (
        "UnlabelParameterVersion",
        {"Name": "a", "ParameterVersion": 1, "Labels": ["one", "two"]},
    ),
    "tag": ("AddTagsToResource", {**TAGGED, "Tags": [{"Key": "k", "Value": "v"}]}),
    "untag": ("RemoveTagsFromResource", {**TAGGED, "TagKeys": ["old"]}),
}


class _DiskError(Exception):
    pass


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_write_that_fails_at_its_nth_statement_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, write: tuple[str, dict[str, object]]
) -> None:
    await world.put("a", Tags=[{"Key": "old", "Value": "v"}])
    await world.call("LabelParameterVersion", Name="a", Labels=["one", "two"])
    await world.put("full")
    for _ in range(99):
        await world.put("full", Overwrite=True)
    operation, parameters = write
    before = _rows(world)
    genuine = world.engine.write
    failures = 0

    for fails_at in range(1, 30):
        calls = count(1)

        def fail(
            sql: str, params: Sequence[Value] = (), *, calls: count[int] = calls, at: int = fails_at
        ) -> int:
            if next(calls) == at:
                raise _DiskError
            return genuine(sql, params)

        monkeypatch.setattr(world.engine, "write", fail)
        try:
            await world.call(operation, **parameters)
        except _DiskError:
            failures += 1
            assert _rows(world) == before
        else:
            break

    assert failures > 0
    assert _rows(world) != before


def _rows(world: World) -> list[object]:
    return [world.engine.all(f"SELECT * FROM {table}") for table in TABLES]


CALLER = RequestContext("000000000000", "eu-west-1", "arn:aws:iam::000000000000:root", "r")
_NAME_TEXT = st.text(alphabet="arn:ws/m.-_ éAa1{}", max_size=40)
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(("Timestamp", "Before", "After", "Unit", "x")),
    st.sampled_from(("1", "", "Days", "2030-01-01T00:00:00Z", "99999-01-01T00:00:00Z", 1, None)),
)
_POLICY = st.fixed_dictionaries(
    {},
    optional={
        "Type": st.sampled_from(("Expiration", "ExpirationNotification", "x", 1)),
        "Version": st.sampled_from(("1.0", "2.0", 1)),
        "Attributes": st.one_of(_ATTRIBUTES, st.none(), st.text(max_size=2)),
    },
)


@given(_NAME_TEXT)
@settings(max_examples=300)
def test_any_text_names_a_parameter_or_is_refused(text: str) -> None:
    for read in (selected, own_name, new_name):
        with suppress(AwsError):
            read(CALLER, text)


@given(st.one_of(st.lists(_POLICY, max_size=3), st.none(), st.text(max_size=3)))
@settings(max_examples=300)
def test_any_document_is_policies_or_is_refused(document: object) -> None:
    with suppress(AwsError):
        expires_at_ms(policies_of(orjson.dumps(document).decode()))

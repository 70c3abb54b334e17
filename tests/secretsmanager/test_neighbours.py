"""Secrets as containers and parameters name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.secretsmanager import errors
from kamome.services.secretsmanager.container_secrets import container_secret
from kamome.services.secretsmanager.referring import secret_of_reference

if TYPE_CHECKING:
    from tests.secretsmanager.conftest import World

OLD, NEW = "a" * 32, "b" * 32


@pytest.fixture
async def arn(world: World) -> str:
    """A secret with two versions, each a JSON object."""
    created = await world.create(value='{"user": "mika", "port": 1}', ClientRequestToken=OLD)
    await world.call(
        "PutSecretValue",
        SecretId="db",
        SecretString='{"user": "yui", "port": 2}',
        ClientRequestToken=NEW,
    )
    return str(created["ARN"])


@pytest.mark.parametrize(
    ("behind", "value"),
    [
        ("", '{"user": "yui", "port": 2}'),
        (":user::", "yui"),
        (":port::", "2"),
        (":user:AWSPREVIOUS:", "mika"),
        (f":user::{OLD}", "mika"),
        (f":::{OLD}", '{"user": "mika", "port": 1}'),
    ],
)
async def test_container_names_a_secret_and_what_of_it(
    world: World, arn: str, behind: str, value: str
) -> None:
    assert await container_secret(world.slice, world.ctx, f"{arn}{behind}") == value


@pytest.mark.parametrize(
    ("behind", "error", "words"),
    [
        (":none::", errors.InvalidRequestException, "did not contain json key none"),
        (":user:mine:", errors.ResourceNotFoundException, "staging label: mine"),
        (":user", errors.InvalidParameterException, "three parts"),
    ],
)
async def test_container_is_told_what_is_missing(
    world: World, arn: str, behind: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        await container_secret(world.slice, world.ctx, f"{arn}{behind}")


async def test_text_that_is_no_json_has_no_members(world: World) -> None:
    arn = (await world.create("plain", "swordfish"))["ARN"]

    assert await container_secret(world.slice, world.ctx, arn) == "swordfish"
    with pytest.raises(errors.InvalidRequestException):
        await container_secret(world.slice, world.ctx, f"{arn}:user::")


async def test_binary_secret_is_no_text(world: World) -> None:
    arn = (await world.call("CreateSecret", Name="b", SecretBinary=b"\xff"))["ARN"]

    with pytest.raises(errors.InvalidRequestException, match="binary"):
        await container_secret(world.slice, world.ctx, arn)
    with pytest.raises(errors.InvalidRequestException, match="binary"):
        await secret_of_reference(world.slice, world.ctx, "b", "")


@pytest.mark.parametrize(
    ("selector", "user"), [("", "yui"), ("AWSPREVIOUS", "mika"), (OLD, "mika")]
)
async def test_parameter_refers_to_a_version_by_label_or_id(
    world: World, arn: str, selector: str, user: str
) -> None:
    found = await secret_of_reference(world.slice, world.ctx, "db", selector)

    assert user in found.value
    assert found.arn == arn
    assert found.document["Name"] == "db"

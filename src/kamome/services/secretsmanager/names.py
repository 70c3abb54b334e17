"""How secrets are named: by name, by ARN, and by an ARN without its last six characters.

AWS: Secrets Manager User Guide, Finding a secret from a partial ARN; API Reference, CreateSecret.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.secretsmanager.errors import (
    AccessDeniedException,
    ResourceNotFoundException,
    ValidationException,
)
from kamome.services.secretsmanager.limits import NAME_CHARACTERS_MAX

_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
_KIND = "secret:"
# Behind the name in an ARN: a hyphen and six characters.
SUFFIX_CHARACTERS = 6
_BEHIND = re.compile(r"(?P<name>.+)-(?P<suffix>[A-Za-z0-9]{6})")
NOT_FOUND = "Secrets Manager can't find the specified secret."


class SecretName(NamedTuple):
    """A secret of an account and Region."""

    account: str
    region: str
    name: str

    def arn(self, suffix: str) -> str:
        """`arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX`."""
        return f"arn:aws:secretsmanager:{self.region}:{self.account}:{_KIND}{self.name}-{suffix}"


class Wanted(NamedTuple):
    """A secret that a SecretId may mean: its name, and its suffix where the id tells it."""

    name: SecretName
    suffix: str


def new_name(ctx: RequestContext, name: str) -> SecretName:
    """The name of a secret to be created.

    Raises:
        ValidationException: it has characters that a name cannot have, or is too long.

    AWS: API Reference, CreateSecret, Name.
    """
    longest = NAME_CHARACTERS_MAX - SUFFIX_CHARACTERS - 1
    if not _NAME.fullmatch(name) or len(name) > longest:
        raise ValidationException(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the"
            " following: -/_+=.@!"
        )
    return SecretName(ctx.account, ctx.region, name)


def candidates(ctx: RequestContext, secret_id: str) -> list[Wanted]:
    """The secrets that a SecretId may mean, the likelier first.

    The last six characters of an ARN may be its suffix, or belong to the name of a partial ARN.

    Raises:
        AccessDeniedException: the ARN is of another account.
        ResourceNotFoundException: it is another ARN, or one of another Region.

    AWS: User Guide, Finding a secret from a partial ARN.
    """
    if not secret_id.startswith("arn:"):
        return [Wanted(SecretName(ctx.account, ctx.region, secret_id), "")]
    arn = parse_arn(secret_id)
    if arn is None or arn.service != "secretsmanager" or not arn.resource.startswith(_KIND):
        raise ResourceNotFoundException(NOT_FOUND)
    if arn.account != ctx.account:
        raise AccessDeniedException(
            f"User: {ctx.principal} is not authorized to access the secret {secret_id} because no"
            " resource-based policy allows it"
        )
    if arn.region != ctx.region:
        raise ResourceNotFoundException(NOT_FOUND)
    text = arn.resource.removeprefix(_KIND)
    whole = _BEHIND.fullmatch(text)
    partial = Wanted(SecretName(arn.account, arn.region, text), "")
    if whole is None:
        return [partial]
    named = SecretName(arn.account, arn.region, whole["name"])
    return [Wanted(named, whole["suffix"]), partial]

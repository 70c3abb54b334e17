"""What names a key: its id, its ARN, the name of an alias, an alias's ARN.

AWS: KMS Developer Guide, Key identifiers (KeyId).
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from kamome.arn import parse_arn
from kamome.services.kms.errors import InvalidArnException, NotFoundException
from kamome.services.kms.store import KeyName

ALIAS_PREFIX = "alias/"
# Aliases of the keys that AWS makes for its own services. AWS: Aliases in AWS KMS.
RESERVED_PREFIX = "alias/aws/"
_KEY_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"
)


class Caller(Protocol):
    """Who asks: whose keys an id without account and region means."""

    @property
    def account(self) -> str:
        """Twelve digits."""

    @property
    def region(self) -> str:
        """Such as `eu-west-1`."""


class AliasReference(NamedTuple):
    """An alias in an account and region; the name with its prefix."""

    account: str
    region: str
    alias_name: str

    @property
    def arn(self) -> str:
        """AWS: KMS Developer Guide, Key identifiers (KeyId): alias ARN."""
        return f"arn:aws:kms:{self.region}:{self.account}:{self.alias_name}"


def parse(caller: Caller, identifier: str) -> KeyName | AliasReference:
    """What an identifier names, in the caller's account and region unless it is an ARN.

    Raises:
        NotFoundException: it has no such form, or is of another region.
        InvalidArnException: it is an ARN, and none of a key or alias.

    AWS: KMS Developer Guide, Key identifiers (KeyId).
    """
    if identifier.startswith("arn:"):
        return _parse_arn(caller, identifier)
    if identifier.startswith(ALIAS_PREFIX):
        return AliasReference(caller.account, caller.region, identifier)
    if not _KEY_ID.fullmatch(identifier):
        raise NotFoundException(f"Invalid keyId '{identifier}'")
    return KeyName(caller.account, caller.region, identifier)


def _parse_arn(caller: Caller, text: str) -> KeyName | AliasReference:
    arn = parse_arn(text)
    if arn is None or arn.service != "kms" or not arn.account:
        raise InvalidArnException(f"Invalid arn {text}")
    if arn.region != caller.region:
        raise NotFoundException(f"Invalid arn {arn.region}")
    if arn.resource.startswith(ALIAS_PREFIX):
        return AliasReference(arn.account, arn.region, arn.resource)
    kind, _, key_id = arn.resource.partition("/")
    if kind != "key" or not key_id:
        raise InvalidArnException(f"Invalid arn {text}")
    return KeyName(arn.account, arn.region, key_id)

"""Amazon Resource Names. AWS: General Reference, Amazon Resource Names (ARNs)."""

from __future__ import annotations

from functools import lru_cache

import msgspec


class Arn(msgspec.Struct, frozen=True):
    """`arn:partition:service:region:account:resource`; the resource may hold colons."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return ":".join(
            ("arn", self.partition, self.service, self.region, self.account, self.resource)
        )


# ARNs come again and again: with each retry, each event, each check.
_ARNS_KEPT = 4_096
# AWS: IAM API Reference, ARN: 2,048 characters at most. What callers send may be longer, and would
# be kept with the others.
_CHARACTERS_KEPT_MAX = 2_048


def parse_arn(text: str) -> Arn | None:
    """The parts of an ARN, or None where the text is not one."""
    return _remembered(text) if len(text) <= _CHARACTERS_KEPT_MAX else _parsed(text)


@lru_cache(_ARNS_KEPT)
def _remembered(text: str) -> Arn | None:
    return _parsed(text)


def _parsed(text: str) -> Arn | None:
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
        return None
    return Arn(parts[1], parts[2], parts[3], parts[4], parts[5])

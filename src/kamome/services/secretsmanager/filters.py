"""Filters of ListSecrets and BatchGetSecretValue.

Values of one filter are alternatives, those with `!` must not be; filters are all to hold.

AWS: Secrets Manager API Reference, Filter; User Guide, Find secrets in AWS Secrets Manager.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.store import Secret


def matching(secrets: Iterable[Secret], filters: Sequence[shapes.Filter]) -> list[Secret]:
    """The secrets that pass all filters, in the order that they had.

    AWS: Secrets Manager API Reference, Filter.
    """
    return [secret for secret in secrets if all(_passes(secret, each) for each in filters)]


def _passes(secret: Secret, filter_: shapes.Filter) -> bool:
    key = filter_.get("Key", "all")
    values = filter_.get("Values", ())
    wanted = [value for value in values if not value.startswith("!")]
    unwanted = [value[1:] for value in values if value.startswith("!")]
    if any(_has(secret, key, value) for value in unwanted):
        return False
    return not wanted or any(_has(secret, key, value) for value in wanted)


def _has(secret: Secret, key: str, value: str) -> bool:
    if key == "all":
        said = [each.lower() for each in _everything(secret)]
        words = [word for word in re.split(r"[ /_+=.@!-]", value.lower()) if word]
        return all(any(word in each for each in said) for word in words)
    if key == "description":
        return secret.description.lower().startswith(value.lower())
    return any(each.startswith(value) for each in _texts(secret, key))


def _texts(secret: Secret, key: str) -> Iterable[str]:
    if key == "name":
        return (secret.name.name,)
    if key == "tag-key":
        return secret.tags.keys()
    if key == "tag-value":
        return secret.tags.values()
    # Nothing is replicated here, and no other service owns a secret.
    return (secret.name.region,) if key == "primary-region" else ()


def _everything(secret: Secret) -> list[str]:
    return [secret.name.name, secret.description, *secret.tags, *secret.tags.values()]

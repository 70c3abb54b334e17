"""GetRandomPassword.

AWS: Secrets Manager API Reference.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from kamome.services.secretsmanager.errors import InvalidParameterException
from kamome.services.secretsmanager.limits import PASSWORD_LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.context import RequestContext
    from kamome.ids import Ids
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.slice import Secrets

_BYTE_VALUES = 256


async def get_random_password(
    slice_: Secrets, _ctx: RequestContext, request: shapes.GetRandomPasswordRequest
) -> shapes.GetRandomPasswordResult:
    """A password of 32 characters by default, with at least one of each type that is included.

    Raises:
        InvalidParameterException: all characters are excluded, or it is too short for its types.

    AWS: Secrets Manager API Reference, GetRandomPassword.
    """
    types = _types(request)
    length = request.get("PasswordLength", PASSWORD_LENGTH)
    characters = "".join(types)
    if not characters:
        raise InvalidParameterException("All characters of a password are excluded.")
    required: Sequence[str] = types if request.get("RequireEachIncludedType", True) else ()
    if length < len(required):
        raise InvalidParameterException(
            f"A password of length {length} can't have one character of each of {len(required)}"
            " types."
        )
    chosen = [characters_of(slice_.ids, each, 1) for each in required]
    chosen += characters_of(slice_.ids, characters, length - len(required))
    return {"RandomPassword": _shuffled(slice_.ids, chosen)}


def characters_of(ids: Ids, alphabet: str, count: int) -> str:
    """Random characters of an alphabet, each as likely as the others.

    Octets beyond the last whole multiple of the alphabet's size are thrown away: they would favour
    its first characters. At most half of them are, so that few rounds are needed.

    AWS: Secrets Manager API Reference, GetRandomPassword.
    """
    most = _BYTE_VALUES - _BYTE_VALUES % len(alphabet)
    chosen: list[str] = []
    while len(chosen) < count:
        octets = ids.bytes(count)
        chosen += [alphabet[octet % len(alphabet)] for octet in octets if octet < most]
    return "".join(chosen[:count])


def _types(request: shapes.GetRandomPasswordRequest) -> list[str]:
    """The characters of each type that the password may have; a space is of no type to require."""
    types = [
        (string.ascii_lowercase, request.get("ExcludeLowercase", False)),
        (string.ascii_uppercase, request.get("ExcludeUppercase", False)),
        (string.digits, request.get("ExcludeNumbers", False)),
        (string.punctuation, request.get("ExcludePunctuation", False)),
        (" ", not request.get("IncludeSpace", False)),
    ]
    excluded = set(request.get("ExcludeCharacters", ""))
    left = [
        "".join(character for character in characters if character not in excluded)
        for characters, is_excluded in types
        if not is_excluded
    ]
    return [characters for characters in left if characters]


def _shuffled(ids: Ids, characters: list[str]) -> str:
    """In an order of chance (Fisher and Yates)."""
    for last in range(len(characters) - 1, 0, -1):
        at = int(ids.fraction() * (last + 1))
        characters[last], characters[at] = characters[at], characters[last]
    return "".join(characters)

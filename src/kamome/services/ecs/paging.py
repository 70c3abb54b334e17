"""Pages of the list operations: `maxResults` and `nextToken`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from kamome.services.ecs.errors import InvalidParameterException
from kamome.services.ecs.limits import PAGE_MAX


def page_size(asked: int | None, default: int = PAGE_MAX) -> int:
    """How many results a page has.

    Raises:
        InvalidParameterException: it is not 1 to 100.
    """
    if asked is None:
        return default
    if not 1 <= asked <= PAGE_MAX:
        raise InvalidParameterException(f"maxResults should be between 1 and {PAGE_MAX}")
    return asked


def after(token: str | None) -> str:
    """What the page before ended with; empty for the first page.

    Raises:
        InvalidParameterException: the token is none that we gave.
    """
    if not token:
        return ""
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, ValueError, UnicodeDecodeError) as error:
        raise InvalidParameterException("Invalid token.") from error


def token_after(keys: Sequence[str], size: int) -> str | None:
    """The token of the next page, where more keys were found than fit on this one."""
    return base64.b64encode(keys[size - 1].encode()).decode() if len(keys) > size else None

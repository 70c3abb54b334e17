"""Pages of the list operations: `NextToken`."""

from __future__ import annotations

import base64
import binascii

from kamome.services.secretsmanager.errors import InvalidNextTokenException


def after(token: str | None) -> str:
    """What the page before ended with; empty for the first page.

    Raises:
        InvalidNextTokenException: the token is none that we gave.
    """
    if not token:
        return ""
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, ValueError):
        raise InvalidNextTokenException("The NextToken value is invalid.") from None


def token_after(last: str) -> str:
    """The token of the page that begins behind `last`."""
    return base64.urlsafe_b64encode(last.encode()).decode()

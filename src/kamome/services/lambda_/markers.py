"""Pagination tokens: opaque to callers, the last name given out to us."""

from __future__ import annotations

import base64
import binascii

from kamome.services.lambda_.errors import InvalidParameterValueException


def new_marker(after: str) -> str:
    """The token of the page that begins after this name."""
    return base64.urlsafe_b64encode(after.encode()).decode("ascii")


def read_marker(marker: str) -> str:
    """Raises: InvalidParameterValueException: it was not given out by `new_marker`."""
    try:
        return base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise InvalidParameterValueException("The specified marker is invalid.") from None

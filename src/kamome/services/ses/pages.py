"""The tokens of lists in both APIs: the name after which the next page begins."""

from __future__ import annotations

import base64
import binascii

from kamome.services.ses.errors import InvalidParameterValue
from kamome.services.ses.errors_v2 import InvalidNextTokenException


def next_token(last: str) -> str:
    """The token of the page behind `last`, the last name that was given out.

    AWS: SES API v2 Reference, ListEmailIdentities (NextToken).
    """
    return base64.urlsafe_b64encode(last.encode()).decode()


def after_token(token: str) -> str:
    """The name behind which a page begins; empty for the first.

    Raises:
        InvalidNextTokenException: the token is not one that was given out.

    AWS: SES API v2 Reference, ListEmailIdentities (NextToken).
    """
    try:
        return _name_in(token)
    except ValueError:
        raise InvalidNextTokenException("The specified next token is not valid.") from None


def after_token_v1(token: str) -> str:
    """The same in the first API.

    Raises:
        InvalidParameterValue: the token is not one that was given out.

    AWS: SES API Reference, ListIdentities (NextToken).
    """
    try:
        return _name_in(token)
    except ValueError:
        raise InvalidParameterValue("Invalid NextToken.") from None


def _name_in(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except binascii.Error as error:
        raise ValueError(token) from error

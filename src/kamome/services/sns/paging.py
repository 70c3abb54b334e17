"""Tokens of lists: opaque to callers, holding the last item of the page before.

AWS: SNS API Reference, ListTopics (NextToken).
"""

from __future__ import annotations

import base64
import binascii

import orjson

from kamome.services.sns.errors import invalid


def next_token(*last: str) -> str:
    """The token for what follows an item, given by the parts of its key.

    AWS: SNS API Reference, ListTopics (NextToken).
    """
    return base64.urlsafe_b64encode(orjson.dumps(last)).decode()


def position(token: str | None, parts: int) -> tuple[str, ...]:
    """The key after which a list goes on: `parts` texts, empty ones at its beginning.

    Raises:
        InvalidParameter: the token is not one that `next_token` made for such a list.

    AWS: SNS API Reference, ListTopics (NextToken).
    """
    if not token:
        return ("",) * parts
    try:
        last = orjson.loads(base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError):
        raise invalid("NextToken") from None
    if not isinstance(last, list) or len(last) != parts:
        raise invalid("NextToken")
    if not all(isinstance(part, str) for part in last):
        raise invalid("NextToken")
    return tuple(last)

"""Links in mails that lead back here: signed, so that nobody else can make one.

A link carries what it is about; without the signature it would be an open redirect, or would let
anybody unsubscribe anybody.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

import orjson

from kamome.services.ses.feedback.link_key_store import LinkKeyStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.services.ses.slice import Ses

_KEY_BYTES = 32
# 160 bits of HMAC-SHA256: RFC 2104 §5 asks for at least half of the hash.
_TAG_BYTES = 20
# Ours: what a link may be long. Clients and proxies take 8 KB and little more.
TOKEN_CHARACTERS_MAX = 8_000


def signed(ses: Ses, kind: str, content: Mapping[str, object]) -> str:
    """A token that says `content`, to be read by `read` for the same kind only.

    The key is made with the first token, in the caller's step. RFC 2104.
    """
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    kept = LinkKeyStore(ses.store.engine)
    key = kept.find(kind)
    if key is None:
        key = ses.ids.bytes(_KEY_BYTES)
        kept.add(kind, key)
    return base64.urlsafe_b64encode(_tag(key, body) + body).decode().rstrip("=")


def read(ses: Ses, kind: str, token: str) -> dict[str, object] | None:
    """What a token of this kind says; None where it is not one of ours.

    RFC 2104 §5: compared in constant time.
    """
    key = LinkKeyStore(ses.store.engine).find(kind)
    if key is None or not token.isascii() or len(token) > TOKEN_CHARACTERS_MAX:
        return None
    try:
        octets = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    tag, body = octets[:_TAG_BYTES], octets[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(key, body)):
        return None
    content: dict[str, object] = orjson.loads(body)
    return content


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_TAG_BYTES]

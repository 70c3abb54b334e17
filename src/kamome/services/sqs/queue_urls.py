"""Queue URLs: `http://HOST/ACCOUNT/NAME`, on whatever host the client used.

AWS: SQS Developer Guide, Queue and message identifiers.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from kamome.context import RequestContext
from kamome.services.sqs.errors import InvalidAddress, QueueDoesNotExist
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.store import SqsStore

# RFC 1035 §2.3.4. The expression takes the square of a longer one's length.
_HOST_CHARACTERS_MAX = 253
_REGIONAL_HOST = re.compile(r"(?:^|\.)(?:sqs\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.(?:queue\.)?\S+$")
# The query protocol words it so; JSON as the error class does.
_MISSING_IN_QUERY = "The specified queue does not exist for this wsdl version."


def queue_url(ctx: RequestContext, account: str, name: str) -> str:
    """The URL of a queue on the host that the client used."""
    return f"{ctx.base_url}/{account}/{name}"


def find_queue(store: SqsStore, ctx: RequestContext, url: str) -> Queue:
    """The queue of a URL; a bare name means one of the caller's own.

    Raises:
        InvalidAddress: the URL names no account and queue.
        QueueDoesNotExist: no such queue in that account and region.
    """
    account, name = _account_and_name(ctx, url)
    queue = store.find_queue(account, ctx.region, name)
    if queue is None:
        region = _region_of_host(url)
        if region is not None and region != ctx.region:
            queue = store.find_queue(account, region, name)
    if queue is None:
        raise QueueDoesNotExist(_MISSING_IN_QUERY) if ctx.protocol == "query" else QueueDoesNotExist
    return queue


def _account_and_name(ctx: RequestContext, url: str) -> tuple[str, str]:
    head, _, name = url.rpartition("/")
    if not head:
        return ctx.account, name
    account = head.rpartition("/")[2]
    if len(account) == 12 and account.isdigit() and name:
        return account, name
    raise InvalidAddress(url)


def _region_of_host(url: str) -> str | None:
    """`sqs.REGION.amazonaws.com`, `REGION.queue.amazonaws.com`, and the local forms of them."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    if len(host) > _HOST_CHARACTERS_MAX:
        return None
    found = _REGIONAL_HOST.search(host)
    return None if found is None else found[1]

"""The object that shows that SES may write: stored when a rule with an S3 action is made.

AWS stores it to try its permission to write. Here it is written by an outbox entry of the step that
keeps the rule.

AWS: SES Developer Guide, Deliver to S3 bucket action.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.slice import Ses
from kamome.storage.outbox import Entry

if TYPE_CHECKING:
    from kamome.services.ses.shapes import ReceiptAction, ReceiptRule

logger = logging.getLogger(__name__)

OUTBOX_KIND = "ses.setup"
OBJECT_NAME = "AMAZON_SES_SETUP_NOTIFICATION"
_SUBJECT = "Amazon SES Setup Notification"


def announce(
    ses: Ses, ctx: RequestContext, rule: ReceiptRule, before: Sequence[ReceiptAction]
) -> None:
    """Have the object written where the rule stores mails and did not before; in the rule's step.

    AWS: SES Developer Guide, Deliver to S3 bucket action.
    """
    known = _places(before)
    for bucket, prefix in _places(rule.get("Actions", ())):
        if (bucket, prefix) not in known:
            payload = {
                "account": ctx.account,
                "region": ctx.region,
                "bucket": bucket,
                "key": prefix + OBJECT_NAME,
            }
            ses.outbox.put(OUTBOX_KIND, payload)


async def work_setup(ses: Ses, entry: Entry) -> None:
    """Write the object. Handler of `ses.setup`.

    Raises:
        AwsError: the bucket refuses; it is tried again.
    """
    values = {name: str(value) for name, value in entry.payload.items()}
    ctx = RequestContext(
        values["account"], values["region"], "ses.amazonaws.com", ses.ids.uuid()
    ).as_service("ses.amazonaws.com")
    content = _notification(values["bucket"])

    async def body() -> AsyncIterator[bytes]:
        yield content

    await ses.ports.put_object(
        ctx,
        values["bucket"],
        values["key"],
        body(),
        content_length=len(content),
        record=lambda: ses.outbox.done(entry),
    )


def give_up(_ses: Ses, entry: Entry, error: Exception) -> None:
    """The object could not be written; mails may still be. Runs in the step that drops the entry.

    AWS: SES Developer Guide, Deliver to S3 bucket action.
    """
    logger.warning("%s: no setup notification: %s", entry.payload["bucket"], error)


def _places(actions: Sequence[ReceiptAction]) -> dict[tuple[str, str], None]:
    stores = [action["S3Action"] for action in actions if "S3Action" in action]
    return {(each["BucketName"], each.get("ObjectKeyPrefix", "")): None for each in stores}


def _notification(bucket: str) -> bytes:
    lines = (
        "From: Amazon SES <no-reply@amazonses.com>",
        f"Subject: {_SUBJECT}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"A receipt rule stores mails in the bucket {bucket} from now on.",
        "This object shows that Amazon SES may write here. It can be deleted.",
        "",
    )
    return "\r\n".join(lines).encode()

"""What answers tell of a bucket's lifecycle rules: when an object expires, an upload is aborted.

AWS: S3 API Reference, GetObject, x-amz-expiration; CreateMultipartUpload, x-amz-abort-date.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from urllib.parse import quote

import orjson

from kamome.services.s3.buckets.setting_rules import Document, documents_of
from kamome.services.s3.lifecycle.lifecycle_rules import Candidate, abort_of, expiration_of
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.tagging import parse_tagging
from kamome.services.s3.store import Bucket


def expiration_members(bucket: Bucket, stored: StoredObject) -> dict[str, object]:
    """The `Expiration` of an answer about a key's current version; none where no rule ends it.

    AWS: S3 API Reference, PutObject, x-amz-expiration.
    """
    if not bucket.lifecycle:
        return {}
    candidate = Candidate(
        stored.key.decode(),
        stored.size,
        parse_tagging(stored.tagging),
        stored.last_modified_ms,
        0,
        stored.storage_class,
        is_current=True,
        is_delete_marker=False,
        is_alone=False,
        newer_noncurrent=0,
    )
    due = expiration_of(_rules(bucket), candidate)
    if due is None:
        return {}
    date = formatdate(due.at_ms / 1000, usegmt=True)
    return {"Expiration": f'expiry-date="{date}", rule-id="{quote(due.rule_id, safe="")}"'}


def abort_members(bucket: Bucket, key: str, initiated_at_ms: int) -> dict[str, object]:
    """The `AbortDate` (epoch seconds) and `AbortRuleId` of an upload; none without a rule.

    AWS: S3 API Reference, CreateMultipartUpload, x-amz-abort-date and x-amz-abort-rule-id.
    """
    if not bucket.lifecycle:
        return {}
    due = abort_of(_rules(bucket), key, initiated_at_ms)
    return {} if due is None else {"AbortDate": due.at_ms // 1000, "AbortRuleId": due.rule_id}


def _rules(bucket: Bucket) -> Sequence[Document]:
    return documents_of(orjson.loads(bucket.lifecycle), "Rules")

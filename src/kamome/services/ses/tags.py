"""Tags of identities, configuration sets, lists, pools and templates: whatever has an ARN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.ses.errors_v2 import BadRequestException, NotFoundException
from kamome.services.ses.limits import TAG_KEY_CHARACTERS_MAX, TAG_VALUE_CHARACTERS_MAX, TAGS_MAX
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tagged_resources import has_tags, is_there

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2


async def list_tags_for_resource(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListTagsForResourceRequest
) -> shapes_v2.ListTagsForResourceResult:
    """The tags of a resource by their keys.

    Raises:
        BadRequestException: it is no ARN of a resource with tags.
        NotFoundException: there is no such resource in this account and region.

    AWS: SES API v2 Reference, ListTagsForResource.
    """
    return {"Tags": tags_of(ses, _checked_arn(ses, ctx, request["ResourceArn"]))}


async def tag_resource(
    ses: Ses, ctx: RequestContext, request: shapes_v2.TagResourceRequest
) -> shapes_v2.TagResourceResult:
    """Add tags, or change the values of those that are there.

    Raises:
        BadRequestException: it is no ARN of a resource with tags; a key or value is not allowed;
            more than 50 tags.
        NotFoundException: there is no such resource in this account and region.

    AWS: SES API v2 Reference, TagResource.
    """
    add_tags(ses, _checked_arn(ses, ctx, request["ResourceArn"]), request["Tags"])
    return {}


async def untag_resource(
    ses: Ses, ctx: RequestContext, request: shapes_v2.UntagResourceRequest
) -> shapes_v2.UntagResourceResult:
    """Remove tags by their keys.

    Raises:
        BadRequestException: it is no ARN of a resource with tags.
        NotFoundException: there is no such resource in this account and region.

    AWS: SES API v2 Reference, UntagResource.
    """
    arn = _checked_arn(ses, ctx, request["ResourceArn"])
    ses.store.remove_tags(arn, request["TagKeys"])
    return {}


def add_tags(ses: Ses, arn: str, tags: Sequence[shapes_v2.Tag]) -> None:
    """Tag a resource, part of the caller's step. Keys are unique: the last value stays.

    Raises:
        BadRequestException: a key or value is not allowed; more than 50 tags.

    AWS: SES API v2 Reference, Tag.
    """
    for tag in tags:
        _check(tag)
    merged = dict(ses.store.tags(arn)) | {tag["Key"]: tag["Value"] for tag in tags}
    if len(merged) > TAGS_MAX:
        raise BadRequestException(f"A resource can have at most {TAGS_MAX} tags.")
    ses.store.put_tags(arn, merged)


def tags_of(ses: Ses, arn: str) -> list[shapes_v2.Tag]:
    """The tags of a resource by their keys.

    AWS: SES API v2 Reference, Tag.
    """
    return [{"Key": key, "Value": value} for key, value in ses.store.tags(arn)]


def forget_tags(ses: Ses, arn: str) -> None:
    """The resource is gone.

    AWS: SES API v2 Reference, DeleteEmailIdentity.
    """
    ses.store.remove_all_tags(arn)


def _checked_arn(ses: Ses, ctx: RequestContext, arn: str) -> str:
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "ses" or not has_tags(parsed.resource):
        raise BadRequestException(f"Invalid ARN <{arn}>.")
    owner = Owner(parsed.account, parsed.region)
    if owner != Owner(ctx.account, ctx.region) or not is_there(ses, owner, parsed.resource):
        raise NotFoundException(f"No resource <{arn}> in this account and region.")
    return arn


def _check(tag: shapes_v2.Tag) -> None:
    key, value = tag["Key"], tag["Value"]
    if not 1 <= len(key) <= TAG_KEY_CHARACTERS_MAX or len(value) > TAG_VALUE_CHARACTERS_MAX:
        raise BadRequestException(
            f"A tag has a key of 1 to {TAG_KEY_CHARACTERS_MAX} characters and a value of at most "
            f"{TAG_VALUE_CHARACTERS_MAX}."
        )
    if key.lower().startswith("aws:"):
        raise BadRequestException("Tag keys that begin with aws: are reserved.")

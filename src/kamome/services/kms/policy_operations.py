"""Operations on key policies and tags.

AWS: KMS API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.kms import keys, paging, tag_rules
from kamome.services.kms.errors import NotFoundException
from kamome.services.kms.key_policies import POLICY_NAME, check_policy
from kamome.services.kms.limits import SHORT_LIST_DEFAULT, TAG_LIST_MAX, TAGS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms


async def get_key_policy(
    kms: Kms, ctx: RequestContext, request: shapes.GetKeyPolicyRequest
) -> shapes.GetKeyPolicyResult:
    """The policy of a key, as it was given.

    Raises:
        NotFoundException, InvalidArnException: no such key, or a policy not named `default`.

    AWS: KMS API Reference, GetKeyPolicy.
    """
    key = keys.find_by_id(kms, ctx, request["KeyId"])
    _check_policy_name(request)
    return {"Policy": key.policy, "PolicyName": POLICY_NAME}


async def put_key_policy(
    kms: Kms, ctx: RequestContext, request: shapes.PutKeyPolicyRequest
) -> None:
    """Replace the policy of a key. It is kept, not evaluated.

    Raises:
        NotFoundException, AccessDeniedException: no such key of the customer.
        MalformedPolicyDocumentException: it is no policy, or locks the account out.
        LimitExceededException: it has more than 32 KB.

    AWS: KMS API Reference, PutKeyPolicy.
    """
    key = keys.find_managed_by_customer(kms, ctx, request["KeyId"])
    _check_policy_name(request)
    may_lock_out = request.get("BypassPolicyLockoutSafetyCheck", False)
    policy = check_policy(request["Policy"], ctx.account, is_lockout_allowed=may_lock_out)
    kms.store.put(key._replace(policy=policy))


async def list_key_policies(
    kms: Kms, ctx: RequestContext, request: shapes.ListKeyPoliciesRequest
) -> shapes.ListKeyPoliciesResult:
    """The names of a key's policies: always the one.

    Raises:
        NotFoundException, InvalidArnException: there is no such key.

    AWS: KMS API Reference, ListKeyPolicies.
    """
    keys.find_by_id(kms, ctx, request["KeyId"])
    return {"PolicyNames": [POLICY_NAME], "Truncated": False}


async def tag_resource(kms: Kms, ctx: RequestContext, request: shapes.TagResourceRequest) -> None:
    """Add tags to a key, or change their values.

    Raises:
        NotFoundException, AccessDeniedException: no such key of the customer.
        KMSInvalidStateException: it is pending deletion.
        TagException: a tag is not valid, or there would be more than 50.

    AWS: KMS API Reference, TagResource.
    """
    key = keys.find_managed_by_customer(kms, ctx, request["KeyId"])
    keys.check_not_pending(key)
    tags = tag_rules.checked(request["Tags"])
    kept = kms.store.tags(key.name, "", TAGS_MAX)
    tag_rules.check_count(len({**dict(kept), **dict(tags)}))
    kms.store.put_tags(key.name, tags)


async def untag_resource(
    kms: Kms, ctx: RequestContext, request: shapes.UntagResourceRequest
) -> None:
    """Remove tags from a key; keys that no tag has are passed over.

    Raises:
        NotFoundException, AccessDeniedException: no such key of the customer.
        KMSInvalidStateException: it is pending deletion.

    AWS: KMS API Reference, UntagResource.
    """
    key = keys.find_managed_by_customer(kms, ctx, request["KeyId"])
    keys.check_not_pending(key)
    kms.store.remove_tags(key.name, request["TagKeys"])


async def list_resource_tags(
    kms: Kms, ctx: RequestContext, request: shapes.ListResourceTagsRequest
) -> dict[str, object]:
    """The tags of a key, in order of their keys.

    Raises:
        NotFoundException, InvalidArnException: there is no such key.
        InvalidMarkerException: the marker is none of this list.

    AWS: KMS API Reference, ListResourceTags.
    """
    limit = paging.size(request, SHORT_LIST_DEFAULT, TAG_LIST_MAX)
    key = keys.find_by_id(kms, ctx, request["KeyId"])
    found = kms.store.tags(key.name, paging.position(request), limit + 1)
    return paging.page(
        "Tags",
        found,
        limit,
        lambda tag: tag[0],
        lambda tag: {"TagKey": tag[0], "TagValue": tag[1]},
    )


def _check_policy_name(request: Mapping[str, object]) -> None:
    if request.get("PolicyName", POLICY_NAME) != POLICY_NAME:
        raise NotFoundException(f"No such policy exists: {request['PolicyName']}")

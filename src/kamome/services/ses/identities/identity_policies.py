"""Sending authorization policies of identities: the operations of both APIs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors import InvalidParameterValue, InvalidPolicy, LimitExceeded
from kamome.services.ses.errors_v2 import (
    AlreadyExistsException,
    BadRequestException,
    LimitExceededException,
)
from kamome.services.ses.identities.authorization_policies import PolicyInvalid, check_policy
from kamome.services.ses.identities.identity_dkim import existing
from kamome.services.ses.identities.identity_names import normal_identity
from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.limits import POLICIES_PER_IDENTITY_MAX, POLICY_BYTES_MAX
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes, shapes_v2

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FULL = f"An identity can have at most {POLICIES_PER_IDENTITY_MAX} policies."


async def delete_identity_policy(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteIdentityPolicyRequest
) -> shapes.DeleteIdentityPolicyResult:
    """Remove a policy; one that is not there is no error.

    Raises:
        InvalidParameterValue: there is no such identity.

    AWS: SES API Reference, DeleteIdentityPolicy.
    """
    identity = _existing_v1(ses, ctx, request["Identity"])
    owner = Owner(ctx.account, ctx.region)
    ses.identities.delete_policy(owner, identity.identity, request["PolicyName"])
    return {}


async def get_identity_policies(
    ses: Ses, ctx: RequestContext, request: shapes.GetIdentityPoliciesRequest
) -> shapes.GetIdentityPoliciesResult:
    """The policies of these names; unknown ones are left out.

    Raises:
        InvalidParameterValue: there is no such identity.

    AWS: SES API Reference, GetIdentityPolicies.
    """
    identity = _existing_v1(ses, ctx, request["Identity"])
    found = ses.identities.policies(Owner(ctx.account, ctx.region), identity.identity)
    return {"Policies": {name: found[name] for name in request["PolicyNames"] if name in found}}


async def list_identity_policies(
    ses: Ses, ctx: RequestContext, request: shapes.ListIdentityPoliciesRequest
) -> shapes.ListIdentityPoliciesResult:
    """Names of the policies of an identity.

    Raises:
        InvalidParameterValue: there is no such identity.

    AWS: SES API Reference, ListIdentityPolicies.
    """
    identity = _existing_v1(ses, ctx, request["Identity"])
    found = ses.identities.policies(Owner(ctx.account, ctx.region), identity.identity)
    return {"PolicyNames": list(found)}


async def put_identity_policy(
    ses: Ses, ctx: RequestContext, request: shapes.PutIdentityPolicyRequest
) -> shapes.PutIdentityPolicyResult:
    """Add a policy, or replace the one of this name.

    Raises:
        InvalidParameterValue: there is no such identity; the policy's name is not allowed.
        InvalidPolicy: the document is none that could be judged.
        LimitExceeded: the identity has 20 policies.

    AWS: SES API Reference, PutIdentityPolicy.
    """
    identity = _existing_v1(ses, ctx, request["Identity"])
    owner, name = Owner(ctx.account, ctx.region), request["PolicyName"]
    if not _NAME.fullmatch(name):
        raise InvalidParameterValue(_wrong_name(name))
    try:
        _check(ctx, identity, request["Policy"])
    except PolicyInvalid as error:
        raise InvalidPolicy(f"Invalid policy: {error}") from None
    known = ses.identities.policies(owner, identity.identity)
    if name not in known and len(known) >= POLICIES_PER_IDENTITY_MAX:
        raise LimitExceeded(_FULL)
    ses.identities.put_policy(owner, identity.identity, name, request["Policy"])
    return {}


# ---------------------------------------------------------------------- the second API


async def create_email_identity_policy(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateEmailIdentityPolicyRequest
) -> shapes_v2.CreateEmailIdentityPolicyResult:
    """Add a policy.

    Raises:
        NotFoundException: there is no such identity.
        AlreadyExistsException: it has a policy of this name.
        BadRequestException: the document is none that could be judged; its name is not allowed.
        LimitExceededException: the identity has 20 policies.

    AWS: SES API v2 Reference, CreateEmailIdentityPolicy.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    known = ses.identities.policies(owner, identity.identity)
    if request["PolicyName"] in known:
        raise AlreadyExistsException(f"Policy {request['PolicyName']} already exists.")
    if len(known) >= POLICIES_PER_IDENTITY_MAX:
        raise LimitExceededException(_FULL)
    _put_v2(ses, ctx, identity, request["PolicyName"], request["Policy"])
    return {}


async def delete_email_identity_policy(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteEmailIdentityPolicyRequest
) -> shapes_v2.DeleteEmailIdentityPolicyResult:
    """Remove a policy; one that is not there is no error.

    Raises:
        NotFoundException: there is no such identity.

    AWS: SES API v2 Reference, DeleteEmailIdentityPolicy.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    ses.identities.delete_policy(owner, identity.identity, request["PolicyName"])
    return {}


async def get_email_identity_policies(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetEmailIdentityPoliciesRequest
) -> shapes_v2.GetEmailIdentityPoliciesResult:
    """The policies of an identity by their names.

    Raises:
        NotFoundException: there is no such identity.

    AWS: SES API v2 Reference, GetEmailIdentityPolicies.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    return {"Policies": ses.identities.policies(owner, identity.identity)}


async def update_email_identity_policy(
    ses: Ses, ctx: RequestContext, request: shapes_v2.UpdateEmailIdentityPolicyRequest
) -> shapes_v2.UpdateEmailIdentityPolicyResult:
    """Replace a policy; where there is none of this name, nothing happens, as documented.

    Raises:
        NotFoundException: there is no such identity.
        BadRequestException: the document is none that could be judged.

    AWS: SES API v2 Reference, UpdateEmailIdentityPolicy.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    if request["PolicyName"] in ses.identities.policies(owner, identity.identity):
        _put_v2(ses, ctx, identity, request["PolicyName"], request["Policy"])
    return {}


def _wrong_name(name: str) -> str:
    """AWS: SES API Reference, PutIdentityPolicy (PolicyName)."""
    return f"Invalid policy name <{name[:64]}>: it has up to 64 letters, digits, '_' and '-'."


def _put_v2(ses: Ses, ctx: RequestContext, identity: Identity, name: str, policy: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadRequestException(_wrong_name(name))
    try:
        _check(ctx, identity, policy)
    except PolicyInvalid as error:
        raise BadRequestException(f"Invalid policy: {error}") from None
    owner = Owner(ctx.account, ctx.region)
    ses.identities.put_policy(owner, identity.identity, name, policy)


def _check(ctx: RequestContext, identity: Identity, policy: str) -> None:
    if len(policy.encode()) > POLICY_BYTES_MAX:
        raise PolicyInvalid(f"it has more than {POLICY_BYTES_MAX} bytes.")
    check_policy(policy, ctx.arn("ses", f"identity/{identity.identity}"))


def _existing_v1(ses: Ses, ctx: RequestContext, name: str) -> Identity:
    identity = ses.identities.find(Owner(ctx.account, ctx.region), normal_identity(name))
    if identity is None:
        raise InvalidParameterValue(f"Identity {name} does not exist.")
    return identity

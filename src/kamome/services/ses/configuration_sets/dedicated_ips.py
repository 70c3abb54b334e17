"""Dedicated addresses by the SES API v2: pools are recorded, addresses there are none.

Every mail leaves from this machine's own addresses; a pool is a name that a configuration set may
carry, so that a deployment that has pools deploys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.configuration_sets.configuration_sets import is_name
from kamome.services.ses.configuration_sets.dedicated_ip_store import DedicatedIpStore, Pool
from kamome.services.ses.errors_v2 import (
    AlreadyExistsException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from kamome.services.ses.limits import DEDICATED_IP_POOLS_MAX, LIST_MAX
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import add_tags, forget_tags

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2

# The pool that is always there. AWS: SES Developer Guide, Creating standard dedicated IP pools.
_SHARED = "ses-shared-pool"


def pool_exists(ses: Ses, owner: Owner, name: str) -> bool:
    """Whether a configuration set may name this pool.

    AWS: SES API v2 Reference, DeliveryOptions (SendingPoolName).
    """
    return name == _SHARED or _store(ses).find(owner, name) is not None


async def create_dedicated_ip_pool(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateDedicatedIpPoolRequest
) -> shapes_v2.CreateDedicatedIpPoolResult:
    """Make a pool without addresses.

    Raises:
        BadRequestException: the name is not allowed.
        AlreadyExistsException: a pool of this name exists.
        LimitExceededException: the account has 50 pools in the region.

    AWS: SES API v2 Reference, CreateDedicatedIpPool.
    """
    owner, name = Owner(ctx.account, ctx.region), request["PoolName"]
    if not is_name(name):
        raise BadRequestException(f"Invalid dedicated IP pool name <{name}>.")
    if pool_exists(ses, owner, name):
        raise AlreadyExistsException(f"Dedicated IP pool <{name}> already exists.")
    if _store(ses).number(owner) >= DEDICATED_IP_POOLS_MAX:
        raise LimitExceededException("The number of dedicated IP pools is at its maximum.")
    _store(ses).put(owner, name, Pool(request.get("ScalingMode", "STANDARD")))
    add_tags(ses, _arn(ctx, name), request.get("Tags", []))
    return {}


async def delete_dedicated_ip_pool(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteDedicatedIpPoolRequest
) -> shapes_v2.DeleteDedicatedIpPoolResult:
    """Forget a pool.

    Raises:
        NotFoundException: no such pool.

    AWS: SES API v2 Reference, DeleteDedicatedIpPool.
    """
    name = request["PoolName"]
    if not _store(ses).delete(Owner(ctx.account, ctx.region), name):
        raise _no_pool(name)
    forget_tags(ses, _arn(ctx, name))
    return {}


async def get_dedicated_ip(
    ses: Ses, _ctx: RequestContext, request: shapes_v2.GetDedicatedIpRequest
) -> shapes_v2.GetDedicatedIpResult:
    """An address by itself: there is none.

    Raises:
        NotFoundException: always.

    AWS: SES API v2 Reference, GetDedicatedIp.
    """
    assert ses is not None
    raise _no_address(request["Ip"])


async def get_dedicated_ip_pool(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetDedicatedIpPoolRequest
) -> shapes_v2.GetDedicatedIpPoolResult:
    """A pool and how it scales.

    Raises:
        NotFoundException: no such pool.

    AWS: SES API v2 Reference, GetDedicatedIpPool.
    """
    name = request["PoolName"]
    pool = _found(ses, Owner(ctx.account, ctx.region), name)
    return {"DedicatedIpPool": {"PoolName": name, "ScalingMode": pool.scaling_mode}}


async def get_dedicated_ips(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetDedicatedIpsRequest
) -> shapes_v2.GetDedicatedIpsResult:
    """The addresses of the account or of a pool: none.

    Raises:
        NotFoundException: no such pool.

    AWS: SES API v2 Reference, GetDedicatedIps.
    """
    if request.get("PoolName"):
        _found(ses, Owner(ctx.account, ctx.region), request["PoolName"])
    return {"DedicatedIps": []}


async def list_dedicated_ip_pools(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListDedicatedIpPoolsRequest
) -> shapes_v2.ListDedicatedIpPoolsResult:
    """Names of pools, 1,000 at a time or `PageSize`.

    Raises:
        BadRequestException: `PageSize` is not 1 to 1,000.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListDedicatedIpPools.
    """
    limit = request.get("PageSize", LIST_MAX)
    if not 1 <= limit <= LIST_MAX:
        raise BadRequestException(f"PageSize must be between 1 and {LIST_MAX}.")
    after = after_token(request.get("NextToken", ""))
    names = _store(ses).names(Owner(ctx.account, ctx.region), after, limit + 1)
    if len(names) <= limit:
        return {"DedicatedIpPools": names}
    return {"DedicatedIpPools": names[:limit], "NextToken": next_token(names[limit - 1])}


async def put_dedicated_ip_in_pool(
    ses: Ses, _ctx: RequestContext, request: shapes_v2.PutDedicatedIpInPoolRequest
) -> shapes_v2.PutDedicatedIpInPoolResult:
    """Move an address: there is none.

    Raises:
        NotFoundException: always.

    AWS: SES API v2 Reference, PutDedicatedIpInPool.
    """
    assert ses is not None
    raise _no_address(request["Ip"])


async def put_dedicated_ip_pool_scaling_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutDedicatedIpPoolScalingAttributesRequest
) -> shapes_v2.PutDedicatedIpPoolScalingAttributesResult:
    """Change how a pool scales; a managed one stays managed.

    Raises:
        NotFoundException: no such pool.
        BadRequestException: it is managed.

    AWS: SES API v2 Reference, PutDedicatedIpPoolScalingAttributes.
    """
    owner, name = Owner(ctx.account, ctx.region), request["PoolName"]
    pool = _found(ses, owner, name)
    if pool.scaling_mode == "MANAGED" and request["ScalingMode"] != "MANAGED":
        raise BadRequestException("A managed pool cannot be changed to standard.")
    _store(ses).put(owner, name, Pool(request["ScalingMode"]))
    return {}


async def put_dedicated_ip_warmup_attributes(
    ses: Ses, _ctx: RequestContext, request: shapes_v2.PutDedicatedIpWarmupAttributesRequest
) -> shapes_v2.PutDedicatedIpWarmupAttributesResult:
    """Warm an address up: there is none.

    Raises:
        NotFoundException: always.

    AWS: SES API v2 Reference, PutDedicatedIpWarmupAttributes.
    """
    assert ses is not None
    raise _no_address(request["Ip"])


def _store(ses: Ses) -> DedicatedIpStore:
    return DedicatedIpStore(ses.store.engine)


def _arn(ctx: RequestContext, name: str) -> str:
    return ctx.arn("ses", f"dedicated-ip-pool/{name}")


def _found(ses: Ses, owner: Owner, name: str) -> Pool:
    pool = _store(ses).find(owner, name)
    if pool is None:
        raise _no_pool(name)
    return pool


def _no_pool(name: str) -> NotFoundException:
    return NotFoundException(f"Dedicated IP pool <{name}> does not exist.")


def _no_address(address: str) -> NotFoundException:
    return NotFoundException(f"Dedicated IP <{address}> does not exist.")

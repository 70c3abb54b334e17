"""IP address filters: whose mail an account takes, before any rule is looked at.

An address that an Allow filter names is taken, one that only a Block filter names is refused, any
other is taken: so a block of `0.0.0.0/0` and some allowed addresses make a closed list.

AWS: SES Developer Guide, Create IP address filters; SES API Reference, CreateReceiptFilter.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors import AlreadyExists, InvalidParameterValue, LimitExceeded
from kamome.services.ses.limits import RECEIPT_FILTERS_MAX
from kamome.services.ses.receiving.rule_validation import check_rule_set_name
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes

_BLOCK = "Block"
_ALLOW = "Allow"


async def create_receipt_filter(
    ses: Ses, ctx: RequestContext, request: shapes.CreateReceiptFilterRequest
) -> shapes.CreateReceiptFilterResult:
    """Add a filter; it holds for the next recipient of any session.

    Raises:
        ValidationError: the name is not as AWS wants it.
        InvalidParameterValue: the range is none in CIDR notation.
        AlreadyExists: there is a filter of this name.
        LimitExceeded: the account has 100 filters in the region.

    AWS: SES API Reference, CreateReceiptFilter.
    """
    owner, wanted = Owner(ctx.account, ctx.region), request["Filter"]
    name, cidr = wanted["Name"], wanted["IpFilter"]["Cidr"]
    check_rule_set_name(name, "filter.name")
    if network_of(cidr) is None:
        raise InvalidParameterValue(f"Invalid CIDR: {cidr}")
    filters = ses.store.receipt_filters(owner)
    if any(each["Name"] == name for each in filters):
        raise AlreadyExists(f"Filter already exists: {name}", {"Name": name})
    if len(filters) >= RECEIPT_FILTERS_MAX:
        raise LimitExceeded(f"Maximum number of filters ({RECEIPT_FILTERS_MAX}) reached")
    ses.store.add_receipt_filter(owner, name, wanted["IpFilter"]["Policy"], cidr)
    return {}


async def delete_receipt_filter(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteReceiptFilterRequest
) -> shapes.DeleteReceiptFilterResult:
    """Remove a filter. Removing one that is not there succeeds too.

    AWS: SES API Reference, DeleteReceiptFilter.
    """
    ses.store.delete_receipt_filter(Owner(ctx.account, ctx.region), request["FilterName"])
    return {}


async def list_receipt_filters(
    ses: Ses, ctx: RequestContext, _request: shapes.ListReceiptFiltersRequest
) -> shapes.ListReceiptFiltersResult:
    """The account's filters by name.

    AWS: SES API Reference, ListReceiptFilters.
    """
    return {"Filters": list(ses.store.receipt_filters(Owner(ctx.account, ctx.region)))}


def is_blocked(filters: Sequence[shapes.ReceiptFilter], client_ip: str) -> bool:
    """Whether an address is blocked and not allowed. What is no address is not blocked.

    AWS: SES Developer Guide, Create IP address filters.
    """
    if not filters:
        return False
    try:
        address = ipaddress.ip_address(client_ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    naming = [
        each["IpFilter"]["Policy"]
        for each in filters
        if (network := network_of(each["IpFilter"]["Cidr"])) is not None
        and network.version == address.version
        and address in network
    ]
    return _BLOCK in naming and _ALLOW not in naming


def network_of(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """An address or range in CIDR notation, host bits allowed (`10.0.0.1/24`); None if it is none.

    AWS: SES API Reference, ReceiptIpFilter, Cidr.
    """
    try:
        return ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None

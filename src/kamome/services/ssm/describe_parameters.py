"""DescribeParameters.

AWS: Systems Manager API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kamome.services.ssm.filters import describe_filters
from kamome.services.ssm.get_parameters import described
from kamome.services.ssm.limits import PAGE_MAX, ROWS_PER_PAGE_MAX
from kamome.services.ssm.paging import after, token_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.context import RequestContext
    from kamome.services.ssm import shapes
    from kamome.services.ssm.filters import Filter
    from kamome.services.ssm.slice import Ssm
    from kamome.services.ssm.store import Version

# Sorts after every name.
_LAST = "\x7f"


async def describe_parameters(
    ssm: Ssm, ctx: RequestContext, request: shapes.DescribeParametersRequest
) -> shapes.DescribeParametersResult:
    """The account's parameters without their values, in the order of their names, 50 a page.

    A page of a filtered list may be short, or empty, and yet have a token. Nobody shares parameters
    with anybody here, so that a list of those with `Shared` is empty.

    Raises:
        ValidationException, InvalidFilterKey, InvalidFilterOption, InvalidFilterValue: as
            `describe_filters`.
        InvalidNextToken: the token is none that we gave.

    AWS: Systems Manager API Reference, DescribeParameters.
    """
    filters = describe_filters(request)
    start = after(request.get("NextToken"))
    if request.get("Shared", False):
        return {"Parameters": []}
    limit = request.get("MaxResults", PAGE_MAX)
    rows = ssm.store.page(ctx.account, ctx.region, start, _LAST, ROWS_PER_PAGE_MAX)
    found: list[shapes.ParameterMetadata] = []
    result: shapes.DescribeParametersResult = {"Parameters": found}
    for at, row in enumerate(rows):
        if len(found) == limit:
            result["NextToken"] = token_after(rows[at - 1].name.name)
            return result
        if _passes(ssm, row, filters):
            shown = cast("shapes.ParameterMetadata", described(row))
            found.append({**shown, "ARN": row.name.arn})
    if len(rows) == ROWS_PER_PAGE_MAX:
        result["NextToken"] = token_after(rows[-1].name.name)
    return result


def _passes(ssm: Ssm, version: Version, filters: Sequence[Filter]) -> bool:
    is_by_tags = any(each.key.startswith("tag:") for each in filters)
    tags = ssm.store.tags(version.name) if is_by_tags else None
    return all(each.matches(version, tags or {}) for each in filters)

"""GetParameter, GetParameters, GetParametersByPath, GetParameterHistory.

AWS: Systems Manager API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.services.ssm.encryption import shown_value
from kamome.services.ssm.errors import (
    InvalidNextToken,
    ParameterNotFound,
    ParameterVersionNotFound,
    ValidationException,
)
from kamome.services.ssm.filters import by_path_filters
from kamome.services.ssm.limits import BY_PATH_PAGE_MAX, PAGE_MAX, ROWS_PER_PAGE_MAX
from kamome.services.ssm.names import Selected, folder_of, selected
from kamome.services.ssm.paging import after, token_after
from kamome.services.ssm.secret_references import is_reference, referred_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.context import RequestContext
    from kamome.services.ssm import shapes
    from kamome.services.ssm.filters import Filter
    from kamome.services.ssm.slice import Ssm
    from kamome.services.ssm.store import Version

# Sorts after every name below a folder: the character behind the slash.
_AFTER_SLASH = "0"


async def get_parameter(
    ssm: Ssm, ctx: RequestContext, request: shapes.GetParameterRequest
) -> shapes.GetParameterResult:
    """One parameter: its latest version, or the one that a number or label behind the name means.

    Raises:
        ParameterNotFound: there is no such parameter.
        ParameterVersionNotFound: it has no such version, or none with that label.
        InvalidKeyId: it is to be decrypted, and KMS refuses.
        ValidationException, AccessDeniedException: as `selected`.

    AWS: Systems Manager API Reference, GetParameter.
    """
    if is_reference(request["Name"]):
        is_decrypted = request.get("WithDecryption", False)
        parameter = await referred_secret(ssm, ctx, request["Name"], is_decrypted=is_decrypted)
        return {"Parameter": parameter}
    wanted = selected(ctx, request["Name"])
    version = find_version(ssm, wanted)
    return {"Parameter": _shown(ssm, ctx, version, wanted.shown_selector, request)}


async def get_parameters(
    ssm: Ssm, ctx: RequestContext, request: shapes.GetParametersRequest
) -> shapes.GetParametersResult:
    """Up to ten parameters in the order of their names; others are `InvalidParameters`.

    Raises:
        InvalidKeyId: one is to be decrypted, and KMS refuses.
        ValidationException: what is asked for cannot be a name.

    AWS: Systems Manager API Reference, GetParameters.
    """
    found: list[shapes.Parameter] = []
    invalid: list[str] = []
    is_decrypted = request.get("WithDecryption", False)
    for text in dict.fromkeys(request["Names"]):
        try:
            found.append(
                (await get_parameter(ssm, ctx, {"Name": text, "WithDecryption": is_decrypted}))[
                    "Parameter"
                ]
            )
        except (ParameterNotFound, ParameterVersionNotFound):
            invalid.append(text)
    found.sort(key=lambda parameter: parameter["Name"])
    return {"Parameters": found, "InvalidParameters": invalid}


async def get_parameters_by_path(
    ssm: Ssm, ctx: RequestContext, request: shapes.GetParametersByPathRequest
) -> shapes.GetParametersByPathResult:
    """The parameters below a path, in the order of their names: one level, or all with `Recursive`.

    At most ten a page. A filter by label gives the versions that have it.

    Raises:
        ValidationException: it is no path.
        InvalidFilterKey, InvalidFilterOption, InvalidFilterValue: as `by_path_filters`.
        InvalidNextToken: the token is none that we gave.
        InvalidKeyId: one is to be decrypted, and KMS refuses.

    AWS: Systems Manager API Reference, GetParametersByPath.
    """
    folder = folder_of(request["Path"])
    filters = by_path_filters(request)
    limit = request.get("MaxResults", BY_PATH_PAGE_MAX)
    start = after(request.get("NextToken")) or folder
    end = folder[:-1] + _AFTER_SLASH
    rows = ssm.store.page(ctx.account, ctx.region, start, end, ROWS_PER_PAGE_MAX)
    found: list[shapes.Parameter] = []
    result: shapes.GetParametersByPathResult = {"Parameters": found}
    for at, row in enumerate(rows):
        if len(found) == limit:
            result["NextToken"] = token_after(rows[at - 1].name.name)
            return result
        if not request.get("Recursive", False) and "/" in row.name.name[len(folder) :]:
            continue
        version = _passing(ssm, row, filters)
        if version is not None:
            found.append(_shown(ssm, ctx, version, "", request))
    if len(rows) == ROWS_PER_PAGE_MAX:
        result["NextToken"] = token_after(rows[-1].name.name)
    return result


async def get_parameter_history(
    ssm: Ssm, ctx: RequestContext, request: shapes.GetParameterHistoryRequest
) -> shapes.GetParameterHistoryResult:
    """The versions of a parameter, the oldest first, at most 50 a page.

    Raises:
        ParameterNotFound: there is no such parameter.
        InvalidNextToken: the token is none that we gave.
        InvalidKeyId: one is to be decrypted, and KMS refuses.

    AWS: Systems Manager API Reference, GetParameterHistory.
    """
    wanted = selected(ctx, request["Name"])
    if wanted.selector:
        raise ValidationException("GetParameterHistory takes a name without version or label.")
    name = find_version(ssm, wanted).name
    limit = request.get("MaxResults", PAGE_MAX)
    versions = ssm.store.history(name, _version_after(request), limit + 1)
    labels = ssm.store.labels(name)
    is_decrypted = request.get("WithDecryption", False)
    result: shapes.GetParameterHistoryResult = {
        "Parameters": [
            {
                **described(version),
                "Value": shown_value(ssm, ctx, version, is_decrypted=is_decrypted),
                "Labels": [label for label, number in labels.items() if number == version.version],
            }
            for version in versions[:limit]
        ]
    }
    if len(versions) > limit:
        result["NextToken"] = token_after(str(versions[limit - 1].version))
    return result


def find_version(ssm: Ssm, wanted: Selected) -> Version:
    """The version of a parameter that a caller asks for.

    Raises:
        ParameterNotFound: there is no such parameter.
        ParameterVersionNotFound: it has no such version, or none with that label.

    AWS: Systems Manager API Reference, GetParameter, Name.
    """
    found = (latest for name in wanted.names if (latest := ssm.store.latest(name)) is not None)
    latest = next(found, None)
    if latest is None:
        raise ParameterNotFound
    if not wanted.selector:
        return latest
    name, number = latest.name, wanted.version
    kind = "label" if number is None else "version"
    if number is None:
        number = ssm.store.labelled(name, wanted.selector)
    version = None if number is None else ssm.store.version(name, number)
    if version is None:
        where = f"for parameter {name.name}" if kind == "label" else f"of {name.name}"
        raise ParameterVersionNotFound(
            f"Systems Manager could not find {kind} {wanted.selector} {where}. Verify the {kind}"
            " and try again."
        )
    return version


def described(version: Version) -> shapes.ParameterHistory:
    """A version without its value, as lists show it; empty members are left out.

    AWS: Systems Manager API Reference, ParameterMetadata, ParameterHistory.
    """
    shown: shapes.ParameterHistory = {
        "Name": version.name.name,
        "Type": version.type,
        "LastModifiedDate": version.modified_at_ms / 1000,
        "LastModifiedUser": version.modified_by,
        "Version": version.version,
        "Tier": version.tier,
        "Policies": [
            {
                "PolicyText": orjson.dumps(policy).decode(),
                "PolicyType": str(policy["Type"]),
                "PolicyStatus": "Pending",
            }
            for policy in version.policies
        ],
        "DataType": version.data_type,
    }
    if version.key_id:
        shown["KeyId"] = version.key_id
    if version.description:
        shown["Description"] = version.description
    if version.allowed_pattern:
        shown["AllowedPattern"] = version.allowed_pattern
    return shown


def _shown(
    ssm: Ssm,
    ctx: RequestContext,
    version: Version,
    selector: str,
    request: (
        shapes.GetParameterRequest | shapes.GetParametersRequest | shapes.GetParametersByPathRequest
    ),
) -> shapes.Parameter:
    is_decrypted = request.get("WithDecryption", False)
    parameter: shapes.Parameter = {
        "Name": version.name.name,
        "Type": version.type,
        "Value": shown_value(ssm, ctx, version, is_decrypted=is_decrypted),
        "Version": version.version,
        "LastModifiedDate": version.modified_at_ms / 1000,
        "ARN": version.name.arn,
        "DataType": version.data_type,
    }
    if selector:
        parameter["Selector"] = selector
    return parameter


def _passing(ssm: Ssm, latest: Version, filters: Sequence[Filter]) -> Version | None:
    """The version of a parameter that the filters let pass: the latest, or that with a label."""
    version: Version | None = latest
    for each in filters:
        if each.key == "Label":
            labels = ssm.store.labels(latest.name)
            number = next((labels[label] for label in each.values if label in labels), None)
            version = None if number is None else ssm.store.version(latest.name, number)
    if version is None or not all(each.matches(version, {}) for each in filters):
        return None
    return version


def _version_after(request: shapes.GetParameterHistoryRequest) -> int:
    text = after(request.get("NextToken")) or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidNextToken("The specified token isn't valid.")
    return int(text)

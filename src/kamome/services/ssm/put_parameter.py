"""PutParameter: a new parameter, or a new version of one.

AWS: Systems Manager API Reference, PutParameter; User Guide, Managing parameter tiers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kamome.services.ssm import data_types
from kamome.services.ssm.encryption import DEFAULT_KEY, SECURE, sealed
from kamome.services.ssm.errors import (
    HierarchyTypeMismatchException,
    ParameterAlreadyExists,
    ParameterLimitExceeded,
    ParameterMaxVersionLimitExceeded,
    ValidationException,
)
from kamome.services.ssm.expirations import expire_at
from kamome.services.ssm.limits import (
    ADVANCED_PARAMETERS_MAX,
    ADVANCED_VALUE_BYTES_MAX,
    STANDARD_PARAMETERS_MAX,
    STANDARD_VALUE_BYTES_MAX,
    VERSIONS_MAX,
)
from kamome.services.ssm.names import ParameterName, new_name
from kamome.services.ssm.patterns import check_pattern
from kamome.services.ssm.policies import Policy, expires_at_ms, policies_of
from kamome.services.ssm.store import Version
from kamome.services.ssm.tags import checked_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.context import RequestContext
    from kamome.services.ssm import shapes
    from kamome.services.ssm.slice import Ssm

_STANDARD, _ADVANCED, _INTELLIGENT = "Standard", "Advanced", "Intelligent-Tiering"
_TIERS_PAGE = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
    "parameter-store-advanced-parameters.html"
)


class _Settings(NamedTuple):
    """What a version has besides its value."""

    type: str
    data_type: str
    tier: str
    key_id: str
    description: str
    allowed_pattern: str
    policies: Sequence[Policy]


async def put_parameter(
    ssm: Ssm, ctx: RequestContext, request: shapes.PutParameterRequest
) -> shapes.PutParameterResult:
    """Keep a value under a name; with `Overwrite` as the next version of what is there.

    Type, data type, description, pattern, policies and an advanced tier stay as they were where an
    update does not name them. The latest 100 versions are kept. Durable on return.

    Raises:
        ValidationException: name, value, type or tier is none that may be.
        AccessDeniedException, HierarchyLevelLimitExceededException: as `new_name`.
        ParameterAlreadyExists: there is one, and no `Overwrite`.
        HierarchyTypeMismatchException: an update names another type.
        InvalidAllowedPatternException, ParameterPatternMismatchException: as `check_pattern`.
        InvalidKeyId: KMS refuses the key.
        ParameterLimitExceeded: the account has as many as it may have.
        ParameterMaxVersionLimitExceeded: the oldest of 100 versions has a label.
        TooManyTagsError: over 50 tags.

    AWS: Systems Manager API Reference, PutParameter.
    """
    name = new_name(ctx, request["Name"])
    tags = _new_tags(request)
    _check_text(request["Value"])
    settings = _settings(ssm.store.latest(name), request)
    _check_size(request["Value"], settings.tier)
    data_types.check_value(settings.data_type, settings.type, request["Value"])
    if settings.allowed_pattern:
        await check_pattern(settings.allowed_pattern, request["Value"])
        # Others may have put it meanwhile.
        settings = _settings(ssm.store.latest(name), request)
    value = request["Value"]
    if settings.type == SECURE:
        value = sealed(ssm, ctx, name, settings.key_id, value)
    number = _keep(ssm, ctx, name, settings, value, tags=tags)
    return {"Version": number, "Tier": settings.tier}


def _keep(
    ssm: Ssm,
    ctx: RequestContext,
    name: ParameterName,
    settings: _Settings,
    value: str,
    *,
    tags: dict[str, str],
) -> int:
    latest = ssm.store.latest(name)
    number = 1 if latest is None else latest.version + 1
    if latest is None or latest.tier != settings.tier:
        _check_count(ssm, name, settings.tier)
    expiry = expires_at_ms(settings.policies)
    with ssm.store.atomic():
        if latest is not None:
            _make_room(ssm, name)
        version = Version(name, number, *settings, ssm.clock.now_ms(), ctx.principal, value)
        before = ssm.store.expiry(name)
        ssm.store.put(version, expiry, tags)
        if expiry is not None and expiry != before:
            expire_at(ssm, name, expiry, ctx.trace)
    return number


def _settings(latest: Version | None, request: shapes.PutParameterRequest) -> _Settings:
    if latest is not None and not request.get("Overwrite", False):
        raise ParameterAlreadyExists(
            "The parameter already exists. To overwrite this value, set the overwrite option in the"
            " request to true."
        )
    type_ = _type(latest, request)
    before = latest or _nothing(type_)
    if request.get("KeyId") and type_ != SECURE:
        raise ValidationException("KeyId is required for SecureString type parameter only.")
    data_type = request.get("DataType") or before.data_type
    if latest is not None:
        data_types.check_change(latest.data_type, data_type)
    policies = before.policies
    if "Policies" in request:
        policies = policies_of(request["Policies"])
    return _Settings(
        type=type_,
        data_type=data_type,
        tier=_tier(latest, request, has_policies=bool(policies)),
        key_id=request.get("KeyId") or DEFAULT_KEY if type_ == SECURE else "",
        description=request.get("Description", before.description),
        allowed_pattern=request.get("AllowedPattern", before.allowed_pattern),
        policies=policies,
    )


def _nothing(type_: str) -> _Settings:
    return _Settings(type_, data_types.TEXT, _STANDARD, "", "", "", ())


def _type(latest: Version | None, request: shapes.PutParameterRequest) -> str:
    if latest is None:
        if "Type" not in request:
            raise ValidationException("A parameter type is required when you create a parameter.")
        return request["Type"]
    type_ = request.get("Type", latest.type)
    if type_ != latest.type:
        raise HierarchyTypeMismatchException(
            "Parameter Store doesn't support changing a parameter type in a hierarchy. For example,"
            " you can't change a parameter from a String type to a SecureString type. You must"
            " create a new, unique parameter."
        )
    return type_


def _tier(
    latest: Version | None, request: shapes.PutParameterRequest, *, has_policies: bool
) -> str:
    asked = request.get("Tier")
    is_advanced = latest is not None and latest.tier == _ADVANCED
    if asked == _INTELLIGENT:
        needs = has_policies or len(request["Value"].encode()) > STANDARD_VALUE_BYTES_MAX
        return _ADVANCED if is_advanced or needs else _STANDARD
    if is_advanced and asked == _STANDARD:
        raise ValidationException(
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from"
            " the advanced-parameter tier to the standard-parameter tier. If necessary, you can"
            " delete the advanced parameter and recreate it as a standard parameter."
        )
    if is_advanced or asked == _ADVANCED:
        return _ADVANCED
    if has_policies:
        raise ValidationException(
            "Standard tier parameters can't have policies. To use policies, upgrade the parameter"
            f" to use the advanced-parameter tier. For more information, see {_TIERS_PAGE}"
        )
    return _STANDARD


def _check_text(value: str) -> None:
    if not value:
        raise ValidationException(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member"
            " must have length greater than or equal to 1"
        )
    if "{{" in value and "}}" in value:
        raise ValidationException(
            'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.'
        )


def _check_size(value: str, tier: str) -> None:
    is_standard = tier == _STANDARD
    most = STANDARD_VALUE_BYTES_MAX if is_standard else ADVANCED_VALUE_BYTES_MAX
    if len(value.encode()) <= most:
        return
    advice = (
        " To create a larger parameter value, upgrade the parameter to use the advanced-parameter"
        f" tier. For more information, see {_TIERS_PAGE}"
    )
    raise ValidationException(
        f"{tier} tier parameters support a maximum parameter value of {most} characters."
        f"{advice if is_standard else ''}"
    )


def _check_count(ssm: Ssm, name: ParameterName, tier: str) -> None:
    most = STANDARD_PARAMETERS_MAX if tier == _STANDARD else ADVANCED_PARAMETERS_MAX
    if ssm.store.parameter_count(name.account, name.region, tier) >= most:
        raise ParameterLimitExceeded(
            f"You have exceeded the number of {tier} parameters for this account: {most}. Delete"
            " one or more parameters and try again."
        )


def _make_room(ssm: Ssm, name: ParameterName) -> None:
    """The oldest of 100 versions goes; labels hold it back."""
    if ssm.store.version_count(name) < VERSIONS_MAX:
        return
    oldest = ssm.store.oldest(name)
    if oldest in ssm.store.labels(name).values():
        raise ParameterMaxVersionLimitExceeded(
            f"You attempted to create a new version of {name.name} by calling the PutParameter API"
            f" with the overwrite flag. Version {oldest}, the oldest version, can't be deleted"
            " because it has a label associated with it. Move the label to another version of the"
            " parameter, and try again."
        )
    ssm.store.forget_version(name, oldest)


def _new_tags(request: shapes.PutParameterRequest) -> dict[str, str]:
    tags = request.get("Tags", ())
    if tags and request.get("Overwrite", False):
        raise ValidationException(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with"
            " tags, please remove overwrite flag. To update tags for an existing parameter, please"
            " use AddTagsToResource or RemoveTagsFromResource."
        )
    return checked_tags({}, tags)

"""How parameters are named: by name, by ARN, and with a version or a label behind.

AWS: Systems Manager User Guide, Requirements and constraints for parameter names; API Reference,
PutParameter (Name), GetParameter (Name).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.ssm.errors import (
    AccessDeniedException,
    HierarchyLevelLimitExceededException,
    ParameterNotFound,
    ValidationException,
)
from kamome.services.ssm.limits import ARN_CHARACTERS_MAX, HIERARCHY_LEVELS_MAX

_NAME = re.compile(r"[a-zA-Z0-9_.-]+|(?:/[a-zA-Z0-9_.-]+)+")
_PART_OF_A_PATH = re.compile(r"[a-zA-Z0-9_./-]+")
_PATH = re.compile(r"/|(?:/[a-zA-Z0-9_.-]+)+/?")
_REQUIREMENTS = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can'
    " consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of"
    " letters, numbers and the following 3 symbols .-_"
)
_PATH_REQUIREMENTS = (
    "The parameter doesn't meet the parameter name requirements. The parameter name must begin with"
    ' a forward slash "/". It can\'t be prefixed with \\"aws\\" or \\"ssm\\" (case-insensitive). It'
    " must use only letters, numbers, or the following symbols: . (period), - (hyphen),"
    " _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the"
    ' forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.'
)


class ParameterName(NamedTuple):
    """A parameter of an account and Region."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """`arn:aws:ssm:REGION:ACCOUNT:parameter/NAME`; a path's first slash is the ARN's."""
        return f"arn:aws:ssm:{self.region}:{self.account}:parameter/{self.name.removeprefix('/')}"


class Selected(NamedTuple):
    """What a caller asks for: a parameter, and after a colon a version or a label of it.

    `others` are names that the same ARN may mean: it does not tell `a` from `/a`.
    """

    names: tuple[ParameterName, ...]
    selector: str

    @property
    def version(self) -> int | None:
        """The version that the selector means, None where it is a label or empty."""
        is_number = self.selector.isascii() and self.selector.isdigit()
        return int(self.selector) if is_number and len(self.selector) < 19 else None

    @property
    def shown_selector(self) -> str:
        """As answers show it: with the colon."""
        return f":{self.selector}" if self.selector else ""


def new_name(ctx: RequestContext, text: str) -> ParameterName:
    """The name under which a parameter is put.

    Raises:
        ValidationException: it has characters that a name cannot have, is too long, begins with
            `ssm`, or has levels and no slash in front.
        AccessDeniedException: it begins with `aws`.
        HierarchyLevelLimitExceededException: it has more than 15 levels.

    AWS: API Reference, PutParameter, Name.
    """
    name = own_name(ctx, text)
    first = name.name.lstrip("/").lower()
    if first.startswith("aws"):
        raise AccessDeniedException(f"No access to reserved parameter name: {name.name}.")
    if first.startswith("ssm"):
        raise ValidationException(_REQUIREMENTS)
    if len(name.arn) > ARN_CHARACTERS_MAX:
        raise ValidationException(
            f"Parameter name is too long: with its ARN it may have {ARN_CHARACTERS_MAX} characters."
        )
    if name.name.count("/") > HIERARCHY_LEVELS_MAX:
        raise HierarchyLevelLimitExceededException(
            f"Parameter name {name.name} has too many levels: a hierarchy can have a maximum of"
            f" {HIERARCHY_LEVELS_MAX}."
        )
    return name


def own_name(ctx: RequestContext, text: str) -> ParameterName:
    """The caller's own parameter of that name, where no ARN, version or label is taken.

    Raises:
        ValidationException: it cannot be a name.

    AWS: API Reference, DeleteParameter, Name.
    """
    name = text.strip(" ")
    if not _NAME.fullmatch(name):
        if _PART_OF_A_PATH.fullmatch(name) and not name.startswith("/") and "//" not in name:
            raise ValidationException("Parameter name must be a fully qualified name.")
        raise ValidationException(_REQUIREMENTS)
    return ParameterName(ctx.account, ctx.region, name)


def selected(ctx: RequestContext, text: str) -> Selected:
    """What `name`, `name:version`, `name:label` or an ARN with them asks for.

    Raises:
        ValidationException: it cannot be a name, or is another ARN.
        AccessDeniedException: the ARN is of another account.
        ParameterNotFound: the ARN is of another Region.

    AWS: API Reference, GetParameter, Name.
    """
    text = text.strip(" ")
    if text.startswith("arn:"):
        return _selected_by_arn(ctx, text)
    name, _, selector = text.partition(":")
    return Selected((own_name(ctx, name),), selector)


def _selected_by_arn(ctx: RequestContext, text: str) -> Selected:
    arn = parse_arn(text)
    resource, _, selector = ("" if arn is None else arn.resource).partition(":")
    if arn is None or arn.service != "ssm" or not resource.startswith("parameter/"):
        raise ValidationException(f"Invalid parameter ARN: {text}")
    if arn.account != ctx.account:
        raise AccessDeniedException(
            f"User: {ctx.principal} is not authorized to access parameter: {text}"
        )
    if arn.region != ctx.region:
        raise ParameterNotFound
    path = resource.removeprefix("parameter")
    texts = [path] if "/" in path[1:] else [path[1:], path]
    if not all(_NAME.fullmatch(name) for name in texts):
        raise ValidationException(_REQUIREMENTS)
    return Selected(tuple(ParameterName(arn.account, arn.region, each) for each in texts), selector)


def folder_of(path: str) -> str:
    """What the names below a path begin with: the path with a slash behind.

    Raises:
        ValidationException: it is no path.

    AWS: API Reference, GetParametersByPath, Path.
    """
    path = path.strip(" ")
    if not _PATH.fullmatch(path):
        raise ValidationException(_PATH_REQUIREMENTS)
    return path if path.endswith("/") else f"{path}/"

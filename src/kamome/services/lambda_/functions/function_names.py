"""Function names in every form that the API takes, and the ARNs made from them.

`my-function`, `my-function:qualifier`, `123456789012:function:my-function`,
`function:my-function`, and the full ARN with or without a qualifier.

AWS: Lambda API Reference, Invoke (FunctionName, Name formats).
"""

from __future__ import annotations

import re

import msgspec

from kamome.context import RequestContext
from kamome.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
    constraint,
)
from kamome.services.lambda_.limits import FUNCTION_ARN_MAX, FUNCTION_NAME_MAX

LATEST = "$LATEST"
# As the model of the API has it (FunctionName), which is what AWS prints.
_PRINTED_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)


class FunctionName(msgspec.Struct, frozen=True):
    """A function as named by a caller, in its account and Region. `qualifier` may be empty."""

    account: str
    region: str
    name: str
    qualifier: str = ""

    @property
    def arn(self) -> str:
        """ARN of the function, without the qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def qualified_name(self) -> str:
        """Name and qualifier, where there is one: `name:live`."""
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name

    @property
    def qualified_arn(self) -> str:
        """ARN as named: with the qualifier where there is one."""
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn


def parse_function_name(
    ctx: RequestContext, text: str, qualifier: str | None = None, *, member: str = "functionName"
) -> FunctionName:
    """The function that `text` and the separate `Qualifier` name together.

    Raises:
        ValidationException: it is no function name, or too long.
        InvalidParameterValueException: both carry a qualifier, and they differ.
        ResourceNotFoundException: an ARN of another Region.
        AccessDeniedException: an ARN of another account.
    """
    found = _NAME.fullmatch(text)
    if found is None:
        raise constraint(
            text, member, f"Member must satisfy regular expression pattern: {_PRINTED_PATTERN}"
        )
    _check_length(text, found["name"], member)
    named = FunctionName(
        found["account"] or ctx.account,
        found["region"] or ctx.region,
        found["name"],
        _qualifier(found["qualifier"] or "", qualifier or ""),
    )
    if named.region != ctx.region:
        raise ResourceNotFoundException(
            f"Functions from '{named.region}' are not reachable in this region ('{ctx.region}')"
        )
    if named.account != ctx.account:
        raise AccessDeniedException(
            f"User: {ctx.principal} is not authorized to access this resource: {named.arn}"
        )
    return named


def parse_function_arn(arn: str) -> FunctionName | None:
    """The function of a full ARN in any account and Region, or None where it is not one."""
    found = _NAME.fullmatch(arn)
    if found is None or not arn.startswith("arn:") or not found["region"] or not found["account"]:
        return None
    return FunctionName(found["account"], found["region"], found["name"], found["qualifier"] or "")


def function_not_found(named: FunctionName) -> ResourceNotFoundException:
    """`Function not found: arn:…`."""
    return ResourceNotFoundException(f"Function not found: {named.qualified_arn}")


def functions_only() -> InvalidParameterValueException:
    """The refusal of what can be done to a function, and not to a version or an alias."""
    return InvalidParameterValueException(
        "This operation is permitted on Lambda functions only. Aliases and versions do not"
        " support this operation. Please specify either a function name or an unqualified"
        " function ARN."
    )


def _check_length(text: str, name: str, member: str) -> None:
    if len(text) > FUNCTION_ARN_MAX:
        words = f"Member must have length less than or equal to {FUNCTION_ARN_MAX}"
        raise constraint(text, member, words)
    if len(name) > FUNCTION_NAME_MAX:
        words = f"Member must have length less than or equal to {FUNCTION_NAME_MAX}"
        raise constraint(name, member, words)


def _qualifier(in_name: str, separate: str) -> str:
    if in_name and separate and in_name != separate:
        raise InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return in_name or separate

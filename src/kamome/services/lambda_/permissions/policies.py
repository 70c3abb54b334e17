"""A function's resource-based policy: one statement per permission.

AWS: Lambda Developer Guide, Viewing resource-based IAM policies in Lambda; Lambda API Reference,
AddPermission.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import orjson

from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.limits import POLICY_BYTES_MAX

if TYPE_CHECKING:
    from kamome.services.lambda_ import shapes

Statement: TypeAlias = Mapping[str, object]

_ACCOUNT = re.compile(r"\d{12}")
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)")
_ARN = re.compile(r"arn:aws[a-zA-Z-]*:(?:iam|sts)::\d{12}:.+")
_INVOKE_FUNCTION_URL = "lambda:InvokeFunctionUrl"
_INVOKING = frozenset({"lambda:InvokeFunction", "lambda:*", "*"})
_INVOKING_URL = frozenset({_INVOKE_FUNCTION_URL, "lambda:*", "*"})
_VIA_URL = "lambda:InvokedViaFunctionUrl"
_URL_AUTH_TYPE = "lambda:FunctionUrlAuthType"


def new_statement(request: shapes.AddPermissionRequest, function_arn: str) -> Statement:
    """The statement that AddPermission adds.

    Raises:
        InvalidParameterValueException: the principal is none, or FunctionUrlAuthType is given for
            another action than `lambda:InvokeFunctionUrl`.
    """
    if "FunctionUrlAuthType" in request and request["Action"] != _INVOKE_FUNCTION_URL:
        raise InvalidParameterValueException(
            f"FunctionUrlAuthType is only supported for {_INVOKE_FUNCTION_URL} action"
        )
    statement: dict[str, object] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": function_arn,
    }
    equal = {
        key: request[member]  # type: ignore[literal-required]  # the keys are members of the shape
        for member, key in _STRING_CONDITIONS.items()
        if member in request
    }
    condition: dict[str, object] = {}
    if equal:
        condition["StringEquals"] = equal
    if "SourceArn" in request:
        condition["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    if "InvokedViaFunctionUrl" in request:
        value = "true" if request["InvokedViaFunctionUrl"] else "false"
        condition["Bool"] = {_VIA_URL: value}
    if condition:
        statement["Condition"] = condition
    return statement


def layer_statement(request: shapes.AddLayerVersionPermissionRequest, layer_arn: str) -> Statement:
    """The statement that AddLayerVersionPermission adds.

    AWS: Lambda API Reference, AddLayerVersionPermission.
    """
    principal = request["Principal"]
    statement: dict[str, object] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": principal if principal == "*" else _principal(principal),
        "Action": request["Action"],
        "Resource": layer_arn,
    }
    if "OrganizationId" in request:
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": request["OrganizationId"]}}
    return statement


def allows_account(statements: Sequence[Statement], account: str) -> bool:
    """Whether another account may use a layer version. Accounts here are of no organization.

    AWS: Lambda Developer Guide, Sharing layers with other accounts.
    """
    return any(
        _names_account(statement["Principal"], account) and not statement.get("Condition")
        for statement in statements
    )


def with_statement(statements: Sequence[Statement], added: Statement) -> list[Statement]:
    """The policy's statements with one more.

    Raises:
        ResourceConflictException: the statement id is taken.
        PolicyLengthExceededException: the policy would pass 20 KB.
    """
    if any(statement["Sid"] == added["Sid"] for statement in statements):
        raise ResourceConflictException(
            f"The statement id ({added['Sid']}) provided already exists. Please provide a new"
            " statement id, or remove the existing statement."
        )
    grown = [*statements, added]
    size = len(policy_document(grown))
    if size > POLICY_BYTES_MAX:
        raise PolicyLengthExceededException(
            f"The final policy size ({size}) is bigger than the limit ({POLICY_BYTES_MAX})."
        )
    return grown


def without_statement(statements: Sequence[Statement], statement_id: str) -> list[Statement]:
    """The policy's statements with one less.

    Raises:
        ResourceNotFoundException: there is no such statement.
    """
    kept = [statement for statement in statements if statement["Sid"] != statement_id]
    if len(kept) == len(statements):
        raise ResourceNotFoundException(
            f"Statement {statement_id} is not found in resource policy."
        )
    return kept


def policy_document(statements: Sequence[Statement]) -> str:
    """The policy as GetPolicy shows it."""
    document = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements)}
    return orjson.dumps(document).decode()


def allows_service(
    statements: Sequence[Statement], service: str, *, source_arn: str, source_account: str
) -> bool:
    """Whether a service principal (`s3.amazonaws.com`) may invoke on behalf of a resource."""
    return any(
        _names_service(statement["Principal"], service)
        and statement["Action"] in _INVOKING
        and _holds(statement.get("Condition", {}), source_arn, source_account)
        for statement in statements
    )


def allows_url(statements: Sequence[Statement], *, account: str, auth_type: str) -> bool:
    """Whether a caller of an account, or without one, may invoke by a URL of this kind.

    It takes two permissions: `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction`.

    AWS: Lambda Developer Guide, Control access to Lambda function URLs.
    """

    def grants(actions: frozenset[str]) -> bool:
        return any(
            statement["Action"] in actions
            and _names_account(statement["Principal"], account)
            and _holds_for_url(statement.get("Condition", {}), auth_type)
            for statement in statements
        )

    return grants(_INVOKING_URL) and grants(_INVOKING)


def _names_account(principal: object, account: str) -> bool:
    """`*` is everyone; an account is named by its root, which stands for all of its callers."""
    if not isinstance(principal, Mapping):
        return principal == "*"
    return bool(account) and principal.get("AWS") == f"arn:aws:iam::{account}:root"


def _holds_for_url(condition: object, auth_type: str) -> bool:
    """A call by a URL knows these two keys and no other."""
    conditions = cast("Mapping[str, Mapping[str, str]]", condition)
    known = {_URL_AUTH_TYPE: auth_type, _VIA_URL: "true"}
    return all(
        operator in {"StringEquals", "Bool"} and known.get(key) == wanted
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _names_service(principal: object, service: str) -> bool:
    if isinstance(principal, Mapping):
        return principal.get("Service") == service
    return principal == "*"


def _holds(condition: object, source_arn: str, source_account: str) -> bool:
    """An unknown key is not satisfied: a service sends only what is known here."""
    conditions = cast("Mapping[str, Mapping[str, str]]", condition)
    for key, wanted in conditions.get("StringEquals", {}).items():
        if key != "AWS:SourceAccount" or wanted != source_account:
            return False
    if conditions.get("Bool", {}).get(_VIA_URL, "false") != "false":
        return False
    return all(_arn_like(source_arn, wanted) for wanted in conditions.get("ArnLike", {}).values())


def _arn_like(arn: str, pattern: str) -> bool:
    """Each of the six parts may hold `*` and `?`. AWS: IAM User Guide, ARN condition operators."""
    parts, wanted = arn.split(":", 5), pattern.split(":", 5)
    if len(parts) != 6 or len(wanted) != 6:
        return False
    return all(_wild(part, want) for part, want in zip(parts, wanted, strict=True))


def _wild(text: str, pattern: str) -> bool:
    translated = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(translated, text, re.DOTALL) is not None


def _principal(text: str) -> object:
    if text == "*":
        return "*"
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _ARN.fullmatch(text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again."
    )


_STRING_CONDITIONS: Mapping[str, str] = {
    "SourceAccount": "AWS:SourceAccount",
    "EventSourceToken": "lambda:EventSourceToken",
    "FunctionUrlAuthType": "lambda:FunctionUrlAuthType",
    "PrincipalOrgID": "aws:PrincipalOrgID",
}

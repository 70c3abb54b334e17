"""The policy of a form: what may be uploaded with it, how large, until when.

AWS: S3 API Reference, POST Policy (Expiration, Condition Matching, Conditions, Character Escaping).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
import orjson

from kamome.services.s3.edge.edge_errors import InvalidPolicyDocument, PolicyDenied
from kamome.services.s3.limits import PUT_BYTES_MAX

# Fields that no condition needs to name. AWS: POST Policy, Conditions.
_FREE = frozenset(("x-amz-signature", "awsaccesskeyid", "signature", "policy", "file"))
_IGNORED = "x-ignore-"
# `\$` stands for a dollar sign, which JSON does not know. AWS: POST Policy, Character Escaping.
_DOLLAR = re.compile(rb"(?<!\\)((?:\\\\)*)\\\$")
_RANGE = "content-length-range"
_CONDITION_TERMS = 3


class FileSizes(msgspec.Struct, frozen=True):
    """How long the file may be, both included."""

    bytes_min: int = 0
    bytes_max: int = PUT_BYTES_MAX


def check_form(
    policy: str, fields: Mapping[str, str], bucket: str, now_ms: Sequence[int]
) -> FileSizes:
    """Whether a form keeps to its policy, which is base64 of JSON; how long its file may be.

    `fields` are those of the form by lower-case name, with the file's name put into the key; the
    policy is in time if it is for any moment of `now_ms`.

    Raises:
        InvalidPolicyDocument: it does not read.
        PolicyDenied: it has expired, a condition does not hold, or a field is in no condition.

    AWS: S3 API Reference, POST Policy.
    """
    document = _document(policy)
    expires_ms = _expiration_ms(document)
    if all(now > expires_ms for now in now_ms):
        raise PolicyDenied("Policy expired.")
    conditions = document.get("conditions")
    if not isinstance(conditions, list):
        raise InvalidPolicyDocument("Policy missing conditions.")
    values = {**fields, "bucket": bucket}
    named: set[str] = set()
    sizes = FileSizes()
    for condition in conditions:
        for operator, field, value in _terms(condition):
            if operator == _RANGE:
                sizes = _sizes(condition)
                continue
            name = field.removeprefix("$").lower()
            named.add(name)
            if not _holds(operator, name, values.get(name, ""), value):
                raise PolicyDenied(
                    f"Policy Condition failed: {orjson.dumps([operator, field, value]).decode()}"
                )
    extra = sorted(name for name in fields.keys() - named - _FREE if not name.startswith(_IGNORED))
    if extra:
        raise PolicyDenied(f"Extra input fields: {', '.join(extra)}")
    return sizes


def _document(policy: str) -> Mapping[str, object]:
    try:
        text = base64.b64decode(policy.encode(), validate=False)
        document = orjson.loads(_DOLLAR.sub(rb"\1$", text))
    except (binascii.Error, UnicodeEncodeError, orjson.JSONDecodeError):
        raise InvalidPolicyDocument("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise InvalidPolicyDocument("Invalid JSON.")
    return document


def _expiration_ms(document: Mapping[str, object]) -> float:
    text = document.get("expiration")
    if text is None:
        raise InvalidPolicyDocument("Policy missing expiration.")
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise InvalidPolicyDocument(f"Invalid 'expiration' value: '{text}'") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() * 1000


def _terms(condition: object) -> Sequence[tuple[str, str, str]]:
    """A condition as operator, field and value: a list of three, or an object of exact values."""
    if isinstance(condition, dict):
        return [("eq", f"${name}", str(value)) for name, value in condition.items()]
    if not isinstance(condition, list) or len(condition) != _CONDITION_TERMS:
        raise InvalidPolicyDocument("Invalid Simple-Condition: Simple-Conditions must have three.")
    operator = str(condition[0]).lower()
    if operator not in ("eq", "starts-with", _RANGE):
        raise InvalidPolicyDocument(f"Invalid Simple-Condition: unknown operation '{operator}'.")
    return [(operator, str(condition[1]), str(condition[2]))]


def _sizes(condition: object) -> FileSizes:
    assert isinstance(condition, list)
    try:
        return FileSizes(int(condition[1]), min(int(condition[2]), PUT_BYTES_MAX))
    except (TypeError, ValueError):
        raise InvalidPolicyDocument("Invalid content-length-range.") from None


def _holds(operator: str, name: str, sent: str, value: str) -> bool:
    if operator == "eq":
        return sent == value
    if name == "content-type":
        # Of several types, each must begin so. AWS: POST Policy, Condition Matching.
        return all(each.strip().startswith(value) for each in sent.split(","))
    return sent.startswith(value)

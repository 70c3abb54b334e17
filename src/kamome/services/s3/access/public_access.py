"""What a bucket's policy says of anybody, as far as it can be told without IAM.

Only a statement without conditions grants; a denial counts whatever its conditions are, as they
cannot be weighed here. So less is public than AWS would find, and never more.

AWS: S3 User Guide, Setting permissions for website access.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

_READ = "s3:GetObject"


def is_readable_by_all(policy: str, object_arn: str) -> bool:
    """Whether everybody may read the object, by a policy in JSON (empty: there is none).

    AWS: S3 User Guide, Setting permissions for website access, Step 2.
    """
    if not policy:
        return False
    found = orjson.loads(policy).get("Statement", ())
    statements = found if isinstance(found, list) else [found]
    about = [each for each in statements if _is_about(each, object_arn)]
    is_denied = any(each.get("Effect") == "Deny" for each in about)
    return not is_denied and any(_grants(each) for each in about)


def _grants(statement: Mapping[str, object]) -> bool:
    is_for_all = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    return statement.get("Effect") == "Allow" and is_for_all and not statement.get("Condition")


def _is_about(statement: Mapping[str, object], object_arn: str) -> bool:
    """Statements by `NotAction` or `NotResource` are about everything else."""
    return _names(statement, "Action", _READ) and _names(statement, "Resource", object_arn)


def _names(statement: Mapping[str, object], element: str, value: str) -> bool:
    is_action = element == "Action"
    if element in statement:
        return _any_matches(statement[element], value, is_action=is_action)
    return not _any_matches(statement.get(f"Not{element}"), value, is_action=is_action)


def _any_matches(patterns: object, value: str, *, is_action: bool) -> bool:
    listed = patterns if isinstance(patterns, list) else [patterns]
    flags = re.DOTALL | (re.IGNORECASE if is_action else 0)
    return any(
        re.fullmatch(_expression(str(pattern)), value, flags) is not None for pattern in listed
    )


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")

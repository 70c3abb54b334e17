"""What STS says of a principal: its account, ARN and unique id.

AWS: IAM User Guide, IAM policy elements: variables and tags (the aws:userid column of the principal
table); IAM identifiers (unique identifiers).
"""

from __future__ import annotations

import base64
import hashlib

from kamome.arn import Arn, parse_arn

# AWS: IAM User Guide, IAM identifiers: prefix of a user's, of a role's unique id.
_USER_PREFIX = "AIDA"
_ROLE_PREFIX = "AROA"
# The prefix and these make the 21 characters of AWS's ids.
_ID_CHARACTERS = 17


def user_id(principal: str, account: str) -> str:
    """The unique id of a principal, given its ARN.

    The account's root has the account id; a role session has the role's id, a colon and the name
    of the session; a user has an id of its own. Ids are derived from the ARN, so that they are the
    same on each call and for each server.

    AWS: STS API Reference, GetCallerIdentity (UserId).
    """
    arn = parse_arn(principal)
    if arn is None or arn.resource == "root":
        return account
    kind, _, name = arn.resource.partition("/")
    if kind == "assumed-role":
        role, _, session = name.partition("/")
        role_arn = Arn(arn.partition, "iam", "", arn.account, f"role/{role}")
        return f"{_unique_id(_ROLE_PREFIX, role_arn)}:{session}"
    if kind == "federated-user":
        return f"{account}:{name}"
    return _unique_id(_USER_PREFIX, arn)


def _unique_id(prefix: str, arn: Arn) -> str:
    digest = hashlib.sha256(str(arn).encode()).digest()
    return prefix + base64.b32encode(digest).decode()[:_ID_CHARACTERS]

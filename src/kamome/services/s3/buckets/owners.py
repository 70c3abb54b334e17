"""Canonical user ids: S3's own name of an account. AWS gives each a random one; ours follow from
the account, so that they stay the same across data directories.

AWS: S3 User Guide, Access control list overview, Who is a grantee.
"""

from __future__ import annotations

import base64
import hashlib
import re

from kamome.services.s3.errors import InvalidBucketOwnerAWSAccountID

_ACCOUNT_ID = re.compile(r"\d{12}")


def canonical_user_id(account: str) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(f"canonical user {account}".encode()).hexdigest()


def principal_id(account: str) -> str:
    """The older customer id, such as `A3NL1KOZZKExample`, that events show as `ownerIdentity`."""
    digest = hashlib.sha256(f"customer {account}".encode()).digest()
    return "A" + base64.b32encode(digest).decode()[:13]


def check_account_id(expected: str) -> None:
    """`x-amz-expected-bucket-owner` must be twelve digits.

    Raises:
        InvalidBucketOwnerAWSAccountID: it is not.

    AWS: S3 User Guide, Verifying bucket ownership with bucket owner condition.
    """
    if _ACCOUNT_ID.fullmatch(expected) is None:
        raise InvalidBucketOwnerAWSAccountID

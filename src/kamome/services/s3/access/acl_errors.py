"""Errors of access control lists.

AWS: S3 API Reference, Error responses, List of error codes.
"""

from __future__ import annotations

from kamome.errors import AwsError


class InvalidBucketAclWithBlockPublicAccessError(AwsError):
    """A new bucket asks for a public ACL, and new buckets block those."""

    def __init__(self) -> None:
        super().__init__("Bucket cannot have public ACLs set with BlockPublicAccess enabled")


class MalformedACLError(AwsError):
    """The document is no access control policy."""

    def __init__(self) -> None:
        super().__init__(
            "The XML you provided was not well-formed or did not validate against our published"
            " schema"
        )


class MissingSecurityHeader(AwsError):
    """A PUT of an ACL brings none."""

    def __init__(self) -> None:
        super().__init__(
            "Your request was missing a required header", {"MissingHeaderName": "x-amz-acl"}
        )


class UnexpectedContent(AwsError):
    """An ACL comes in headers and in a document."""

    def __init__(self) -> None:
        super().__init__("This request contains unsupported content.")


class UnresolvableGrantByEmailAddress(AwsError):
    """No account is found by that address; here none ever is."""

    def __init__(self, address: str) -> None:
        super().__init__(
            "The e-mail address you provided does not match any account on record.",
            {"EmailAddress": address},
        )

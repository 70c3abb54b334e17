"""Errors of what browsers send: preflight requests, forms, and pages of a website.

AWS: S3 API Reference, Error responses, List of error codes.
"""

from __future__ import annotations

from kamome.errors import AwsError


class AccessForbidden(AwsError):
    """The bucket's CORS configuration does not allow the request. AWS: S3 User Guide, CORS."""

    status = 403

    def __init__(self, sentence: str, method: str, resource_type: str) -> None:
        super().__init__(
            f"CORSResponse: {sentence}", {"Method": method, "ResourceType": resource_type}
        )


class BadRequest(AwsError):
    """A preflight request lacks what it asks about."""


class EntityTooSmall(AwsError):
    """The file of a form is shorter than its policy allows."""

    def __init__(self, proposed: int, allowed: int) -> None:
        super().__init__(
            "Your proposed upload is smaller than the minimum allowed size",
            {"ProposedSize": proposed, "MinSizeAllowed": allowed},
        )


class IncorrectNumberOfFilesInPostRequest(AwsError):
    """A form brings exactly one file."""

    def __init__(self) -> None:
        super().__init__("POST requires exactly one file upload per request.")


class InvalidPolicyDocument(AwsError):
    """The policy of a form does not read."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"Invalid Policy: {sentence}")


class MalformedPOSTRequest(AwsError):
    """The body is no `multipart/form-data`."""

    def __init__(self) -> None:
        super().__init__("The body of your POST request is not well-formed multipart/form-data.")


class MaxPostPreDataLengthExceededError(AwsError):
    """The fields before the file take more than 20 KB."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(
            "Your POST request fields preceding the upload file were too large.",
            {"MaxPostPreDataLengthBytes": bytes_max},
        )


class MethodNotAllowed(AwsError):
    """The resource does not have this method; a website has GET and HEAD only."""

    status = 405

    def __init__(self, method: str, resource_type: str) -> None:
        super().__init__(
            "The specified method is not allowed against this resource.",
            {"Method": method, "ResourceType": resource_type},
        )


class PolicyDenied(AwsError):
    """What the form sends is not what its policy allows."""

    code = "AccessDenied"
    status = 403

    def __init__(self, sentence: str) -> None:
        super().__init__(f"Invalid according to Policy: {sentence}")

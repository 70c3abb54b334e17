"""What KMS refuses, in S3's words: KMS's own code behind the prefix `KMS.`.

AWS: S3 API Reference, Error responses, List of error codes (KMS.*).
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.errors import AwsError


class KmsDisabledException(AwsError):
    """The key is disabled."""

    code = "KMS.DisabledException"


class KmsInvalidArnException(AwsError):
    """The key's ARN is none, or of another Region."""

    code = "KMS.InvalidArnException"


class KmsInvalidCiphertextException(AwsError):
    """The data key cannot be opened with what is kept of its context."""

    code = "KMS.InvalidCiphertextException"


class KmsInvalidKeyUsageException(AwsError):
    """The key is not one for symmetric encryption."""

    code = "KMS.InvalidKeyUsageException"


class KmsInvalidStateException(AwsError):
    """The key is pending deletion, or its material is missing."""

    code = "KMS.KMSInvalidStateException"


class KmsNotFoundException(AwsError):
    """There is no such key or alias."""

    code = "KMS.NotFoundException"


class KmsValidationException(AwsError):
    """The name of the key has no form of one."""

    code = "KMS.ValidationException"


# By KMS's code; what is not here is no mistake of the caller's.
KMS_ERRORS: Mapping[str, type[AwsError]] = {
    error.code.removeprefix("KMS."): error
    for error in (
        KmsDisabledException,
        KmsInvalidArnException,
        KmsInvalidCiphertextException,
        KmsInvalidKeyUsageException,
        KmsInvalidStateException,
        KmsNotFoundException,
        KmsValidationException,
    )
}

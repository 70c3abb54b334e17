"""Errors of KMS, named exactly like AWS's codes.

AWS: KMS API Reference, the Errors of each operation; Common Errors.
"""

from __future__ import annotations

from kamome.errors import AwsError


class ValidationException(AwsError):
    """A member does not keep to the model's constraints, or members do not fit together.

    AWS: KMS API Reference, Common Errors.
    """


class AccessDeniedException(AwsError):
    """The key is another account's, or one that AWS manages. AWS: Common Errors."""


class AlreadyExistsException(AwsError):
    """The alias exists. AWS: CreateAlias."""


class DisabledException(AwsError):
    """The key is not enabled. AWS: Key states of AWS KMS keys."""


class DryRunOperationException(AwsError):
    """The request asked for a dry run, and would have succeeded. AWS: Encrypt."""


class ExpiredImportTokenException(AwsError):
    """The import token is older than 24 hours. AWS: ImportKeyMaterial."""


class IncorrectKeyMaterialException(AwsError):
    """The key material is not what the key needs, or had. AWS: ImportKeyMaterial."""


class InvalidImportTokenException(AwsError):
    """The import token is none of ours, or another key's. AWS: ImportKeyMaterial."""


class IncorrectKeyException(AwsError):
    """The named key is not the one that the ciphertext was made with. AWS: Decrypt."""


class InvalidAliasNameException(AwsError):
    """The alias name is not valid. AWS: CreateAlias."""


class InvalidArnException(AwsError):
    """An ARN is not one, or not of a kind that the operation takes. AWS: DescribeKey."""


class InvalidCiphertextException(AwsError):
    """The ciphertext or its encryption context is not what it was. AWS: Decrypt."""


class InvalidGrantIdException(AwsError):
    """The grant id is not valid. AWS: ListGrants."""


class InvalidGrantTokenException(AwsError):
    """The grant token is not valid. AWS: RetireGrant."""


class InvalidKeyUsageException(AwsError):
    """The key is not made for the operation or its algorithm. AWS: Encrypt."""


class InvalidMarkerException(AwsError):
    """The marker is not one that a list gave out. AWS: ListKeys."""


class KMSInternalException(AwsError):
    """Key material cannot be read. AWS: Encrypt."""

    status = 500
    fault = "Receiver"


class KMSInvalidMacException(AwsError):
    """The HMAC does not belong to the message. AWS: VerifyMac."""


class KMSInvalidSignatureException(AwsError):
    """The signature does not belong to the message. AWS: Verify."""


class KMSInvalidStateException(AwsError):
    """The state of the key does not allow the operation. AWS: Key states of AWS KMS keys."""


class LimitExceededException(AwsError):
    """A length or a quota is exceeded. AWS: KMS Developer Guide, Quotas."""


class MalformedPolicyDocumentException(AwsError):
    """The key policy is no policy. AWS: PutKeyPolicy."""


class NotFoundException(AwsError):
    """The key or alias does not exist. AWS: DescribeKey."""


class TagException(AwsError):
    """A tag is not valid, or there are too many. AWS: TagResource."""


class UnsupportedOperationException(AwsError):
    """The key is of a kind that the operation does not take. AWS: EnableKeyRotation."""


class CustomKeyStoreNotFoundException(AwsError):
    """There is no such custom key store: none can be made here. AWS: CreateKey."""

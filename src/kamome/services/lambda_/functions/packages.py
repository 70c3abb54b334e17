"""Archives of functions and layers: where they come from, and how they are kept.

AWS: Lambda API Reference, FunctionCode; Lambda Developer Guide, Lambda quotas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from kamome.errors import AwsError
from kamome.services.lambda_.errors import (
    CodeStorageExceededException,
    InvalidParameterValueException,
    not_served,
)
from kamome.services.lambda_.functions.code import check_unzipped_size, check_upload, code_sha256
from kamome.services.lambda_.functions.function_configuration import Code
from kamome.services.lambda_.limits import CODE_STORAGE_BYTES_MAX

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_.slice import Lambda
    from kamome.storage.blobs import Blob


async def archive_of(lambda_: Lambda, ctx: RequestContext, source: Mapping[str, object]) -> bytes:
    """The deployment package, or the layer's archive, from the request or from S3.

    Raises:
        InvalidParameterValueException: there is none, it is empty, S3 does not give it, or it is
            an image.
        RequestEntityTooLargeException: a direct upload passes 50 MB.
        OperationNotServed: an encrypted archive.

    AWS: Lambda API Reference, FunctionCode, LayerVersionContentInput.
    """
    if source.get("ImageUri"):
        raise InvalidParameterValueException(
            "Please don't provide ImageUri for a function with packageType Zip."
        )
    if source.get("SourceKMSKeyArn"):
        raise not_served("`SourceKMSKeyArn`")
    if source.get("S3ObjectStorageMode") == "REFERENCE":
        raise not_served("`S3ObjectStorageMode` REFERENCE")
    if source.get("S3Bucket") or source.get("S3Key"):
        if "ZipFile" in source:
            raise InvalidParameterValueException(
                "Please do not provide other FunctionCode parameters when providing a ZipFile."
            )
        return await _archive_in_s3(lambda_, ctx, cast("Mapping[str, str]", source))
    if "ZipFile" not in source:
        raise InvalidParameterValueException("Please provide a source for function code.")
    archive = cast("bytes", source["ZipFile"])
    check_upload(archive)
    return archive


async def _archive_in_s3(lambda_: Lambda, ctx: RequestContext, source: Mapping[str, str]) -> bytes:
    bucket, key = source.get("S3Bucket", ""), source.get("S3Key", "")
    if not bucket or not key:
        raise InvalidParameterValueException("Please provide both S3Bucket and S3Key.")
    try:
        archive = await lambda_.ports.read_object(
            ctx, bucket, key, source.get("S3ObjectVersion", "")
        )
    except AwsError as error:
        raise InvalidParameterValueException(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message:"
            f" {error.message}"
        ) from error
    if not archive:
        raise InvalidParameterValueException("Uploaded file must be a non-empty zip")
    check_unzipped_size(len(archive))
    return archive


async def keep_archive(lambda_: Lambda, archive: bytes) -> tuple[Blob, Code]:
    """Check and unpack the package, and put it on disk. The blob still has to be kept by a row.

    Raises:
        InvalidParameterValueException: see `code.files_of`; or the archive is damaged.

    AWS: Lambda Developer Guide, Lambda quotas (Deployment package).
    """
    sha256 = code_sha256(archive)
    await lambda_.code.unpack(archive, sha256)
    writer = lambda_.blobs.writer()
    try:
        await writer.write(archive)
        blob = await writer.finish()
    except BaseException:
        await writer.abort()
        raise
    return blob, Code(blob.id, sha256, len(archive))


def check_storage(lambda_: Lambda, ctx: RequestContext, more: int) -> None:
    """Refuse what would pass the account's storage in the Region.

    Raises:
        CodeStorageExceededException: it would.

    AWS: Lambda Developer Guide, Lambda quotas (Compute and storage).
    """
    stored = lambda_.store.code_bytes_stored(ctx.account, ctx.region)
    if stored + more > CODE_STORAGE_BYTES_MAX:
        raise CodeStorageExceededException("Code storage limit exceeded.")


def find_code(lambda_: Lambda, sha256: str) -> Code | None:
    """A deployment package by its `CodeSha256`, if any function, version or layer has it.

    AWS: Lambda API Reference, FunctionCodeLocation.
    """
    return (
        lambda_.store.find_code(sha256)
        or lambda_.versions.find_code(sha256)
        or lambda_.layers.find_code(sha256)
    )

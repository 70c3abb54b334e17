"""Digests of documents that come in the body of a request: what the client announced must fit.

Bodies of objects are checked where they arrive (`checksums`); this is for the XML and JSON of all
other operations.

AWS: S3 User Guide, Checking object integrity in Amazon S3; S3 API Reference, DeleteObjects
(Content-MD5), Error responses.
"""

from __future__ import annotations

import hashlib

from kamome.services.s3.bodies.checksums import (
    DIGEST_BYTES,
    check_checksum,
    check_md5,
    checksum_member,
    expected_checksum,
    expected_md5,
    new_digest,
)
from kamome.services.s3.errors import InvalidRequest
from kamome.wire import HttpRequest

_CHECKSUM = "x-amz-checksum-"
_MD5 = "content-md5"
# Operations that ask for a digest, by their query parameter: a body that was damaged on its way
# would delete or expire what it should not.
_NEEDING = frozenset(("delete", "legal-hold", "lifecycle", "object-lock", "retention"))


def check_document(request: HttpRequest, _decoded: dict[str, object]) -> None:
    """Whether a document is the one that its client has sent.

    Raises:
        InvalidDigest, BadDigest: its MD5 is none, or another.
        InvalidRequest: its checksum is none, or several; or it has neither, and needs one.

    AWS: S3 API Reference, Error responses, BadDigest and InvalidDigest.
    """
    if request.is_streamed or request.method not in ("PUT", "POST") or not request.body:
        return
    named = {} if _completes_upload(request) else _named(request)
    if named:
        expected = expected_checksum(named, frozenset())
        digest = new_digest(expected.algorithm)
        digest.update(request.body)
        check_checksum(expected, digest.digest())
    if request.has_header(_MD5):
        md5 = hashlib.md5(request.body, usedforsecurity=False).digest()
        check_md5(expected_md5(request.header(_MD5)), md5)
    elif not named and _needs_digest(request):
        raise InvalidRequest("Missing required header for this request: Content-MD5")


def _named(request: HttpRequest) -> dict[str, object]:
    return {
        checksum_member(algorithm): request.header(_CHECKSUM + algorithm.lower())
        for algorithm in DIGEST_BYTES
        if request.has_header(_CHECKSUM + algorithm.lower())
    }


def _completes_upload(request: HttpRequest) -> bool:
    """The checksum that comes with CompleteMultipartUpload is the object's, not its document's."""
    return request.method == "POST" and any(name == "uploadId" for name, _ in request.query)


def _needs_digest(request: HttpRequest) -> bool:
    if request.has_header("x-amz-trailer"):
        return False  # verified with the body that brought it
    return any(name in _NEEDING for name, _ in request.query)

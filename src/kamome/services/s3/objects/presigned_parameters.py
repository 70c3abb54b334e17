"""What a presigned URL says of an object in its query: S3 takes it as if it came in headers.

SDKs move most `x-amz-` headers into the URLs they sign, so that who uses the URL need not know of
them. S3 takes user-defined metadata and the canned ACL from there. Tags, server-side encryption and
checksums it takes from headers only; in a query they have no effect.

AWS: S3 API Reference, Authenticating requests: using query parameters; Signing and authenticating
REST requests, Query string request authentication alternative.
"""

from __future__ import annotations

from kamome.wire import HttpRequest

_ANY = "x-amz-"
_METADATA = "x-amz-meta-"
_ACL = "x-amz-acl"
_SIGNATURES = frozenset(("x-amz-signature", "signature"))


def add_parameters(request: HttpRequest, decoded: dict[str, object]) -> None:
    """Add metadata and ACL of a presigned URL to the decoded request; headers come first.

    AWS: S3 API Reference, Authenticating requests: using query parameters.
    """
    if request.method not in ("PUT", "POST") or _ANY not in request.raw_query.lower():
        return
    given = {name.lower(): value for name, value in request.query}
    if _SIGNATURES.isdisjoint(given):
        return
    metadata: dict[str, object] = {
        name.removeprefix(_METADATA): value
        for name, value in given.items()
        if name.startswith(_METADATA)
    }
    sent = decoded.get("Metadata")
    if metadata:
        decoded["Metadata"] = metadata | (sent if isinstance(sent, dict) else {})
    if _ACL in given:
        decoded.setdefault("ACL", given[_ACL])

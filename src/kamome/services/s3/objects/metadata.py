"""What is kept beside a body: user-defined metadata, system headers, the website redirect.

AWS: S3 User Guide, Working with object metadata.
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.services.s3.errors import InvalidRedirectLocation, MetadataTooLarge
from kamome.services.s3.limits import REDIRECT_BYTES_MAX, USER_METADATA_BYTES_MAX
from kamome.services.s3.objects.encoded_words import decoded_words, mail_safe

DEFAULT_CONTENT_TYPE = "binary/octet-stream"
# The transfer coding of a signed stream; it is undone on arrival and no part of the object.
_AWS_CHUNKED = "aws-chunked"
_KEPT_AS_SENT = ("CacheControl", "ContentDisposition", "ContentLanguage", "Expires")
_OTHERS = frozenset((*_KEPT_AS_SENT, "ContentEncoding", "WebsiteRedirectLocation", "Metadata"))

Attributes = Mapping[str, object]


def attributes_of(request: Mapping[str, object]) -> dict[str, object]:
    """The members of a PutObject request that GetObject gives back, under their AWS names.

    Raises:
        MetadataTooLarge: user-defined metadata has more than 2 KB.
        InvalidRedirectLocation: the redirect is neither a path nor an HTTP URL.

    AWS: S3 API Reference, PutObject.
    """
    kept: dict[str, object] = {"ContentType": request.get("ContentType") or DEFAULT_CONTENT_TYPE}
    if _OTHERS.isdisjoint(request):
        return kept
    kept.update({name: request[name] for name in _KEPT_AS_SENT if name in request})
    encoding = _without_aws_chunked(request.get("ContentEncoding"))
    if encoding:
        kept["ContentEncoding"] = encoding
    redirect = request.get("WebsiteRedirectLocation")
    if isinstance(redirect, str):
        kept["WebsiteRedirectLocation"] = _checked_redirect(redirect)
    metadata = request.get("Metadata")
    if isinstance(metadata, Mapping) and metadata:
        kept["Metadata"] = _checked_metadata(metadata)
    return kept


def _checked_metadata(metadata: Mapping[object, object]) -> dict[str, str]:
    """Names are lower case, as headers have no case; the limit counts names and values.

    Values are kept as headers carry them.
    """
    named = {str(name).lower(): decoded_words(str(value)) for name, value in metadata.items()}
    size = sum(len(_utf8(name)) + len(_utf8(value)) for name, value in named.items())
    if size > USER_METADATA_BYTES_MAX:
        raise MetadataTooLarge(size, USER_METADATA_BYTES_MAX)
    return {name: mail_safe(value) for name, value in named.items()}


def _checked_redirect(location: str) -> str:
    if not location.startswith(("/", "http://", "https://")):
        raise InvalidRedirectLocation(
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
        )
    if len(_utf8(location)) > REDIRECT_BYTES_MAX:
        raise InvalidRedirectLocation(
            "The length of website redirect location cannot exceed 2,048 characters."
        )
    return location


def _without_aws_chunked(encoding: object) -> str:
    if not isinstance(encoding, str):
        return ""
    codings = (coding.strip() for coding in encoding.split(","))
    return ",".join(coding for coding in codings if coding and coding.lower() != _AWS_CHUNKED)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

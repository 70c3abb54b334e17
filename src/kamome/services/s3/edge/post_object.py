"""POST Object: a browser uploads a file by a form.

AWS: S3 API Reference, POST Object; Browser-Based Uploads Using POST (AWS Signature Version 4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from kamome.context import RequestContext
from kamome.protocols.xml_shapes import Unreadable, escape, parse
from kamome.services import Exchange, Run
from kamome.services.s3.bodies.bodies import receive
from kamome.services.s3.bodies.checksums import (
    check_checksum,
    check_md5,
    expected_checksum,
    expected_md5,
)
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.regions import object_location
from kamome.services.s3.edge.edge_errors import EntityTooSmall
from kamome.services.s3.edge.forms import Form, boundary_of, read_form
from kamome.services.s3.edge.post_policies import FileSizes, check_form
from kamome.services.s3.encryption.encryption import customer_key, encryption_members
from kamome.services.s3.errors import InvalidArgument, MalformedXML
from kamome.services.s3.notifications.events import OBJECT_CREATED_POST
from kamome.services.s3.objects.keys import key_bytes
from kamome.services.s3.objects.new_objects import (
    check_new,
    commit,
    content_of,
    new_object,
    sealing_of,
)
from kamome.services.s3.objects.put_object import discard
from kamome.services.s3.objects.tagging import header_of, tags_of
from kamome.services.s3.objects.versions import shown_version_id
from kamome.services.s3.slice import S3
from kamome.services.s3.unserved import check_put_object
from kamome.wire import HttpResponse

_METADATA = "x-amz-meta-"
_CHECKSUM = "x-amz-checksum-"
_FILE_NAME = "${filename}"
# Form field: member of PutObject. AWS: POST Object, Form fields.
_MEMBERS: Mapping[str, str] = {
    "acl": "ACL",
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-md5": "ContentMD5",
    "content-type": "ContentType",
    "expires": "Expires",
    "x-amz-storage-class": "StorageClass",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-bucket-key-enabled": "BucketKeyEnabled",
    "x-amz-server-side-encryption-context": "SSEKMSEncryptionContext",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-key": "SSECustomerKey",
    "x-amz-server-side-encryption-customer-key-md5": "SSECustomerKeyMD5",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation",
}
_PATH_BEFORE_NAME = re.compile(r".*[\\/]", re.DOTALL)


async def answer_form(s3: S3, exchange: Exchange) -> HttpResponse:
    """Take in a form with a file, and answer as its fields ask.

    Raises:
        MalformedPOSTRequest and others: see `read_form`.
        InvalidPolicyDocument, PolicyDenied: see `check_form`.
        SignatureDoesNotMatch, InvalidAccessKeyId: the signature, where signatures are enforced.
        and as PutObject.

    AWS: S3 API Reference, POST Object.
    """
    bucket = exchange.path.removeprefix("/").partition("/")[0]
    boundary = boundary_of(exchange.request.header("content-type"))
    form = await read_form(exchange.chunks(), boundary)
    signer = exchange.form_signer(form.fields)
    request = _request(bucket, form)
    sizes = FileSizes()
    fields = {**form.fields, "key": str(request["Key"])}
    if "policy" in form.fields:
        now_ms = (s3.clock.real_now_ms(), s3.clock.now_ms())
        sizes = check_form(form.fields["policy"], fields, bucket, now_ms)

    async def run(s3: S3, ctx: RequestContext, _: object) -> Mapping[str, object]:
        return await _store(s3, ctx, request, form, sizes)

    run_of = Run("PutObject", run, {"Bucket": bucket, "Key": request["Key"]})
    result = await exchange.invoke(run_of, signer)
    return _answer(exchange, request, form.fields, result)


async def _store(
    s3: S3, ctx: RequestContext, request: Mapping[str, object], form: Form, sizes: FileSizes
) -> Mapping[str, object]:
    """As PutObject does, but the length of the body is known only when it has come."""
    key_text = str(request["Key"])
    bucket = own_bucket(s3, ctx, str(request["Bucket"]), action="s3:PutObject", key=key_text)
    key_bytes(str(request["Key"]))
    check_put_object(request)
    md5 = expected_md5(request.get("ContentMD5"))
    expected = expected_checksum(request, ())
    new = new_object(
        s3,
        ctx,
        bucket,
        request,
        algorithm=expected.algorithm,
        customer_key=customer_key(request),
    )
    check_new(s3, new)
    sealing = sealing_of(s3, new.body_key)
    received = await receive(
        s3.blobs, form.file, None, expected.algorithm, sealing, bytes_max=sizes.bytes_max
    )
    try:
        _check_size(received.size, sizes)
        check_md5(md5, received.md5)
        check_checksum(expected, received.checksum)
        stored = commit(s3, ctx, new, content_of(received), OBJECT_CREATED_POST)
    except BaseException:
        await discard(s3, received)
        raise
    return {
        "ETag": f'"{stored.etag}"',
        **encryption_members(stored.attributes),
        **shown_version_id(bucket, stored),
    }


def _check_size(size: int, sizes: FileSizes) -> None:
    if size < sizes.bytes_min:
        raise EntityTooSmall(size, sizes.bytes_min)


def _request(bucket: str, form: Form) -> Mapping[str, object]:
    """The fields as PutObject's members."""
    key = form.fields.get("key", "")
    if not key:
        raise InvalidArgument(
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the"
            " order of the fields.",
            "key",
            "",
        )
    name = _PATH_BEFORE_NAME.sub("", form.file_name)
    request: dict[str, object] = {"Bucket": bucket, "Key": key.replace(_FILE_NAME, name)}
    for field, value in form.fields.items():
        if field in _MEMBERS:
            request[_MEMBERS[field]] = value
        elif field.startswith(_CHECKSUM):
            request[f"Checksum{field.removeprefix(_CHECKSUM).upper()}"] = value
    metadata = {
        field.removeprefix(_METADATA): value
        for field, value in form.fields.items()
        if field.startswith(_METADATA)
    }
    if metadata:
        request["Metadata"] = metadata
    if form.fields.get("tagging"):
        request["Tagging"] = _tagging(form.fields["tagging"])
    return request


def _tagging(document: str) -> str:
    """The field holds the document of PutObjectTagging."""
    try:
        root = parse(document.encode())
    except (Unreadable, UnicodeEncodeError):
        raise MalformedXML from None
    tag_set = next((child for child in root.children if child.name == "TagSet"), None)
    if root.name != "Tagging" or tag_set is None:
        raise MalformedXML
    pairs = [{child.name: child.text for child in tag.children} for tag in tag_set.children]
    return header_of(tags_of(pairs))


class _Stored(msgspec.Struct, frozen=True):
    """What the answer tells."""

    bucket: str
    key: str
    etag: str
    location: str


def _answer(
    exchange: Exchange,
    request: Mapping[str, object],
    fields: Mapping[str, str],
    result: Mapping[str, object],
) -> HttpResponse:
    bucket, key = str(request["Bucket"]), str(request["Key"])
    location = object_location(exchange.request.base_url, bucket, key)
    stored = _Stored(bucket, key, str(result["ETag"]), location)
    response = exchange.answer("PutObject", result)
    response.headers.append(("location", location))
    redirect = fields.get("success_action_redirect") or fields.get("redirect", "")
    if redirect and urlsplit(redirect).scheme in ("http", "https"):
        response.status = 303
        response.headers[-1] = ("location", _redirect(redirect, stored))
    elif fields.get("success_action_status") == "201":
        response.status = 201
        response.headers.append(("content-type", "application/xml"))
        response.body = _document(stored)
    elif fields.get("success_action_status") == "200":
        response.status = 200
    else:
        response.status = 204
    return response


def _redirect(url: str, stored: _Stored) -> str:
    """AWS: POST Object, success_action_redirect: bucket, key and etag are added to the query."""
    told = urlencode(
        {"bucket": stored.bucket, "key": stored.key, "etag": stored.etag}, quote_via=quote
    )
    return f"{quote(url, safe=_URL_SAFE)}{'&' if '?' in url else '?'}{told}"


# What a URL may hold; control characters and blanks would end the header.
_URL_SAFE = ":/?#[]@!$&'()*+,;=%~"


def _document(stored: _Stored) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>'
        f"<Location>{escape(stored.location)}</Location><Bucket>{escape(stored.bucket)}</Bucket>"
        f"<Key>{escape(stored.key)}</Key><ETag>{escape(stored.etag)}</ETag></PostResponse>"
    ).encode()

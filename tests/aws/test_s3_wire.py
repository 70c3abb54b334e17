"""What only shows in plain HTTP requests: digests of documents, odd methods, hostile input."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from tests.conftest import Tenant

DELETE = b"<Delete><Object><Key>k</Key></Object></Delete>"


class Wire:
    """One account's requests, byte for byte as given; signatures are not enforced here."""

    def __init__(self, kamome: Tenant) -> None:
        self._endpoint = urlsplit(kamome.endpoint)
        scope = f"{kamome.account}/20251009/eu-west-1/s3/aws4_request"
        self._authorization = (
            f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
        )

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str]]:
        """The status, and the members of an error document."""
        connection = http.client.HTTPConnection(
            str(self._endpoint.hostname), self._endpoint.port, timeout=10
        )
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Authorization": self._authorization} | sent)
        response = connection.getresponse()
        document = response.read().decode()
        connection.close()
        members = dict(re.findall(r"<(\w+)>([^<]*)</\1>", document))
        return response.status, members


@pytest.fixture
def wire(kamome: Tenant) -> Wire:
    return Wire(kamome)


@pytest.fixture
def bucket(kamome: Tenant) -> str:
    name = f"wire-{kamome.account}"
    s3: Any = kamome.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    return name


def md5_of(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def crc32_of(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


@pytest.mark.parametrize(
    "headers",
    [{"Content_MD5": md5_of(DELETE)}, {"x_amz_checksum_crc32": crc32_of(DELETE)}],
    ids=["md5", "crc32"],
)
def test_document_with_its_digest_is_taken(
    wire: Wire, bucket: str, headers: dict[str, str]
) -> None:
    status, members = wire.ask("POST", f"/{bucket}?delete", DELETE, **headers)

    assert (status, members["Key"]) == (200, "k")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "InvalidRequest"),
        ({"Content_MD5": md5_of(b"another")}, "BadDigest"),
        ({"Content_MD5": "no md5"}, "InvalidDigest"),
        ({"x_amz_checksum_crc32": crc32_of(b"another")}, "BadDigest"),
        ({"x_amz_checksum_sha1": "AAAA"}, "InvalidRequest"),
    ],
    ids=["none", "another md5", "no md5", "another checksum", "no checksum"],
)
def test_document_that_was_changed_on_its_way_deletes_nothing(
    wire: Wire, bucket: str, headers: dict[str, str], code: str
) -> None:
    status, members = wire.ask("POST", f"/{bucket}?delete", DELETE, **headers)

    assert (status, members["Code"]) == (400, code)
    assert wire.ask("GET", f"/{bucket}/k")[0] == 200


def test_configuration_with_a_wrong_digest_is_not_kept(wire: Wire, bucket: str) -> None:
    tagging = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"

    status, members = wire.ask("PUT", f"/{bucket}?tagging", tagging, Content_MD5=md5_of(b""))

    assert (status, members["Code"]) == (400, "BadDigest")
    assert wire.ask("GET", f"/{bucket}?tagging")[1]["Code"] == "NoSuchTagSet"


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("POST", "/{}/k", (405, "MethodNotAllowed", "POST", "OBJECT")),
        ("PATCH", "/{}", (405, "MethodNotAllowed", "PATCH", "BUCKET")),
        ("POST", "/{}", (412, "PreconditionFailed", None, None)),
    ],
    ids=["POST to an object", "unknown method", "POST to a bucket"],
)
def test_method_that_a_resource_does_not_have_is_named(
    wire: Wire, bucket: str, method: str, path: str, told: tuple[int, str, str, str]
) -> None:
    status, members = wire.ask(method, path.format(bucket), b"x")

    shown = (status, members["Code"], members.get("Method"), members.get("ResourceType"))
    assert shown == told


def test_header_cannot_be_smuggled_into_an_answer(kamome: Tenant, wire: Wire, bucket: str) -> None:
    url = f"/{bucket}/k?response-content-type=a%0d%0aX-Evil:%201"
    endpoint = urlsplit(kamome.endpoint)
    connection = http.client.HTTPConnection(str(endpoint.hostname), endpoint.port, timeout=10)
    connection.request("GET", url, headers={"Authorization": wire._authorization})
    response = connection.getresponse()

    assert response.getheader("x-evil") is None
    assert "\n" not in str(response.getheader("content-type"))
    connection.close()


def test_document_with_entities_is_refused(wire: Wire, bucket: str) -> None:
    bomb = b'<!DOCTYPE d [<!ENTITY a "k"><!ENTITY b "&a;&a;">]>' + DELETE.replace(b">k<", b">&b;<")

    status, members = wire.ask("POST", f"/{bucket}?delete", bomb, Content_MD5=md5_of(bomb))

    assert (status, members["Code"]) == (400, "MalformedXML")


@pytest.mark.parametrize("source", ["{}/a b", "/{}/a%20b", "{}%2Fa%20b", "%2f{}%2fa%20b"])
def test_source_of_a_copy_may_be_encoded_as_a_whole(wire: Wire, bucket: str, source: str) -> None:
    wire.ask("PUT", f"/{bucket}/a%20b", b"body")

    status, members = wire.ask(
        "PUT", f"/{bucket}/copy", b"", x_amz_copy_source=source.format(bucket)
    )

    assert (status, members["ChecksumType"]) == (200, "FULL_OBJECT")


@pytest.mark.parametrize(
    ("headers", "argument"),
    [
        ({"x_amz_copy_source": "bucket-alone"}, "x-amz-copy-source"),
        (
            {"x_amz_copy_source": "b/k", "x_amz_metadata_directive": "Both"},
            "x-amz-metadata-directive",
        ),
        ({"x_amz_acl": "everybody"}, "x-amz-acl"),
        ({"x_amz_object_lock_mode": "Soft"}, "x-amz-object-lock-mode"),
    ],
)
def test_wrong_header_is_named_as_it_came(
    wire: Wire, bucket: str, headers: dict[str, str], argument: str
) -> None:
    status, members = wire.ask("PUT", f"/{bucket}/key", b"", **headers)

    assert (status, members["Code"]) == (400, "InvalidArgument")
    assert members["ArgumentName"] == argument


def test_versioning_without_a_status_is_illegal(wire: Wire, bucket: str) -> None:
    status, members = wire.ask("PUT", f"/{bucket}?versioning", b"<VersioningConfiguration/>")

    assert (status, members["Code"]) == (400, "IllegalVersioningConfigurationException")


PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-Expires=900"
    "&X-Amz-Credential={account}%2F{day}%2Feu-west-1%2Fs3%2Faws4_request"
    "&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
)


def test_presigned_url_carries_metadata_but_no_checksum_and_no_tags(
    kamome: Tenant, bucket: str
) -> None:
    # JavaScript's SDK signs the checksum of an empty body into the URL; S3 does not look at it.
    given = "x-amz-meta-tenant=ne-001&x-amz-tagging=a%3Db&x-amz-checksum-crc32=AAAAAA%3D%3D"
    now = datetime.now(UTC)
    presigned = PRESIGNED.format(
        account=kamome.account, date=f"{now:%Y%m%dT%H%M%SZ}", day=f"{now:%Y%m%d}"
    )
    address = urlsplit(kamome.endpoint)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)

    connection.request("PUT", f"/{bucket}/key?{presigned}&{given}", b"body", {})
    status = connection.getresponse().status
    connection.close()

    head = kamome.client("s3").head_object(Bucket=bucket, Key="key")
    assert (status, head["Metadata"]) == (200, {"tenant": "ne-001"})
    assert "TagCount" not in head


def test_parameter_of_the_wrong_type_is_named(wire: Wire, bucket: str) -> None:
    status, error = wire.ask("GET", f"/{bucket}?list-type=2&max-keys=abc")

    assert (status, error["Code"]) == (400, "InvalidArgument")
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("max-keys", "abc")

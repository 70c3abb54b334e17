"""The examples that AWS publishes, with their keys, moments and signatures.

AWS: S3 API Reference, Signature Calculations for the Authorization Header (single chunk), Using
Query Parameters, Signing and authenticating REST requests (version 2).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kamome.http import sigv4
from kamome.wire import HttpRequest

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW_MS = 1_369_353_600_000
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
WELCOME = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
DATE = {"x-amz-date": "20130524T000000Z"}
HOST = "http://examplebucket.s3.amazonaws.com"

AsSent = Callable[..., HttpRequest]


def authorization(signed_headers: str, signature: str) -> dict[str, str]:
    scope = f"{ACCESS_KEY}/20130524/us-east-1/s3/aws4_request"
    return {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope},SignedHeaders={signed_headers},"
        f"Signature={signature}"
    }


@pytest.mark.parametrize(
    ("method", "url", "headers", "body"),
    [
        pytest.param(
            "GET",
            f"{HOST}/test.txt",
            {
                "range": "bytes=0-9",
                "x-amz-content-sha256": EMPTY,
                **authorization(
                    "host;range;x-amz-content-sha256;x-amz-date",
                    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
                ),
            },
            b"",
            id="get-object-with-range",
        ),
        pytest.param(
            "PUT",
            f"{HOST}/test$file.text",
            {
                "date": "Fri, 24 May 2013 00:00:00 GMT",
                "x-amz-content-sha256": WELCOME,
                "x-amz-storage-class": "REDUCED_REDUNDANCY",
                **authorization(
                    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
                ),
            },
            b"Welcome to Amazon S3.",
            id="put-object-whose-key-is-sent-unencoded",
        ),
        pytest.param(
            "GET",
            f"{HOST}/?lifecycle",
            {
                "x-amz-content-sha256": EMPTY,
                **authorization(
                    "host;x-amz-content-sha256;x-amz-date",
                    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
                ),
            },
            b"",
            id="sub-resource-without-a-value",
        ),
        pytest.param(
            "GET",
            f"{HOST}/?max-keys=2&prefix=J",
            {
                "x-amz-content-sha256": EMPTY,
                **authorization(
                    "host;x-amz-content-sha256;x-amz-date",
                    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
                ),
            },
            b"",
            id="list-objects",
        ),
    ],
)
def test_published_header_example_verifies(
    as_sent: AsSent, method: str, url: str, headers: dict[str, str], body: bytes
) -> None:
    request = as_sent(method, url, DATE | headers, body)

    credential = sigv4.parse(request)
    assert credential is not None
    seed = sigv4.verify(request, credential, SECRET_KEY, now_ms=[NOW_MS])

    assert (credential.kind, credential.access_key) == ("header", ACCESS_KEY)
    assert (credential.region, credential.service) == ("us-east-1", "s3")
    assert seed.scope == "20130524/us-east-1/s3/aws4_request"


def test_published_presigned_example_verifies(as_sent: AsSent) -> None:
    request = as_sent(
        "GET",
        f"https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={ACCESS_KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        {},
    )

    credential = sigv4.parse(request)
    assert credential is not None
    seed = sigv4.verify(request, credential, SECRET_KEY, now_ms=[NOW_MS + 86_399_000])

    assert (credential.kind, credential.expires) == ("presigned", 86400)
    assert seed.content_sha256 == "UNSIGNED-PAYLOAD"


def test_published_iam_example_verifies(as_sent: AsSent) -> None:
    scope = "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request"
    request = as_sent(
        "GET",
        "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        {
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "x-amz-date": "20150830T123600Z",
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        },
    )

    credential = sigv4.parse(request)
    assert credential is not None
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    sigv4.verify(request, credential, secret, now_ms=[1_440_938_160_000])

    assert credential.service == "iam"


def test_published_version_2_example_verifies(as_sent: AsSent) -> None:
    request = as_sent(
        "GET",
        "https://awsexamplebucket1.us-west-1.s3.amazonaws.com/photos/puppy.jpg",
        {
            "date": "Tue, 27 Mar 2007 19:36:42 +0000",
            "authorization": f"AWS {ACCESS_KEY}:qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
        },
    )
    request.path = "/awsexamplebucket1/photos/puppy.jpg"

    credential = sigv4.parse(request)
    assert credential is not None
    sigv4.verify(request, credential, SECRET_KEY, now_ms=[1_175_024_202_000])

    assert (credential.kind, credential.service) == ("v2", "s3")

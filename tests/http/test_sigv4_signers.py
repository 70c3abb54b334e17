"""What other people's signers sign verifies, and nothing that was changed on the way does.

Oracles: botocore's signers and the AWS Common Runtime's.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamome.errors import AwsError
from kamome.http import sigv4
from kamome.http.errors import SignatureMismatch, missing_authentication, unknown_access_key
from kamome.wire import HttpRequest

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW_MS = 1_369_353_600_000
HEADER_SIGNERS = ["S3SigV4Auth", "CrtS3SigV4Auth"]
QUERY_SIGNERS = ["S3SigV4QueryAuth", "CrtS3SigV4QueryAuth"]

Sign = Callable[..., HttpRequest]

segment = st.text(st.characters(codec="utf-8", exclude_characters="/"), max_size=12)
paths = st.lists(segment, max_size=4).map("/".join)
queries = st.lists(
    st.tuples(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), segment), max_size=4
)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
header_names = st.from_regex(r"\A(x-amz-meta-)?[a-z][a-z0-9-]{0,12}\Z").filter(
    lambda name: name not in {"host", "date", "connection", "expect", "te", "upgrade"}
)


def verify(request: HttpRequest, now_ms: int = NOW_MS) -> sigv4.Seed:
    credential = sigv4.parse(request)
    if credential is None:
        raise missing_authentication("s3")
    if credential.access_key != "AKIAIOSFODNN7EXAMPLE":
        raise unknown_access_key("s3", credential.access_key)
    return sigv4.verify(request, credential, SECRET_KEY, now_ms=[now_ms])


def encoded(text: str) -> str:
    return quote(text.encode(), safe="/~")


def url_of(host: str, path: str, query: list[tuple[str, str]]) -> str:
    pairs = "&".join(f"{encoded(n).replace('/', '%2F')}={encoded(v)}" for n, v in query)
    return f"http://{host}/{encoded(path)}" + (f"?{pairs}" if pairs else "")


@pytest.mark.parametrize("auth", HEADER_SIGNERS)
@given(path=paths, query=queries, headers=st.dictionaries(header_names, header_values, max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_s3_request_that_was_signed_in_its_header_verifies(
    sign: Sign, auth: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    url = url_of("localhost:4566", path, query)

    request = sign("PUT", url, headers, b"content", auth=auth, token="t/o+k=")

    assert verify(request).scope == "20130524/us-east-1/s3/aws4_request"


@pytest.mark.parametrize("auth", QUERY_SIGNERS)
@given(path=paths, query=queries)
@settings(max_examples=80, deadline=None)
def test_any_presigned_s3_request_verifies(
    sign: Sign, auth: str, path: str, query: list[tuple[str, str]]
) -> None:
    url = url_of("bucket.localhost:4566", path, query)

    request = sign("GET", url, auth=auth, token="t/o+k=", expires=60)

    assert verify(request, NOW_MS + 60_000).content_sha256 == "UNSIGNED-PAYLOAD"


@pytest.mark.parametrize("auth", ["SigV4Auth", "CrtSigV4Auth"])
@given(path=paths, body=st.binary(max_size=50))
@settings(max_examples=80, deadline=None)
def test_any_path_of_other_services_verifies_normalised_and_encoded_twice(
    sign: Sign, auth: str, path: str, body: bytes
) -> None:
    url = url_of("localhost:4566", path, [])

    request = sign("POST", url, {}, body, auth=auth, service="lambda")

    assert verify(request).scope == "20130524/us-east-1/lambda/aws4_request"


@pytest.mark.parametrize("auth", ["SigV4QueryAuth", "CrtSigV4QueryAuth"])
def test_presigned_call_of_another_service_verifies(sign: Sign, auth: str) -> None:
    url = "http://localhost:4566/?Action=GetCallerIdentity&Version=2011-06-15"

    request = sign("GET", url, auth=auth, service="sts", expires=60)

    assert verify(request, NOW_MS + 60_000).scope.endswith("/sts/aws4_request")


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_byte_of_a_signed_request_can_be_changed(sign: Sign, data: st.DataObject) -> None:
    request = sign(
        "PUT",
        "http://localhost:4566/bucket/key%20one?tagging&versionId=abc",
        {"x-amz-meta-shop": "ne-001", "content-type": "text/plain"},
        b"content",
    )
    places = ["method", "raw_path", "raw_query", "body", *dict(request.headers)]

    changed = with_one_change(request, data.draw(st.sampled_from(places)), data)

    with pytest.raises(AwsError) as refused:
        verify(changed)
    assert 400 <= refused.value.status < 500


def with_one_change(request: HttpRequest, place: str, data: st.DataObject) -> HttpRequest:
    headers = dict(request.headers)
    before = headers.get(place) or getattr(request, place)
    text = before.decode("latin-1") if isinstance(before, bytes) else before
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("abcXYZ019-_~").filter(lambda new: new != text[at]))
    after = text[:at] + letter + text[at + 1 :]
    if place in headers:
        headers[place] = after
    fields = (request.method, request.raw_path, request.raw_query, list(headers.items()))
    if place in headers:
        return HttpRequest(*fields, request.body)
    if place == "body":
        return HttpRequest(*fields, after.encode("latin-1"))
    text_fields = {"method": request.method, "raw_path": request.raw_path}
    text_fields |= {"raw_query": request.raw_query, place: after}
    return HttpRequest(
        text_fields["method"],
        text_fields["raw_path"],
        text_fields["raw_query"],
        request.headers,
        request.body,
    )


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_byte_of_a_presigned_url_can_be_changed(sign: Sign, data: st.DataObject) -> None:
    request = sign("GET", "http://localhost:4566/b/k", auth="S3SigV4QueryAuth", expires=60)

    place = data.draw(st.sampled_from(["raw_path", "raw_query", "host"]))
    changed = with_one_change(request, place, data)

    with pytest.raises(AwsError) as refused:
        verify(changed)
    assert 400 <= refused.value.status < 500


def test_wrong_secret_is_refused_with_what_the_server_calculated(sign: Sign) -> None:
    request = sign("GET", "http://localhost:4566/bucket/key")
    credential = sigv4.parse(request)
    assert credential is not None

    with pytest.raises(SignatureMismatch) as refused:
        sigv4.verify(request, credential, "another secret", now_ms=[NOW_MS])

    explanation = refused.value.explanation
    assert explanation is not None
    assert explanation.canonical_request.startswith("GET\n/bucket/key\n\nhost:localhost:4566\n")
    assert explanation.signature_calculated not in str(refused.value.members)


@pytest.mark.parametrize("auth", ["HmacV1Auth", "HmacV1QueryAuth"])
@given(path=paths)
@settings(max_examples=60, deadline=None)
def test_s3_requests_signed_with_version_2_verify(sign: Sign, auth: str, path: str) -> None:
    url = f"http://localhost:4566/bucket/{encoded(path)}?versionId=abc&response-content-type=a%2Fb"

    request = sign("GET", url, {"x-amz-meta-shop": "ne-001"}, auth=auth, token="t/o+k=")

    assert verify(request).content_sha256 == "UNSIGNED-PAYLOAD"


@pytest.mark.parametrize("auth", ["HmacV1Auth", "HmacV1QueryAuth"])
@pytest.mark.parametrize("place", ["raw_path", "method"])
def test_changed_version_2_request_is_refused(sign: Sign, auth: str, place: str) -> None:
    request = sign("GET", "http://localhost:4566/bucket/key", auth=auth)
    setattr(request, place, {"raw_path": "/bucket/kez", "method": "PUT"}[place])
    request.path = request.raw_path

    with pytest.raises(SignatureMismatch):
        verify(request)

"""Garbage where a signature should be: the answer is always a refusal of the caller's fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamome.errors import AwsError
from kamome.http import sigv4
from kamome.wire import HttpRequest

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW_MS = 1_369_353_600_000
SIGNATURE = "0" * 64

Sign = Callable[..., HttpRequest]


class TestGarbage:
    """Whatever is sent, the answer is a refusal of the caller's fault."""

    words = st.one_of(
        st.sampled_from(
            [
                "AWS4-HMAC-SHA256 ",
                "AWS ",
                "Credential=",
                "AKID/20130524/us-east-1/s3/aws4_request",
                "SignedHeaders=",
                "host;x-amz-date",
                "Signature=",
                SIGNATURE,
                ", ",
                "=",
                "/",
                ":",
                "Bearer ",
            ]
        ),
        st.text(st.characters(max_codepoint=255), max_size=8),
    )
    texts = st.lists(words, max_size=12).map("".join)
    dates = st.one_of(
        st.sampled_from(["20130524T000000Z", "99991231T235959Z", "00010101T000000Z"]),
        st.from_regex(r"\A\d{8}T\d{6}Z\Z"),
        st.text(st.characters(max_codepoint=255), max_size=40),
        st.from_regex(
            r"\A[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{1,5} \d{2}:\d{2}:\d{2} [+-]\d+\Z"
        ),
    )

    @given(
        authorization=texts, date=dates, target=st.sampled_from(["", "x"]), sha=texts, query=texts
    )
    @settings(max_examples=400, deadline=None)
    def test_header_form(
        self, as_sent: Sign, authorization: str, date: str, target: str, sha: str, query: str
    ) -> None:
        headers = {"x-amz-content-sha256": sha} | ({"x-amz-target": target} if target else {})
        request = HttpRequest(
            "PUT",
            "/" + query,
            query,
            [
                ("host", "h"),
                ("authorization", authorization),
                ("x-amz-date", date),
                *headers.items(),
            ],
        )

        assert_refused(request)

    names = st.sampled_from(
        [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-SignedHeaders",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "X-Amz-Content-Sha256",
            "AWSAccessKeyId",
            "Expires",
            "Signature",
            "Action",
        ]
    )
    values = st.one_of(
        dates,
        texts,
        st.integers(-5, 10**25).map(str),
        st.sampled_from(["AWS4-HMAC-SHA256", "AKID/20130524/us-east-1/s3/aws4_request"]),
    )

    @given(query=st.dictionaries(names, values, max_size=12))
    @settings(max_examples=400, deadline=None)
    def test_presigned_form(self, query: dict[str, str]) -> None:
        raw_query = "&".join(f"{name}={value}" for name, value in query.items())

        assert_refused(HttpRequest("GET", "/b/k", raw_query, [("host", "h")]))


def assert_refused(request: HttpRequest) -> None:
    try:
        credential = sigv4.parse(request)
        if credential is None:
            return
        sigv4.verify(request, credential, SECRET_KEY, now_ms=[NOW_MS])
    except AwsError as error:
        assert 400 <= error.status < 500
        assert error.message
    else:
        pytest.fail("garbage was taken for a signed request")

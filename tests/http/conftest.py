"""Signers that other people wrote (botocore, the AWS Common Runtime), as oracles for ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import urlsplit

import botocore.auth
import botocore.crt.auth
import pytest
from botocore.awsrequest import (
    AWSRequest,
)
from botocore.credentials import (
    Credentials,
)

from kamome.wire import HttpRequest

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
# The secret of AWS's published examples.
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SIGNED_AT = datetime(2013, 5, 24, tzinfo=UTC)
NOW_MS = int(SIGNED_AT.timestamp()) * 1000


@dataclass(frozen=True)
class Signer:
    """Signs requests with botocore, at the moment of AWS's published examples."""

    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    now_ms: int = NOW_MS

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        service: str = "s3",
        auth: str = "S3SigV4Auth",
        token: str | None = None,
        expires: int | None = None,
    ) -> HttpRequest:
        credentials = Credentials(self.access_key, self.secret_key, token)
        unsigned = AWSRequest(method, url, dict(headers or {}), body)
        # botocore fills these in for every request of a client.
        unsigned.context["payload_signing_enabled"] = True
        extra = {} if expires is None else {"expires": expires}
        scope = () if auth.startswith("HmacV1") else (service, "us-east-1")
        module = botocore.crt.auth if auth.startswith("Crt") else botocore.auth
        signer = getattr(module, auth)(credentials, *scope, **extra)
        with (
            patch("botocore.auth.get_current_datetime", lambda: SIGNED_AT.replace(tzinfo=None)),
            patch("botocore.crt.auth.get_current_datetime", lambda **_: SIGNED_AT),
            patch("botocore.auth.formatdate", lambda *_, **__: "Fri, 24 May 2013 00:00:00 GMT"),
            patch("botocore.auth.time.time", lambda: self.now_ms / 1000),
        ):
            signer.add_auth(unsigned)
        return to_request(method, unsigned.prepare().url, dict(unsigned.headers.items()), body)


def to_request(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> HttpRequest:
    """A client's request as a server sees it: latin-1 text, lower-case names, a Host header."""
    parts = urlsplit(url)
    lines = [
        (name.lower(), value.encode().decode("latin-1").strip()) for name, value in headers.items()
    ]
    if not any(name == "host" for name, _ in lines):
        lines.insert(0, ("host", parts.netloc))
    return HttpRequest(method, parts.path or "/", parts.query, lines, body)


@pytest.fixture(scope="session")
def sign() -> Callable[..., HttpRequest]:
    """`sign(method, url, headers, body, service=…, auth=…, token=…, expires=…)`."""
    return Signer().request


@pytest.fixture(scope="session")
def as_sent() -> Callable[..., HttpRequest]:
    """`as_sent(method, url, headers, body)`: the request as a server sees it, unsigned."""
    return to_request

"""Requests as the SDKs send them, made once. Signatures are real where the request repeats."""

from __future__ import annotations

import hashlib
import json

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_CREDENTIALS = Credentials("test", "test")
REGION = "us-east-1"


class Requests:
    """Makes requests to one server."""

    def __init__(self, port: int) -> None:
        self._host = f"127.0.0.1:{port}"
        self.endpoint = f"http://{self._host}"

    def json(self, service: str, target: str, body: dict[str, object]) -> bytes:
        """An AWS JSON 1.0 call, signed."""
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
        return self._signed(SigV4Auth(_CREDENTIALS, service, REGION), "POST", "/", headers, content)

    def s3(self, method: str, path: str, content: bytes = b"") -> bytes:
        """An S3 call, signed; a body has its SHA-256."""
        headers = {"X-Amz-Content-SHA256": hashlib.sha256(content).hexdigest()}
        return self._signed(S3SigV4Auth(_CREDENTIALS, "s3", REGION), method, path, headers, content)

    def invocation(self, function: str, payload: bytes) -> bytes:
        """A synchronous invocation of a function, signed."""
        path = f"/2015-03-31/functions/{function}/invocations"
        return self._signed(SigV4Auth(_CREDENTIALS, "lambda", REGION), "POST", path, {}, payload)

    def _signed(
        self, signer: SigV4Auth, method: str, path: str, headers: dict[str, str], content: bytes
    ) -> bytes:
        request = AWSRequest(method, self.endpoint + path, headers=headers, data=content)
        signer.add_auth(request)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        lines.append(f"Content-Length: {len(content)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def with_body(request: bytes, content: bytes) -> bytes:
    """The same request with another body. Its signature is then read, not right."""
    head = request.partition(b"\r\n\r\n")[0]
    lines = [
        line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")
    ]
    lines.append(b"Content-Length: %d" % len(content))
    return b"\r\n".join(lines) + b"\r\n\r\n" + content

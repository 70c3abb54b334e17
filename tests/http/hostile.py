"""Requests that nobody sends by mistake: valid ones of each service, broken in a seeded way.

`Broken(seed)` breaks a request in one to three places: its path, its query string, a header, its
body, its framing. What comes out may still be valid by chance.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.http.raw_client import head

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ZEROS = "0" * 64
_TEXTS = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\ufffe\uffff",
    "\x1b[31m",
    "\u202e",
    "\U0001f54a",
    "<&>\"'",
    "]]>",
    "${jndi:ldap://x}",
    "../../../etc/passwd",
    "%00",
    "%",
    "x" * 70_000,
    "arn:aws:sqs",
    "arn:aws:lambda:eu-west-1:1:function:" + "f" * 300,
    "http://[::1",
    "-1",
    "1e400",
    "NaN",
    "9" * 400,
    "{}",
    "[",
    '{"a":',
    "[" * 3000,
]
_VALUES: list[object] = [
    None,
    True,
    0,
    -1,
    2**63,
    2**64,
    1.5,
    -0.0,
    1e308,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"b": [1, "x", None]}},
    *_TEXTS,
]
_BYTES = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xe3\x81",
    b"{",
    b"[" * 50_000,
    b'{"a":' * 5_000,
    b"null",
    b"1" * 10_000,
    b'"\\ud800"',
    b'{"a":1,"a":2}',
    b"<",
    b"<a>" * 20_000,
    b"<a/><b/>",
    b'<?xml version="1.0" encoding="UTF-16"?><a/>',
    b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><a>&c;</a>',
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    b"&" * 10_000,
    b"=" * 100,
    b"Action=%zz&Version=%00",
    b"a.1.b.2.c=" * 100,
    b"Attribute.entry.999999999999.key=a&Attribute.entry.1.value=b",
    b"Action=Publish&Message=%ed%a0%80&TopicArn=%ff",
]
_HEADERS = {
    "Authorization": [
        "",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=, Signature=",
        "AWS4-HMAC-SHA256 Credential=a/20250101/\xe9/sqs/aws4_request, SignedHeaders=x, Signature=",
        "AWS4-HMAC-SHA256 Credential=a/20250101/eu-west-1/nothing/aws4_request, SignedHeaders=host,"
        " Signature=" + _ZEROS,
        "AWS4-HMAC-SHA256 " + "Credential=a," * 50,
        "AWS4-ECDSA-P256-SHA256 Credential=a/20250101/s3/aws4_request",
        "AWS a:b",
        "AWS a",
        "Basic YTpi",
        "Bearer \xff\xfe",
        "Negotiate",
    ],
    "X-Amz-Date": ["", "x", "20259999T999999Z", "\xb2" * 8, "Fri, 32 Foo 2025 99:99:99 GMT"],
    "X-Amz-Target": [
        "",
        ".",
        "x",
        "AmazonSQS.",
        "AmazonSQS.Nothing",
        "DynamoDB_20120810.\xff",
        "a" * 9000,
    ],
    "X-Amz-Content-Sha256": [
        "",
        "x",
        _ZEROS,
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        "UNSIGNED-PAYLOAD",
    ],
    "X-Amz-Decoded-Content-Length": ["", "-1", "x", "9" * 30, "\xb2", "3"],
    "X-Amz-Trailer": ["", "x", "x-amz-checksum-crc32", "x-amz-checksum-crc32,authorization"],
    "X-Amz-Trace-Id": ["", "Root=", "Root=1-x;Parent=\xff", "Root=1-" + "a" * 5000, "x;" * 100],
    "X-Amz-Security-Token": ["", "\xff", "t" * 5000],
    "X-Amz-Invocation-Type": ["", "x", "Event", "RequestResponse\xff"],
    "X-Amz-Client-Context": ["", "!", "e30=", "\xff"],
    "X-Amz-Checksum-Crc32": ["", "x", "AAAAAA==", "\xff"],
    "X-Amz-Sdk-Checksum-Algorithm": ["", "x", "CRC32", "SHA256"],
    "X-Amz-Meta-Name": ["", "\xff\xfe", "\t", "=?utf-8?q?x?=", "m" * 3000],
    "X-Amz-Meta-": ["x"],
    "X-Amz-Acl": ["", "x", "public-read"],
    "X-Amz-Server-Side-Encryption": ["", "x", "aws:kms"],
    "X-Amz-Tagging": ["", "&&&", "%zz=%00", "a=b&a=c"],
    "X-Amz-Copy-Source": ["", "x", "/%zz/%00", "%ff/%ff"],
    "X-Amz-Website-Redirect-Location": ["x", "\xff"],
    "Content-Type": [
        "",
        "x",
        "application/json",
        "application/x-amz-json-1.0; charset=\xff",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/cbor",
        "text/xml",
        "multipart/form-data; boundary=",
    ],
    "Content-MD5": ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA==", "\xff"],
    "Content-Encoding": ["", "gzip", "aws-chunked", "aws-chunked,gzip", "\xff"],
    "Range": [
        "",
        "x",
        "bytes=",
        "bytes=-",
        "bytes=9-1",
        "bytes=0-" + "9" * 50,
        "bytes=0-0,2-3",
        "\xb2",
    ],
    "If-Match": ["", "*", '"', "\xff"],
    "If-None-Match": ["", "*", "x" * 3000],
    "If-Modified-Since": [
        "",
        "x",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "\xff",
        "Thu, 1 Jan 0001 00:00:00 GMT",
    ],
    "Expires": ["x", "\xff"],
    "Cache-Control": ["\xff", "x" * 3000],
    "Accept-Encoding": ["x", "\xff"],
    "Connection": ["x", "keep-alive, x", "Upgrade"],
    "Upgrade": ["h2c"],
    "Cookie": ["\xff" * 100],
    "X-Forwarded-For": ["\xff"],
    "X-Amzn-Query-Mode": ["true", "x"],
    "Smithy-Protocol": ["rpc-v2-cbor", "x"],
    "Amz-Sdk-Request": ["\xff"],
}
_PATH_PARTS = [
    "%00",
    "%ff",
    "%zz",
    "%",
    "..",
    ".",
    "//",
    "%2f",
    "%2e%2e%2f",
    "a" * 2000,
    "~",
    "%F0%9F",
    ";",
    "+",
    "'",
    "*",
    "$(x)",
]
_PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={}"
    "&X-Amz-Expires=9&X-Amz-SignedHeaders=host&X-Amz-Signature=x"
)
_QUERY_PARTS = [
    "",
    "=",
    "&&&",
    "%",
    "%zz=%zz",
    "x=%00",
    "x=%ff",
    "=x",
    "Action=",
    "Action=Nothing&Version=2012-11-05",
    "Action=%ff",
    "Version=%00",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    _PRESIGNED.format("a%2Fb%2Fc%2Fd%2Fe", "x"),
    _PRESIGNED.format("a%2F20250101%2F%0d%0aeu%2Fs3%2Faws4_request", "20250101T000000Z"),
    "AWSAccessKeyId=a&Signature=b&Expires=%00",
    "AWSAccessKeyId=a&Signature=b&Expires=99999999999999999",
    "response-content-type=%0d%0aX-Evil:%201",
    "response-content-disposition=%e3%81%82",
    "response-expires=x",
    "versionId=%00",
    "versionId=null",
    "partNumber=x",
    "partNumber=99999999999999999999",
    "list-type=2&max-keys=x",
    "list-type=2&max-keys=-1",
    "list-type=2&max-keys=999999999999999999999",
    "list-type=2&continuation-token=%ff%00",
    "list-type=2&start-after=%ff&prefix=%00&delimiter=%ed%a0%80",
    "list-type=2&encoding-type=x",
    "list-type=x",
    "notification",
    "notification&tagging",
    "uploads",
    "uploadId=x&partNumber=1",
    "acl",
    "delete",
    "MaxItems=x",
    "MaxItems=-1",
    "MaxItems=99999999999999999999",
    "Marker=%ff%00",
    "Qualifier=%00",
    "EventSourceArn=%ff",
    "FunctionVersion=x",
    "a=" + "b" * 5000,
    "&".join(f"p{number}={number}" for number in range(500)),
]
_HOSTS = [
    "",
    "a b",
    "a,b",
    "evil.example/path",
    "evil.example?x",
    "evil.example#x",
    "user@evil.example",
    "<script>",
    "\xff",
    "a" * 300,
    "[::1",
    "h:99999999",
    "%00",
    "bucket.s3.localhost",
    "..s3.localhost",
    ".localhost",
    "sqs.eu-west-1.amazonaws.com",
    "x" * 200 + ".s3.amazonaws.com",
]


@dataclass(frozen=True)
class Request:
    """A request before it is written to the wire."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    # Bytes announced and not sent.
    missing: int = 0
    is_chunked: bool = False

    def encoded(self, host: str) -> bytes:
        """The bytes of the request."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        headers = {"Host": host, **self.headers}
        body = self.body
        if self.is_chunked:
            headers["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        else:
            headers["Content-Length"] = str(len(body) + self.missing)
        return head(f"{self.method} {target} HTTP/1.1", headers) + body


def signed(service: str, account: str, request: Request) -> Request:
    """The request with a credential, as clients send it where nothing is verified."""
    credential = f"{account}/20250101/eu-west-1/{service}/aws4_request"
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature={_ZEROS}"
    )
    return replace(request, headers={"Authorization": authorization, **request.headers})


def json_call(target: str, body: object) -> Request:
    """A call by AWS JSON."""
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
    return Request("POST", "/", "", headers, json.dumps(body).encode())


def query_call(action: str, version: str, **parameters: str) -> Request:
    """A call by AWS query."""
    form = urlencode({"Action": action, "Version": version, **parameters})
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return Request("POST", "/", "", headers, form.encode())


class Broken:
    """Breaks requests; the same seed breaks them the same way."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._ways: Sequence[Callable[[Request], Request]] = (
            self._with_other_body,
            self._with_other_body,
            self._with_other_value,
            self._with_other_value,
            self._with_other_value,
            self._with_changed_bytes,
            self._with_changed_bytes,
            self._with_header,
            self._with_header,
            self._without_header,
            self._with_path,
            self._with_query,
            self._with_query,
            self._with_method,
            self._with_host,
            self._cut_short,
            self._chunked,
        )

    def one_of(self, requests: Sequence[Request]) -> Request:
        """One of the requests, broken in one to three ways."""
        request = self._random.choice(requests)
        for way in self._random.choices(self._ways, k=self._random.randint(1, 3)):
            request = way(request)
        return request

    def _with_other_body(self, request: Request) -> Request:
        return replace(request, body=self._random.choice(_BYTES))

    def _with_other_value(self, request: Request) -> Request:
        """A body that reads, with a value of another kind in one place."""
        try:
            document = json.loads(request.body)
        except (ValueError, RecursionError):
            return self._with_other_parameter(request)
        return replace(request, body=json.dumps(self._changed(document)).encode())

    def _changed(self, node: object) -> object:
        if isinstance(node, dict) and node and self._random.random() < 0.8:
            name = self._random.choice(list(node))
            kept: dict[str, Any] = {**node, name: self._changed(node[name])}
            if self._random.random() < 0.1:
                kept[str(self._random.choice(_TEXTS))] = kept.pop(name)
            return kept
        if isinstance(node, list) and node and self._random.random() < 0.8:
            return [self._changed(node[0]), *node[1:]] * self._random.choice([1, 1, 1, 30])
        return self._random.choice(_VALUES)

    def _with_other_parameter(self, request: Request) -> Request:
        parts = request.body.split(b"&")
        place = self._random.randrange(len(parts))
        name = parts[place].partition(b"=")[0]
        text = self._random.choice(_TEXTS).encode("utf-8", "surrogatepass")
        parts[place] = urlencode({name: text}).encode()
        return replace(request, body=b"&".join(parts))

    def _with_changed_bytes(self, request: Request) -> Request:
        body = bytearray(request.body or b"x")
        for _ in range(self._random.randint(1, 4)):
            start = self._random.randrange(len(body))
            end = start + self._random.choice([0, 1, 1, 10, 1000])
            body[start:end] = self._random.choice(
                [b"", b"\x00", b"\xff", b'"', b"<", b"%", b"&", b"\\u"]
            )
            body = body or bytearray(b"x")
        return replace(request, body=bytes(body))

    def _with_header(self, request: Request) -> Request:
        name = self._random.choice(list(_HEADERS))
        return replace(
            request, headers={**request.headers, name: self._random.choice(_HEADERS[name])}
        )

    def _without_header(self, request: Request) -> Request:
        if not request.headers:
            return request
        gone = self._random.choice(list(request.headers))
        kept = {name: value for name, value in request.headers.items() if name != gone}
        return replace(request, headers=kept)

    def _with_path(self, request: Request) -> Request:
        part = self._random.choice(_PATH_PARTS)
        if self._random.random() < 0.3:
            return replace(request, path=f"/{part}")
        place = self._random.randrange(1, len(request.path) + 1)
        return replace(request, path=request.path[:place] + part + request.path[place:])

    def _with_query(self, request: Request) -> Request:
        part = self._random.choice(_QUERY_PARTS)
        is_added = request.query and self._random.random() < 0.5
        return replace(request, query=f"{request.query}&{part}" if is_added else part)

    def _with_method(self, request: Request) -> Request:
        methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"]
        return replace(request, method=self._random.choice(methods))

    def _with_host(self, request: Request) -> Request:
        return replace(request, headers={**request.headers, "Host": self._random.choice(_HOSTS)})

    def _cut_short(self, request: Request) -> Request:
        return replace(request, missing=self._random.choice([1, 5, 100_000]))

    def _chunked(self, request: Request) -> Request:
        return replace(request, is_chunked=True)

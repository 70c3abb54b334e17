"""`aws-chunked` bodies: AWS's published examples, every split, and everything that can be broken.

AWS: S3 API Reference, Signature Calculations for the Authorization Header: Transferring Payload in
Multiple Chunks; Signature calculations for trailing headers (chunked uploads).
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamome.errors import AwsError
from kamome.http import sigv4
from kamome.http.chunked import ChunkDecoder
from kamome.http.errors import (
    IncompleteBody,
    InvalidChunkSizeError,
    InvalidRequest,
    MalformedTrailerError,
    MissingContentLength,
    SignatureDoesNotMatch,
    XAmzContentSHA256Mismatch,
)
from kamome.http.payload import open_payload
from kamome.http.sigv4 import Seed
from kamome.wire import HttpRequest

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW_MS = 1_369_353_600_000
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CRC32C = "x-amz-checksum-crc32c"
EMPTY = hashlib.sha256(b"").hexdigest()
CONTENT = b"a" * 66560
DATE = "20130524T000000Z"
SCOPE = "20130524/us-east-1/s3/aws4_request"
KEY = sigv4.signing_key(SECRET_KEY, "20130524", "us-east-1", "s3")
SEED = Seed(KEY, "0" * 64, DATE, SCOPE, SIGNED)

AsSent = Callable[..., HttpRequest]


def upload(chunks: Sequence[bytes], signatures: Sequence[str], trailer: bytes = b"\r\n") -> bytes:
    """A chunked body with these signatures; unsigned where they are empty."""
    body = b""
    for chunk, signature in zip([*chunks, b""], signatures, strict=True):
        extension = f";chunk-signature={signature}" if signature else ""
        body += f"{len(chunk):x}{extension}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
    return body + trailer


def signatures(chunks: Sequence[bytes], previous: str = SEED.signature) -> list[str]:
    """The chunk signatures as the documentation describes them, the last chunk's included."""
    made = []
    for chunk in [*chunks, b""]:
        digest = hashlib.sha256(chunk).hexdigest()
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{DATE}\n{SCOPE}\n{previous}\n{EMPTY}\n{digest}"
        previous = hmac.new(KEY, text.encode(), "sha256").hexdigest()
        made.append(previous)
    return made


def read(decoder: ChunkDecoder, parts: Iterable[bytes]) -> bytes:
    decoded = b"".join([data for part in parts for data in decoder.feed(part)])
    decoder.finish()
    return decoded


def cut(body: bytes, at: Iterable[int]) -> list[bytes]:
    edges = sorted({0, len(body), *(place % (len(body) + 1) for place in at)})
    return [body[start:end] for start, end in itertools.pairwise(edges)]


def signed_decoder(length: int, seed: Seed | None = SEED) -> ChunkDecoder:
    return ChunkDecoder(SIGNED, length, frozenset(), seed)


def unsigned_decoder(length: int) -> ChunkDecoder:
    return ChunkDecoder(UNSIGNED_TRAILER, length, frozenset({CRC32C}))


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


class Arriving:
    """A body as it comes from the socket, in these pieces."""

    whole = None

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    def chunks(self) -> AsyncIterator[bytes]:
        return pieces(*self._parts)


EXAMPLE_HEADERS = {
    "x-amz-date": DATE,
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
}


def example(as_sent: AsSent, content_sha256: str, signed: str, seed: str) -> HttpRequest:
    credential = f"AKIAIOSFODNN7EXAMPLE/{SCOPE}"
    return as_sent(
        "PUT",
        "http://s3.amazonaws.com/examplebucket/chunkObject.txt",
        EXAMPLE_HEADERS
        | {"x-amz-content-sha256": content_sha256}
        | ({"x-amz-trailer": CRC32C} if "trailer" in signed else {"content-length": "66824"})
        | {
            "authorization": f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={signed},"
            f"Signature={seed}"
        },
    )


async def opened(request: HttpRequest, body: bytes) -> tuple[bytes, dict[str, str]]:
    credential = sigv4.parse(request)
    assert credential is not None
    seed = sigv4.verify(request, credential, SECRET_KEY, now_ms=[NOW_MS])
    stream = open_payload(request, Arriving(body), seed)
    return await stream.read(), stream.trailers


class TestPublishedExamples:
    async def test_signed_chunks(self, as_sent: AsSent) -> None:
        request = example(
            as_sent,
            SIGNED,
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
            "x-amz-decoded-content-length;x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        )
        body = upload(
            [CONTENT[:65536], CONTENT[65536:]],
            [
                "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
            ],
        )

        assert len(body) == 66824
        assert await opened(request, body) == (CONTENT, {})

    @pytest.mark.parametrize("newline", [b"\r\n", b"\n\r\n"], ids=["crlf", "lf-crlf"])
    async def test_signed_chunks_and_trailer(self, as_sent: AsSent, newline: bytes) -> None:
        request = example(
            as_sent,
            SIGNED_TRAILER,
            "content-encoding;host;x-amz-content-sha256;x-amz-date;"
            "x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        )
        signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
        body = upload(
            [CONTENT[:65536], CONTENT[65536:]],
            [
                "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
            ],
            b"x-amz-checksum-crc32c:sOO8/Q=="
            + newline
            + f"x-amz-trailer-signature:{signature}".encode()
            + newline
            + b"\r\n",
        )

        assert len(body) == 66946 or newline != b"\r\n"
        assert await opened(request, body) == (CONTENT, {CRC32C: "sOO8/Q=="})


@given(at=st.lists(st.integers(0, 10**6), max_size=20), sizes=st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_every_split_of_a_signed_body_decodes_equally(at: list[int], sizes: int) -> None:
    chunks = [bytes([number]) * 8192 for number in range(sizes)] + [b"last"]
    body = upload(chunks, signatures(chunks))

    decoded = read(signed_decoder(8192 * sizes + 4), cut(body, at))

    assert decoded == b"".join(chunks)


def test_body_that_arrives_byte_by_byte_decodes() -> None:
    body = upload([b"hello"], ["", ""], f"{CRC32C}:mnG7TA==\r\n\r\n".encode())
    decoder = unsigned_decoder(5)

    assert read(decoder, [bytes([byte]) for byte in body]) == b"hello"
    assert decoder.trailers == {CRC32C: "mnG7TA=="}


def test_empty_body_decodes() -> None:
    assert read(signed_decoder(0), [upload([], signatures([]))]) == b""


def test_part_of_a_chunk_is_passed_on_before_the_chunk_ends() -> None:
    decoder = signed_decoder(100_000_000)
    header = f"{100_000_000:x};chunk-signature={'0' * 64}\r\n".encode()

    assert list(decoder.feed(header + b"first")) == [b"first"]
    assert list(decoder.feed(b"second")) == [b"second"]


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7), split=st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_no_bit_of_a_signed_body_can_be_changed(at: int, bit: int, split: int) -> None:
    chunks = [b"x" * 8192, b"last"]
    body = bytearray(upload(chunks, signatures(chunks)))
    body[at % len(body)] ^= 1 << bit
    # The size may be written in capitals: hexadecimal digits of either case say the same.
    if bytes(body).lower() == upload(chunks, signatures(chunks)) and bit == 5:
        return

    with pytest.raises((SignatureDoesNotMatch, IncompleteBody, InvalidChunkSizeError)):
        read(signed_decoder(8196), cut(bytes(body), [split]))


@given(length=st.integers(0, 10**6))
@settings(max_examples=80, deadline=None)
def test_body_cut_short_is_incomplete(length: int) -> None:
    chunks = [b"x" * 8192, b"last"]
    body = upload(chunks, signatures(chunks))

    with pytest.raises(IncompleteBody) as refused:
        read(signed_decoder(8196), [body[: length % len(body)]])

    assert refused.value.status == 400
    assert refused.value.message == "The request body terminated unexpectedly"


def test_exchanged_chunks_do_not_verify() -> None:
    chunks = [b"x" * 8192, b"y" * 8192]
    first, second, last = signatures(chunks)
    body = upload([chunks[1], chunks[0]], [second, first, last])

    with pytest.raises(SignatureDoesNotMatch) as refused:
        read(signed_decoder(16384), [body])

    assert refused.value.explanation is not None
    assert refused.value.explanation.string_to_sign.startswith("AWS4-HMAC-SHA256-PAYLOAD\n")


def test_chunk_signatures_are_only_parsed_without_a_seed() -> None:
    body = upload([b"data"], ["1" * 64, "2" * 64])

    assert read(signed_decoder(4, seed=None), [body]) == b"data"


@pytest.mark.parametrize("length", [3, 5])
def test_other_length_than_announced_is_incomplete(length: int) -> None:
    body = upload([b"data"], signatures([b"data"]))

    with pytest.raises(IncompleteBody):
        read(signed_decoder(length), [body])


def test_small_chunk_before_the_last_is_refused() -> None:
    chunks = [b"x" * 8191, b"last"]

    with pytest.raises(InvalidChunkSizeError) as refused:
        read(signed_decoder(8195), [upload(chunks, signatures(chunks))])

    assert refused.value.status == 403
    assert refused.value.members == {"Chunk": "2", "BadChunkSize": "8191"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"zz\r\n", id="size-that-is-no-number"),
        pytest.param(b"-4\r\ndata\r\n0\r\n\r\n", id="negative-size"),
        pytest.param(b"4;x=y\r\ndata\r\n0\r\n\r\n", id="unknown-extension"),
        pytest.param(b"4\ndata\n0\n\n", id="bare-line-feeds"),
        pytest.param(b"4\r\ndataX\r\n0\r\n\r\n", id="chunk-longer-than-its-size"),
        pytest.param(b"0" * 10_000, id="endless-header"),
        pytest.param(b"ffffffffffffffff\r\n", id="size-beyond-the-announced-length"),
        pytest.param(upload([b"data"], ["0" * 64, "0" * 64]), id="signature-in-an-unsigned-body"),
    ],
)
def test_broken_encoding_is_incomplete(body: bytes) -> None:
    with pytest.raises(IncompleteBody):
        read(unsigned_decoder(4), [body])


@pytest.mark.parametrize(
    "trailer",
    [
        pytest.param(b"\r\n", id="announced-but-missing"),
        pytest.param(b"x-amz-checksum-sha1:AAAA\r\n\r\n", id="another-than-announced"),
        pytest.param(f"{CRC32C}AAAA\r\n\r\n".encode(), id="no-colon"),
        pytest.param(b":AAAA\r\n\r\n", id="no-name"),
        pytest.param(f"{CRC32C}:A\r\n{CRC32C}:B\r\n\r\n".encode(), id="sent-twice"),
        pytest.param(f"{CRC32C}:{'A' * 5000}\r\n\r\n".encode(), id="too-long"),
        pytest.param(
            f"{CRC32C}:A\r\nx-amz-trailer-signature:{'0' * 64}\r\n\r\n".encode(),
            id="signed-where-nothing-is",
        ),
    ],
)
def test_malformed_trailer_is_refused(trailer: bytes) -> None:
    with pytest.raises(MalformedTrailerError) as refused:
        read(unsigned_decoder(4), [upload([b"data"], ["", ""], trailer)])

    assert refused.value.status == 400


@pytest.mark.parametrize("end", [b"", b"\r", b"\r\n"])
def test_trailer_cut_short_is_incomplete(end: bytes) -> None:
    body = upload([b"data"], ["", ""], f"{CRC32C}:AAAA".encode() + end)

    with pytest.raises(IncompleteBody):
        read(unsigned_decoder(4), [body])


@pytest.mark.parametrize(
    ("trailer", "error"),
    [
        pytest.param(f"{CRC32C}:A\r\n\r\n", MalformedTrailerError, id="missing"),
        pytest.param(
            f"{CRC32C}:A\r\nx-amz-trailer-signature:{'0' * 64}\r\n\r\n",
            SignatureDoesNotMatch,
            id="wrong",
        ),
    ],
)
def test_trailer_signature_is_verified(trailer: str, error: type[AwsError]) -> None:
    decoder = ChunkDecoder(SIGNED_TRAILER, 4, frozenset({CRC32C}), SEED)

    with pytest.raises(error):
        read(decoder, [upload([b"data"], signatures([b"data"]), trailer.encode())])
    assert decoder.trailers == {}


@given(
    body=st.lists(
        st.one_of(
            st.sampled_from([b"4\r\n", b"data", b"\r\n", b"0\r\n", CRC32C.encode(), b":", b"\n"]),
            st.binary(max_size=10),
        ),
        max_size=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_garbage_is_refused_as_the_callers_fault(body: list[bytes]) -> None:
    decoder = unsigned_decoder(4)

    try:
        decoded = read(decoder, body)
    except AwsError as error:
        assert error.status in {400, 403}
    else:
        assert decoded == b"data"
        assert decoder.trailers.keys() == {CRC32C}


class TestOpenPayload:
    def request(self, headers: dict[str, str]) -> HttpRequest:
        return HttpRequest("PUT", "/b/k", "", list(headers.items()))

    def test_chunked_body_must_announce_its_decoded_length(self) -> None:
        with pytest.raises(MissingContentLength) as refused:
            open_payload(self.request({"x-amz-content-sha256": SIGNED}), Arriving())

        assert refused.value.status == 411

    def test_trailer_that_cannot_be_one_is_refused_before_the_body_is_read(self) -> None:
        headers = {
            "x-amz-content-sha256": UNSIGNED_TRAILER,
            "x-amz-decoded-content-length": "4",
            "x-amz-trailer": "x-amz-checksum-sha10",
        }

        with pytest.raises(InvalidRequest):
            open_payload(self.request(headers), Arriving())

    async def test_plain_body_is_held_to_its_digest(self) -> None:
        headers = {
            "x-amz-content-sha256": hashlib.sha256(b"signed").hexdigest(),
            "content-length": "4",
        }
        stream = open_payload(self.request(headers), Arriving(b"se", b"nt"))

        with pytest.raises(XAmzContentSHA256Mismatch):
            await stream.read()
        assert stream.length == 4

    async def test_plain_body_is_held_to_its_length(self) -> None:
        headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD", "content-length": "5"}

        with pytest.raises(IncompleteBody):
            await open_payload(self.request(headers), Arriving(b"sent")).read()

    async def test_unsigned_chunks_give_content_and_trailers(self) -> None:
        headers = {
            "x-amz-content-sha256": UNSIGNED_TRAILER,
            "x-amz-decoded-content-length": "5",
            "x-amz-trailer": CRC32C,
        }
        body = upload([b"hello"], ["", ""], f"{CRC32C}:mnG7TA==\r\n\r\n".encode())
        stream = open_payload(self.request(headers), Arriving(body))

        assert await stream.read() == b"hello"
        assert (stream.length, stream.trailers) == (5, {CRC32C: "mnG7TA=="})

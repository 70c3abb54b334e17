"""DKIM: RFC 8463's example, dkimpy as signer and as second opinion, and hostile signatures."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import dkim as dkimpy  # type: ignore[import-untyped] # it ships no types
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.clock import manual_clock
from kamome.mail.authentication.body_hash import BodyHash
from kamome.mail.authentication.dkim import check_signatures
from kamome.mail.authentication.signature_field import (
    RawField,
    SignatureSyntaxError,
    parse_signature,
    raw_fields,
    relaxed_field,
)
from kamome.mail.checks import SignatureCheck
from kamome.mail.dns import Resolver

# dkimpy signs at the machine's time, which is before this.
NOW_S = 4_000_000_000
RFC_8463 = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
RSA = (
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6"
    "wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvH"
    "O9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)
MAIL = b"From: a@example.com\r\nTo: b@example.net\r\nSubject: hi\r\n\r\nHello \t there \r\n\r\n\r\n"


@functools.cache
def _rsa_key(bits: int) -> tuple[bytes, str]:
    """A private key in PEM, and the record of its public key."""
    key = rsa.generate_private_key(65_537, bits)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem, f"v=DKIM1; p={base64.b64encode(der).decode()}"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with running_dns_server() as server:
        server.add("brisbane._domainkey.football.example.com", "TXT", ED25519)
        server.add("test._domainkey.football.example.com", "TXT", RSA)
        server.add("s._domainkey.example.com", "TXT", _rsa_key(2048)[1])
        yield server


async def check(
    dns: DnsServer, mail: bytes, *, now_s: int = NOW_S, piece_bytes: int = 1_000
) -> tuple[SignatureCheck, ...]:
    head, _, body = mail.partition(b"\r\n\r\n")

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), piece_bytes):
            yield body[at : at + piece_bytes]

    resolver = Resolver(manual_clock(), dns.setting, timeout_s=dns.patience_s)
    return await check_signatures(resolver, head, pieces(), now_s=now_s)


def signed(
    mail: bytes = MAIL, *, forms: bytes = b"relaxed/relaxed", bits: int = 2048, **options: object
) -> bytes:
    """The mail with a signature of example.com by dkimpy before it."""
    header, body = forms.split(b"/")
    field = dkimpy.sign(
        mail, b"s", b"example.com", _rsa_key(bits)[0], canonicalize=(header, body), **options
    )
    assert isinstance(field, bytes)
    return field + mail


async def test_example_of_rfc_8463_passes_with_both_keys(dns: DnsServer) -> None:
    found = await check(dns, RFC_8463)

    assert [(each.algorithm, each.result) for each in found] == [
        ("ed25519-sha256", "pass"),
        ("rsa-sha256", "pass"),
    ]


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize(
    "forms", [b"simple/simple", b"simple/relaxed", b"relaxed/simple", b"relaxed/relaxed"]
)
async def test_what_dkimpy_signs_passes(dns: DnsServer, forms: bytes, piece_bytes: int) -> None:
    (found,) = await check(dns, signed(forms=forms), piece_bytes=piece_bytes)

    assert (found.result, found.domain, found.selector) == ("pass", "example.com", "s")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"Hello", b"Hullo", "the body has been changed"),
        (b"Subject: hi", b"Subject: ho", "the signature does not fit the header"),
        (b"From: a@", b"From: x@", "the signature does not fit the header"),
    ],
)
async def test_changed_mail_fails(dns: DnsServer, before: bytes, after: bytes, reason: str) -> None:
    (found,) = await check(dns, signed().replace(before, after))

    assert (found.result, found.reason) == ("fail", reason)


async def test_relaxed_forms_forgive_blanks(dns: DnsServer) -> None:
    mail = (
        signed()
        .replace(b"Subject: hi", b"SUBJECT :  hi ")
        .replace(b"Hello \t there", b"Hello there")
    )

    assert (await check(dns, mail))[0].result == "pass"


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=DKIM1; p=", "permerror"),
        ("v=DKIM2; p=AAAA", "permerror"),
        ("v=DKIM1; k=ed25519; p=AAAA", "permerror"),
        ("v=DKIM1; p=AAAA", "permerror"),
        ("v=DKIM1; p=%%%", "permerror"),
        ("v=DKIM1; s=tlsrpt; " + _rsa_key(2048)[1].partition("; ")[2], "permerror"),
        ("v=DKIM1; h=sha1; " + _rsa_key(2048)[1].partition("; ")[2], "permerror"),
        (_rsa_key(2048)[1] + "; n=" + "x" * 5_000, "policy"),
        ("k=rsa; h=sha1:sha256; s=email; " + _rsa_key(2048)[1].partition("; ")[2], "pass"),
    ],
)
async def test_key_record_decides(dns: DnsServer, record: str, result: str) -> None:
    dns.remove("s._domainkey.example.com", "TXT")
    dns.add("s._domainkey.example.com", "TXT", record)

    assert (await check(dns, signed()))[0].result == result


async def test_missing_key_and_silent_server_are_told_apart(dns: DnsServer) -> None:
    dns.remove("s._domainkey.example.com", "TXT")
    assert (await check(dns, signed()))[0].result == "permerror"

    dns.failing.add("s._domainkey.example.com")
    assert (await check(dns, signed()))[0].result == "temperror"


async def test_short_key_proves_nothing(dns: DnsServer) -> None:
    pem, record = _short_key()
    dns.remove("s._domainkey.example.com", "TXT")
    dns.add("s._domainkey.example.com", "TXT", record)
    field = dkimpy.DKIM(MAIL, minkey=512).sign(b"s", b"example.com", pem)

    found = (await check(dns, field + MAIL))[0]

    assert found.result in ("policy", "permerror")


def _short_key() -> tuple[bytes, str]:
    """512 bits, made by hand: `cryptography` makes none so short."""
    p = 0xF1B75F6D2B3BC1E6E3E1A3D5F6A0C9A5B4C5F8D1A2E7B3C4D5E6F7A8B9CADBEF
    q = 0xE3C5A7B9DBFD1F3A5C7E9FB1D3F5A7C9EBFD0F2143657687A9BACBDCEDFEE1F3
    p, q = _next_prime(p), _next_prime(q)
    d = pow(65_537, -1, (p - 1) * (q - 1))
    values = [0, p * q, 65_537, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    der = _der(0x30, b"".join(map(_integer, values)))
    pem = b"-----BEGIN RSA PRIVATE KEY-----\n" + base64.encodebytes(der)
    pem += b"-----END RSA PRIVATE KEY-----\n"
    public = _der(0x30, _integer(p * q) + _integer(65_537))
    identifier = bytes.fromhex("300d06092a864886f70d0101010500")
    info = _der(0x30, identifier + _der(0x03, b"\0" + public))
    return pem, f"v=DKIM1; p={base64.b64encode(info).decode()}"


def _next_prime(number: int) -> int:
    number |= 1
    while not all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7)):
        number += 2
    return number


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    size = length.to_bytes((length.bit_length() + 7) // 8, "big") if length > 127 else b""
    return (
        bytes([tag, 0x80 | len(size)]) + size + content if size else bytes([tag, length]) + content
    )


async def test_expired_signature_fails(dns: DnsServer) -> None:
    mail = signed().replace(b"v=1;", b"v=1; x=1528637909;", 1)

    assert (await check(dns, mail))[0].reason == "it has expired"


async def test_signature_of_the_future_fails(dns: DnsServer) -> None:
    found = await check(dns, RFC_8463, now_s=1_500_000_000)

    assert {each.reason for each in found} == {"it is of the future"}


async def test_more_signatures_than_are_checked(dns: DnsServer) -> None:
    field = signed().removesuffix(MAIL)

    found = await check(dns, field * 30 + MAIL)

    assert len(found) == 11
    assert found[-1].result == "policy"


async def test_mail_without_signature_has_no_result(dns: DnsServer) -> None:
    assert await check(dns, MAIL) == ()


@pytest.mark.parametrize(
    "field",
    [
        b"DKIM-Signature: ",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s; h=to; bh=AA==; b=AA==",
        b"DKIM-Signature: v=1; a=rsa-md5; d=example.com; s=s; h=from; bh=AA==; b=AA==",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=exa mple.com; s=s; h=from; bh=AA==; b=AA==",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=*; h=from; bh=AA==; b=AA==",
        b"DKIM-Signature: v=1; v=1; a=rsa-sha256; d=example.com; s=s; h=from; bh=AA==; b=AA==",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s; h=from; bh=A; b=AA==",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; i=@x.org; s=s; h=from; bh=AA==; b=AA==",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s; l=-1; h=from; bh=AA==; b=AA==",
        b"DKIM-Signature: v=1; a=rsa-sha256; c=odd; d=example.com; s=s; h=from; bh=AA==; b=AA==",
    ],
)
async def test_malformed_signature_is_neutral(dns: DnsServer, field: bytes) -> None:
    (found,) = await check(dns, field + b"\r\n" + MAIL)

    assert found.result == "neutral"


async def test_length_tag_covers_the_beginning_only(dns: DnsServer) -> None:
    mail = signed(length=True)

    assert (await check(dns, mail + b"more\r\n"))[0].result == "pass"
    assert (await check(dns, mail.replace(b"there \r\n\r\n\r\n", b"")))[0].result == "fail"


LINES = st.lists(
    st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r", b"\n", b"b c", b"."]), max_size=40
)


@given(pieces=LINES, is_relaxed=st.booleans(), cut=st.integers(1, 7))
def test_body_hash_is_dkimpys(pieces: list[bytes], is_relaxed: bool, cut: int) -> None:
    body = b"".join(pieces)
    policy = dkimpy.canonicalization.CanonicalizationPolicy.from_c_value(
        b"relaxed/relaxed" if is_relaxed else b"simple/simple"
    )
    ours = BodyHash(is_relaxed=is_relaxed, algorithm="sha256")

    for at in range(0, len(body), cut):
        ours.feed(body[at : at + cut])

    expected = policy.canonicalize_body(
        body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    )
    if not body:
        expected = b"" if is_relaxed else b"\r\n"
    assert ours.digest() == hashlib.sha256(expected).digest()


@given(st.binary(max_size=200))
def test_relaxed_field_is_dkimpys(value: bytes) -> None:
    value = (
        value.replace(b"\r", b"")
        .replace(b"\n", b"\r\n ")
        .replace(b"\x0b", b"")
        .replace(b"\x0c", b"")
    )
    ((name, theirs),) = dkimpy.canonicalization.Relaxed.canonicalize_headers([(b"X-A", value)])

    ours = relaxed_field(b"X-A:" + value) + b"\r\n"

    assert ours.replace(b" \r\n", b"\r\n") == (name + b":" + theirs).replace(b" \r\n", b"\r\n")


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_field_is_a_signature_or_a_syntax_error(value: bytes) -> None:
    for field in raw_fields(b"DKIM-Signature: v=1; " + value):
        try:
            parse_signature(RawField(b"dkim-signature", field.raw))
        except SignatureSyntaxError:
            continue


async def test_long_white_space_is_canonicalized_in_linear_time(dns: DnsServer) -> None:
    """Quadratic time would take minutes for this."""
    blanks = (b"\r\n" + b" \t" * 400) * 90
    field = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s; h=from"
    field += blanks + b"; b" + blanks + b"= AA==;" + blanks + b"bh=AA==\r\n"
    body = (b" \t" * 499 + b"\r\n") * 5_000

    found = await asyncio.wait_for(check(dns, field + MAIL + body), 60)

    assert found[0].result == "fail"


# ---------------------------------------------------------------------- Mail::DKIM, where it is

PERL = """
use Mail::DKIM::Signer;
my $signer = Mail::DKIM::Signer->new(Algorithm => "rsa-sha256", Method => $ARGV[1],
  Domain => "example.com", Selector => "s", KeyFile => $ARGV[0]);
binmode STDIN; local $/; $signer->PRINT(<STDIN>); $signer->CLOSE;
binmode STDOUT; print $signer->signature->as_string;
"""


def _has_mail_dkim() -> bool:
    if not shutil.which("perl"):
        return False
    asked = ["perl", "-MMail::DKIM", "-e", "1"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _has_mail_dkim(), reason="Perl's Mail::DKIM is not installed")
@pytest.mark.parametrize(
    "forms", ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]
)
@pytest.mark.parametrize(
    "mail",
    [MAIL, b"From: a@example.com\r\nX: \r\n\ty\r\n  z \r\n\r\n", MAIL + b" \t\r\n a\r\n\r\n \r\n"],
    ids=["plain", "folded-and-empty", "blanks"],
)
async def test_what_mail_dkim_signs_passes(
    dns: DnsServer, tmp_path: Path, forms: str, mail: bytes
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(_rsa_key(2048)[0])
    signed_by_perl = subprocess.run(
        ["perl", "-e", PERL, str(key), forms], input=mail, capture_output=True, check=True
    )

    (found,) = await check(dns, signed_by_perl.stdout + b"\r\n" + mail)

    assert (found.result, found.reason) == ("pass", "")

"""DKIM signatures: dkimpy verifies each, and the examples of the RFCs come out."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

import dkim  # type: ignore[import-untyped] # dkimpy has no types
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.dkim_signing import (
    ED25519_SHA256,
    RSA_SHA256,
    Signer,
    SigningKeyInvalid,
    canonical_body,
    canonical_fields,
    key_record,
    new_ed25519_key,
    new_key,
    public_key,
    sign,
    sign_all,
    signed_octets,
)
from kamome.mail.header_fields import header_end

MAIL = (
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner\r\n\t ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    b"\r\n"
    b"Hi.\r\n\r\nWe lost   the game.\t Are you hungry yet? \r\n\r\nJoe.\r\n\r\n\r\n"
)


@cache
def keys(algorithm: str) -> tuple[str, str]:
    return new_ed25519_key() if algorithm == ED25519_SHA256 else new_key()


def verify(mail: bytes, algorithm: str, index: int = 0) -> bool:
    """Whether dkimpy takes the mail as SMTP brings it: with a line end at its end."""
    record = key_record(keys(algorithm)[1], algorithm).encode()
    asked = dkim.DKIM(mail if mail.endswith(b"\r\n") else mail + b"\r\n")
    try:
        return bool(asked.verify(idx=index, dnsfunc=lambda _name, **_more: record))
    except dkim.ValidationError:
        return False


def signed(mail: bytes, algorithm: str = RSA_SHA256, **more: int) -> bytes:
    field = sign(
        mail,
        domain="football.example.com",
        selector="test",
        private_key_pem=keys(algorithm)[0],
        algorithm=algorithm,
        **more,
    )
    return field + mail


@pytest.mark.parametrize("algorithm", [RSA_SHA256, ED25519_SHA256])
class TestBothAlgorithms:
    def test_signature_is_verified_by_another_implementation(self, algorithm: str) -> None:
        assert verify(signed(MAIL, algorithm, signed_at_s=1_528_637_909), algorithm)

    def test_changed_body_is_found(self, algorithm: str) -> None:
        assert not verify(signed(MAIL, algorithm).replace(b"hungry", b"thirsty"), algorithm)

    def test_changed_subject_is_found(self, algorithm: str) -> None:
        assert not verify(signed(MAIL, algorithm).replace(b"dinner", b"supper"), algorithm)

    def test_second_from_is_found(self, algorithm: str) -> None:
        assert not verify(b"From: eve@example.org\r\n" + signed(MAIL, algorithm), algorithm)

    def test_refolded_header_and_blanks_at_line_ends_do_no_harm(self, algorithm: str) -> None:
        mail = signed(MAIL, algorithm)
        mail = mail.replace(b"Is dinner\r\n\t ready?", b"  Is dinner ready?  ")
        mail = mail.replace(b"Joe.\r\n", b"Joe.  \t\r\n")

        assert verify(mail, algorithm)

    def test_lines_of_the_field_are_short(self, algorithm: str) -> None:
        field = signed(MAIL, algorithm)[: -len(MAIL)]

        assert max(len(line) for line in field.split(b"\r\n")) <= 78
        assert field.endswith(b"\r\n")


@pytest.mark.parametrize(
    "body",
    [b"", b"\r\n", b" \r\n\t\r\n", b"no line end", b"blank at the end \t", b"\r\n\r\na\r\n"],
)
def test_bodies_at_the_edge_are_verified(body: bytes) -> None:
    assert verify(signed(b"From: a@example.com\r\n\r\n" + body), RSA_SHA256)


def test_mail_without_body_is_verified() -> None:
    assert verify(signed(b"From: a@example.com\r\nSubject: x\r\n\r\n"), RSA_SHA256)


def test_two_signers_stand_side_by_side() -> None:
    signers = [
        Signer("example.com", "r", keys(RSA_SHA256)[0]),
        Signer("example.com", "e", keys(ED25519_SHA256)[0], ED25519_SHA256),
    ]

    mail = sign_all(MAIL, signers, signed_at_s=1) + MAIL

    assert mail.count(b"DKIM-Signature:") == 2
    assert verify(mail, RSA_SHA256, 0)
    assert verify(mail, ED25519_SHA256, 1)


def test_field_that_occurs_twice_is_signed_twice() -> None:
    mail = b"References: <a@x>\r\nReferences: <b@x>\r\n" + MAIL

    assert verify(signed(mail), RSA_SHA256)
    assert not verify(signed(mail).replace(b"<a@x>", b"<c@x>"), RSA_SHA256)
    assert not verify(signed(mail).replace(b"<b@x>", b"<c@x>"), RSA_SHA256)


_TEXT = st.text(st.sampled_from("ab \t:;=ü"), max_size=30).map(lambda text: text.encode())
_LINES = st.lists(_TEXT, max_size=8).map(b"\r\n".join)


@given(subject=_TEXT, fold=_TEXT, body=_LINES)
def test_any_mail_that_is_signed_is_verified(subject: bytes, fold: bytes, body: bytes) -> None:
    mail = b"From: a@example.com\r\nSubject:" + subject + b"\r\n x" + fold + b"\r\n\r\n" + body

    assert verify(signed(mail, ED25519_SHA256), ED25519_SHA256)


class TestKeys:
    def test_public_key_is_found_from_the_private_one(self) -> None:
        for algorithm in (RSA_SHA256, ED25519_SHA256):
            private, public = keys(algorithm)
            assert public_key(private, algorithm) == public

    def test_ed25519_record_holds_the_32_octets(self) -> None:
        assert len(base64.b64decode(keys(ED25519_SHA256)[1])) == 32

    @pytest.mark.parametrize("form", ["TraditionalOpenSSL", "PKCS8"])
    @pytest.mark.parametrize("bits", [1024, 2048])
    def test_key_is_taken_as_base64_alone(self, form: str, bits: int) -> None:
        key = rsa.generate_private_key(65_537, bits)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            getattr(serialization.PrivateFormat, form),
            serialization.NoEncryption(),
        ).decode()
        bare = "".join(pem.splitlines()[1:-1])

        assert public_key(bare) == public_key(pem)

    @pytest.mark.parametrize("pem", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
    def test_what_is_no_key_is_refused(self, pem: str) -> None:
        with pytest.raises(SigningKeyInvalid):
            public_key(pem)

    def test_key_of_the_other_kind_is_refused(self) -> None:
        with pytest.raises(SigningKeyInvalid, match="ed25519-sha256"):
            public_key(keys(RSA_SHA256)[0], ED25519_SHA256)

    def test_short_key_is_refused(self) -> None:
        key = rsa.generate_private_key(65_537, 1024)
        short = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

        assert public_key(short)
        with pytest.raises(SigningKeyInvalid):
            sign(MAIL, domain="a b", selector="s", private_key_pem=short)

    @pytest.mark.parametrize("value", ["", "a;b", "a\r\nX: y", "a b"])
    def test_domain_and_selector_bring_no_tags_of_their_own(self, value: str) -> None:
        pem = keys(RSA_SHA256)[0]
        for domain, selector in ((value, "s"), ("d", value)):
            with pytest.raises(SigningKeyInvalid):
                sign(MAIL, private_key_pem=pem, domain=domain, selector=selector)


# RFC 8463 appendix A.
EXAMPLE = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
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
EXAMPLE_ED25519_PRIVATE = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
EXAMPLE_RSA_PUBLIC = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
    "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZy"
    "VYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)


def _example(number: int) -> tuple[bytes, bytes]:
    """What a signature of the example is computed over, by us, and the signature in it."""
    end = header_end(EXAMPLE)
    field = EXAMPLE[:end].split(b"DKIM-Signature:")[number + 1].partition(b"\r\nFrom:")[0]
    before, _, coded = field.partition(b";\r\n b=")
    before += b";\r\n "
    names = re.search(rb"h=([^;]*);", field)
    assert names is not None
    wanted = [name.strip() for name in names[1].replace(b"\r\n", b"").split(b":")]
    octets = signed_octets(canonical_fields(EXAMPLE[:end]), wanted, before + b"b=")
    return octets, base64.b64decode(coded)


def test_example_of_rfc_8463_has_our_body_hash() -> None:
    digest = hashlib.sha256(canonical_body(EXAMPLE[header_end(EXAMPLE) :])).digest()

    assert base64.b64encode(digest) == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="


def test_example_of_rfc_8463_is_signed_the_same_by_ed25519() -> None:
    octets, expected = _example(0)
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(EXAMPLE_ED25519_PRIVATE))

    assert key.sign(hashlib.sha256(octets).digest()) == expected


def test_example_of_rfc_8463_holds_for_rsa() -> None:
    octets, signature = _example(1)
    key = serialization.load_der_public_key(base64.b64decode(EXAMPLE_RSA_PUBLIC))
    assert isinstance(key, rsa.RSAPublicKey)

    key.verify(signature, octets, padding.PKCS1v15(), hashes.SHA256())

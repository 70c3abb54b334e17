"""Signing a mail of 5 KB: ours against dkimpy's signer, one core, no network."""

from __future__ import annotations

import time
from collections.abc import Callable

import dkim

from kamome.mail.dkim_signing import ED25519_SHA256, RSA_SHA256, new_ed25519_key, new_key, sign

_MAIL = (
    b"From: Shop <shop@example.com>\r\nTo: buyer@example.net\r\nSubject: Your order\r\n"
    b"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    + b"A line of an order notice as shops send it, every day.\r\n"
    * 90
)
_SECONDS = 2.0


def run_signatures() -> dict[str, object]:
    """Microseconds a signature, by algorithm and signer."""
    figures: dict[str, object] = {}
    keys = {RSA_SHA256: new_key(2048), ED25519_SHA256: new_ed25519_key()}
    for algorithm, (pem, _) in keys.items():

        def ours(algorithm: str = algorithm, pem: str = pem) -> bytes:
            return sign(
                _MAIL, domain="example.com", selector="s", private_key_pem=pem, algorithm=algorithm
            )

        figures[f"{algorithm}_us"] = _microseconds(ours)
    pem = _pkcs1(keys[RSA_SHA256][0])
    figures["dkimpy_rsa-sha256_us"] = _microseconds(
        lambda: dkim.sign(_MAIL, b"s", b"example.com", pem, canonicalize=(b"relaxed", b"relaxed"))
    )
    for name, figure in figures.items():
        print(f"dkim {name.removesuffix('_us')}: {figure:.0f} us")
    return figures


def _microseconds(work: Callable[[], bytes]) -> float:
    work()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < _SECONDS:
        work()
        count += 1
    return (time.perf_counter() - began) / count * 1e6


def _pkcs1(pem: str) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(pem.encode(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


if __name__ == "__main__":
    run_signatures()

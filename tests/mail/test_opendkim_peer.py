"""OpenDKIM, which we did not write, takes our signatures for good.

What it can sign without a mail server around it is SHA-1, which counts for nothing here (RFC 8301).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kamome.mail.dkim_signing import key_record, new_key, sign

pytestmark = pytest.mark.skipif(not shutil.which("opendkim"), reason="opendkim is not installed")

_HEAD = (
    b"From: Shop <shop@example.com>\r\nTo: b@example.net,\r\n  c@example.net\r\n"
    b"Subject:   =?utf-8?q?Gr=C3=BC?=  two \r\nMIME-Version: 1.0\r\n"
    b"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\n"
)
BODIES = {
    "plain": b"hello\r\n",
    "empty": b"",
    "blank lines": b"\r\n\r\n\r\n",
    "blanks": b"a \t b  \r\n\t\r\n  c\r\n \r\n\r\n",
    "dots": b".\r\n..\r\n.a\r\n",
    "eight bit": "Grüße\r\n".encode() * 200,
    "long lines": b"x" * 998 + b"\r\n" + b"y " * 499 + b"\r\n",
}
# The same moment for all signatures, which the peer does not hold against them.
_AT_S = 1_795_000_000


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """A private key, and the record of its public key."""
    private_key, public_key = new_key(2048)
    return private_key, key_record(public_key, "rsa-sha256")


def judged(folder: Path, mail: bytes, record: str) -> str:
    """What opendkim says of a mail."""
    (folder / "keys").write_text(f"s._domainkey.example.com {record}\n")
    (folder / "conf").write_text(f"Mode v\nSyslog no\nTestPublicKeys {folder / 'keys'}\n")
    (folder / "mail").write_bytes(mail)
    command = ["opendkim", "-x", str(folder / "conf"), "-t", str(folder / "mail"), "-vv"]
    done = subprocess.run(command, capture_output=True, check=True)
    return (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_our_signature_passes(tmp_path: Path, key: tuple[str, str], body: bytes) -> None:
    mail = _HEAD + body
    signature = sign(
        mail,
        domain="example.com",
        selector="s",
        private_key_pem=key[0],
        algorithm="rsa-sha256",
        signed_at_s=_AT_S,
    )

    assert "dkim=pass (2048-bit key)" in judged(tmp_path, signature + mail, key[1])


@pytest.mark.parametrize("change", [(b"hello", b"hullo"), (b"two", b"too")], ids=["body", "field"])
def test_what_was_changed_on_the_way_does_not(
    tmp_path: Path, key: tuple[str, str], change: tuple[bytes, bytes]
) -> None:
    mail = _HEAD + BODIES["plain"]
    signature = sign(
        mail,
        domain="example.com",
        selector="s",
        private_key_pem=key[0],
        algorithm="rsa-sha256",
        signed_at_s=_AT_S,
    )

    assert "dkim=fail" in judged(tmp_path, signature + mail.replace(*change), key[1])

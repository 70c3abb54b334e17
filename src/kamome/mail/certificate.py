"""The listener's own certificate: self-signed, made when STARTTLS is first used, kept.

`cryptography` is imported where a certificate is made, for it costs more than the rest of a start.
A certificate that a user puts in place (`smtp-certificate.pem`: key and chain) is used as it is.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

logger = logging.getLogger(__name__)

FILE_NAME = "smtp-certificate.pem"
# Ten years: nobody checks a self-signed certificate's age, and a renewal would only surprise.
_VALID_DAYS = 3650


class CertificateUnreadable(Exception):
    """The file is there and is no certificate with its key."""


def server_context(folder: Path, hostname: str, now_ms: int) -> ssl.SSLContext:
    """A TLS context with the certificate in `folder`, made now if there is none. Takes a while.

    TLS 1.2 is the oldest version served (RFC 8996).

    Raises:
        CertificateUnreadable: the file holds no key and certificate.
        OSError: the file cannot be read or written.
    """
    path = folder / FILE_NAME
    if not path.exists():
        _write(path, self_signed(hostname, now_ms))
        logger.info("made a self-signed certificate for SMTP: %s", path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(path)
    except ssl.SSLError as error:
        raise CertificateUnreadable(
            f"{path} holds no private key with its certificate; remove it to have a new one made"
        ) from error
    return context


def self_signed(hostname: str, now_ms: int) -> bytes:
    """A P-256 key and a certificate for `hostname`, localhost and the loopback addresses, as PEM.

    P-256, for making an RSA key of 2048 bits takes a hundred times as long.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    begin = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(days=1)
    names = x509.SubjectAlternativeName(
        [
            *(x509.DNSName(each) for each in dict.fromkeys((hostname, "localhost"))),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=_VALID_DAYS))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, pem: bytes) -> None:
    """Whole or not at all, and readable by nobody else."""
    temporary = path.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)

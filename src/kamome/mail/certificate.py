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


class ServerCertificate:
    """The certificate of a listener, in `folder`. Another in its place counts at the next client:
    authorities give certificates for weeks.
    """

    def __init__(self, folder: Path, hostname: str) -> None:
        self._path = folder / FILE_NAME
        self._hostname = hostname
        self._context: ssl.SSLContext | None = None
        self._seen: tuple[int, ...] = ()

    def load(self, now_ms: int) -> ssl.SSLContext:
        """A TLS context with the certificate, made now if there is none. Takes a while.

        TLS 1.2 is the oldest version served (RFC 8996).

        Raises:
            CertificateUnreadable: the file holds no key and certificate.
            OSError: the file cannot be read or written.
        """
        if not self._path.exists():
            _write(self._path, self_signed(self._hostname, now_ms))
            logger.info("made a self-signed certificate for SMTP: %s", self._path)
        seen = _version(self._path)
        context = _context_of(self._path)
        self._context, self._seen = context, seen
        return context

    def refresh(self) -> None:
        """Look whether the file is another, and use it from now on. Costs a stat.

        One that cannot be used is told of once, and changes nothing.
        """
        try:
            if self._context is None or (seen := _version(self._path)) == self._seen:
                return
        except OSError:
            return  # it is being replaced, or gone: what is in memory stays in use
        self._seen = seen
        try:
            # In a context of its own first: a key that does not fit would spoil the one in use.
            _context_of(self._path)
            self._context.load_cert_chain(self._path, password=_no_password)
        except (CertificateUnreadable, OSError) as error:
            logger.warning("the certificate before stays in use: %s", error)
        else:
            logger.info("another certificate for SMTP is in use now: %s", self._path)


def _context_of(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(path, password=_no_password)
    except ssl.SSLError as error:
        raise CertificateUnreadable(
            f"{path} holds no private key with its certificate; remove it to have a new one made"
        ) from error
    return context


def _no_password() -> bytes:
    """For a key that needs one: without it, OpenSSL would ask at the terminal, and wait."""
    return b""


def _version(path: Path) -> tuple[int, ...]:
    """What changes with a file's content."""
    found = path.stat()
    return (found.st_mtime_ns, found.st_size, found.st_ino)


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

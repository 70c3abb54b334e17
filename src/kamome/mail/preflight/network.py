"""Greeting a mail server and fetching a policy file: what a preflight does beyond DNS, bounded."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.mail import mta_sts
from kamome.mail.preflight.transport_security import FetchedPolicy

if TYPE_CHECKING:
    from cryptography.x509 import Certificate as X509Certificate

SMTP_PORT = 25
_GREETING_S = 15.0
_REPLY_LINES_MAX = 100
_LINE_OCTETS_MAX = 2_000


class Certificate(msgspec.Struct, frozen=True):
    """A server's certificate. `distrust` says why its chain does not hold, empty: it does.

    `digests` are those that TLSA records hold, by their numbers (`3 1 1`).
    """

    names: tuple[str, ...]
    issuer: str
    not_after_ms: int
    distrust: str
    digests: dict[str, str]


class Greeting(msgspec.Struct, frozen=True):
    """What a mail server said. `problem` says why it said nothing, or nothing of SMTP."""

    host: str
    address: str
    banner: str = ""
    has_starttls: bool = False
    certificate: Certificate | None = None
    problem: str = ""


class Network(msgspec.Struct, frozen=True):
    """How a preflight reaches out. Neither function raises; both are bounded in time."""

    greet: Callable[[str, str, str], Awaitable[Greeting]]  # host, address, EHLO name
    fetch_policy: Callable[[str, Sequence[str]], Awaitable[FetchedPolicy]]  # host, addresses


def real_network() -> Network:
    """Port 25 of the Internet, and the web."""
    return Network(greet, fetch_policy)


class _Peer(msgspec.Struct, frozen=True):
    """Whom to greet, as whom, for how long at most."""

    host: str
    address: str
    port: int
    ehlo_name: str
    timeout_s: float


async def greet(
    host: str,
    address: str,
    ehlo_name: str,
    *,
    port: int = SMTP_PORT,
    timeout_s: float = _GREETING_S,
) -> Greeting:
    """Connect, hear the banner, say EHLO, look at the certificate behind STARTTLS, and leave."""
    peer = _Peer(host, address, port, ehlo_name, timeout_s)
    try:
        return await _greeting(peer, _chain_checks())
    except ssl.SSLCertVerificationError as error:
        distrust = error.verify_message
    # Once more, to see the certificate all the same.
    seen = await _greeting(peer, _no_checks())
    if seen.certificate is None:
        return seen
    certificate = msgspec.structs.replace(seen.certificate, distrust=distrust)
    return msgspec.structs.replace(seen, certificate=certificate)


async def _greeting(peer: _Peer, tls: ssl.SSLContext) -> Greeting:
    """Raises SSLCertVerificationError where `tls` does not accept the certificate."""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(peer.timeout_s):
            reader, writer = await asyncio.open_connection(
                peer.address, peer.port, limit=_LINE_OCTETS_MAX
            )
            return await _converse(peer, reader, writer, tls)
    except TimeoutError:
        problem = f"no answer within {peer.timeout_s:g} s"
    except ssl.SSLCertVerificationError:
        raise
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        problem = _reason(error)
    finally:
        if writer is not None:
            writer.transport.abort()
    return Greeting(peer.host, peer.address, problem=problem)


async def _converse(
    peer: _Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
) -> Greeting:
    said = Greeting(peer.host, peer.address, (await _reply(reader))[0])
    if not said.banner.startswith("220"):
        return msgspec.structs.replace(said, problem=f"it says: {said.banner}")
    writer.write(f"EHLO {peer.ehlo_name}\r\n".encode())
    offers = await _reply(reader)
    if not any(line[4:].upper().startswith("STARTTLS") for line in offers):
        writer.write(b"QUIT\r\n")
        await writer.drain()
        return said
    writer.write(b"STARTTLS\r\n")
    ready = (await _reply(reader))[0]
    if not ready.startswith("220"):
        return msgspec.structs.replace(said, problem=f"it says to STARTTLS: {ready}")
    await writer.start_tls(tls, server_hostname=peer.host)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.write(b"QUIT\r\n")
    return msgspec.structs.replace(said, has_starttls=True, certificate=read_certificate(der))


async def _reply(reader: asyncio.StreamReader) -> list[str]:
    """The lines of one reply."""
    lines: list[str] = []
    while len(lines) < _REPLY_LINES_MAX:
        line = (await reader.readuntil(b"\n")).decode("utf-8", "replace").rstrip("\r\n")
        lines.append(line)
        if line[3:4] != "-":
            return lines
    raise ValueError("the reply does not end")


def _reason(error: Exception) -> str:
    if isinstance(error, asyncio.IncompleteReadError):
        return "the connection was closed"
    if isinstance(error, asyncio.LimitOverrunError):
        return "what answers does not speak SMTP"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)  # asyncio's own words name the address again
    return str(error) or type(error).__name__


def _chain_checks() -> ssl.SSLContext:
    """The chain is checked here, the name by the judge, who tells the two apart."""
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


def _no_checks() -> ssl.SSLContext:
    context = _chain_checks()
    context.verify_mode = ssl.CERT_NONE
    return context


def read_certificate(der: bytes) -> Certificate:
    """What a preflight wants to know of a certificate."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_der_x509_certificate

    found = load_der_x509_certificate(der)
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digests = {}
    for selector, octets in ((0, der), (1, key)):
        digests[f"3 {selector} 1"] = hashlib.sha256(octets).hexdigest()
        digests[f"3 {selector} 2"] = hashlib.sha512(octets).hexdigest()
    return Certificate(
        _names(found),
        found.issuer.rfc4514_string(),
        round(found.not_valid_after_utc.timestamp() * 1000),
        "",
        digests,
    )


def _names(certificate: X509Certificate) -> tuple[str, ...]:
    from cryptography.x509 import DNSName, ExtensionNotFound, NameOID, SubjectAlternativeName

    try:
        extension = certificate.extensions.get_extension_for_class(SubjectAlternativeName)
    except ExtensionNotFound:
        attributes = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return tuple(str(attribute.value) for attribute in attributes)
    return tuple(extension.value.get_values_for_type(DNSName))


# ------------------------------------------------------------------ the policy of MTA-STS


async def fetch_policy(host: str, addresses: Sequence[str]) -> FetchedPolicy:
    """The MTA-STS policy file of a host, as mail that leaves fetches it."""
    try:
        text = await mta_sts.fetch_policy(host, list(addresses))
    except TimeoutError:
        return FetchedPolicy(problem=f"https://{host} does not answer in time")
    except OSError as error:
        return FetchedPolicy(problem=f"https://{host}: {_reason(error)}")
    if text is None:
        return FetchedPolicy(problem=f"https://{host} answers with no text file")
    return FetchedPolicy(text)

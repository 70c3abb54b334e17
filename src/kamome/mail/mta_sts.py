"""MTA-STS: domains that promise TLS with a valid certificate, and ask senders to insist on it.

A TXT record says that there is a policy and which one; the policy comes by HTTPS from a host whose
certificate proves it. Policies are kept for as long as they say, by the server's clock and over
restarts, and asked for again when the record's id changes.

RFC 8461. Redirects are not followed (§3.3), and a policy that cannot be had leaves the one that is
known (§5.1).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from kamome.clock import Clock
from kamome.errors import ServiceUnavailable
from kamome.mail.dns import NameNotFound, NameServerFailed, Resolver
from kamome.mail.policy_store import KnownPolicy, MtaStsPolicy, PolicyStore
from kamome.mail.reachable_networks import ReachableNetworks

logger = logging.getLogger(__name__)

ENFORCE = "enforce"
TESTING = "testing"
NONE = "none"
_MODES = (ENFORCE, TESTING, NONE)
# §3.3: a minute; mail waits meanwhile, so less.
_FETCH_S = 20.0
_POLICY_BYTES_MAX = 64 * 1024  # §3.3
_MAX_AGE_S_MAX = 31_557_600  # §3.2
_POLICIES_MAX = 1_000
# A domain whose policy could not be fetched is asked again after this, §3.3 asks for a limit.
_PAUSE_MS = 5 * 60_000
_PATH = "/.well-known/mta-sts.txt"
_ID = re.compile(r"[A-Za-z0-9]{1,32}")


def record_id(texts: list[str]) -> str | None:
    """The id of a domain's policy, None where it has none. §3.1: exactly one record counts."""
    records = [text for text in texts if re.match(r"v=STSv1\s*;", text)]
    if len(records) != 1:
        return None
    for field in records[0].split(";")[1:]:
        name, _, value = field.partition("=")
        if name.strip() == "id" and _ID.fullmatch(value.strip()):
            return value.strip()
    return None


def read_policy(text: str) -> MtaStsPolicy | None:
    """A policy from its file, None where it is none. §3.2: the first of a field counts."""
    fields: dict[str, str] = {}
    mx: list[str] = []
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            continue
        name, value = name.strip(), value.strip()
        if name == "mx":
            mx.append(value.rstrip(".").lower())
        fields.setdefault(name, value)
    age = fields.get("max_age", "")
    if fields.get("version") != "STSv1" or fields.get("mode") not in _MODES:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", age) or (fields["mode"] != NONE and not mx):
        return None
    return MtaStsPolicy(fields["mode"], tuple(mx), min(int(age), _MAX_AGE_S_MAX))


class MtaSts:
    """Policies of domains. `fetch` gets the text of one, by its host's name and addresses.

    Only hosts within `reach` are asked, by default public ones.
    """

    def __init__(
        self,
        resolver: Resolver,
        clock: Clock,
        fetch: Callable[[str, list[str]], Awaitable[str | None]] | None = None,
        store: PolicyStore | None = None,
        reach: ReachableNetworks | None = None,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._reach = reach or ReachableNetworks()
        self._fetch = fetch or fetch_policy
        self._store = store
        self._known: OrderedDict[str, KnownPolicy] = OrderedDict()

    async def policy_of(self, domain: str) -> MtaStsPolicy | None:
        """The policy that holds for a domain now, None where there is none."""
        known = self._find(domain)
        try:
            policy_id = record_id(await self._resolver.txt(f"_mta-sts.{domain}"))
        except (NameNotFound, NameServerFailed):
            policy_id = None
        # Without a record a policy that is known still holds: who strikes it out must not be able
        # to switch the protection off (§5.1, §10.2).
        if policy_id is None or (known is not None and known.policy_id == policy_id):
            return known.policy if known is not None else None
        found = await self._load(domain)
        now_ms = self._clock.now_ms()
        if found is not None:
            fresh = KnownPolicy(policy_id, found, now_ms + found.max_age_s * 1000)
            self._remember(domain, fresh)
            if self._store is not None:
                with contextlib.suppress(ServiceUnavailable):  # no room: it is known until the end
                    self._store.put(domain, fresh, now_ms)
            return found
        if known is not None and known.policy is not None:
            return known.policy
        self._remember(domain, KnownPolicy(policy_id, None, now_ms + _PAUSE_MS))
        return None

    def _find(self, domain: str) -> KnownPolicy | None:
        known = self._known.get(domain)
        if known is None and self._store is not None:
            known = self._store.find(domain, self._clock.now_ms())
            if known is not None:
                self._remember(domain, known)
        return known if known is not None and known.until_ms > self._clock.now_ms() else None

    def _remember(self, domain: str, known: KnownPolicy) -> None:
        self._known[domain] = known
        self._known.move_to_end(domain)
        if len(self._known) > _POLICIES_MAX:
            self._known.popitem(last=False)

    async def _load(self, domain: str) -> MtaStsPolicy | None:
        host = f"mta-sts.{domain}"
        try:
            addresses = await self._resolver.addresses(host)
            text = await self._fetch(host, self._reach.among(addresses))
        except (NameNotFound, NameServerFailed, OSError, ssl.CertificateError) as error:
            logger.info("the MTA-STS policy of %s cannot be had: %s", domain, error)
            return None
        return read_policy(text) if text is not None else None


async def fetch_policy(
    host: str,
    addresses: list[str],
    *,
    port: int = 443,
    context: ssl.SSLContext | None = None,
) -> str | None:
    """The policy file of a host by HTTPS; None where it answers with anything but a text file.

    Raises:
        OSError: there is no connection, or its certificate is not the host's.
    """
    async with asyncio.timeout(_FETCH_S):
        trusted = context or await asyncio.to_thread(ssl.create_default_context)
        error: OSError | None = None
        for address in addresses[:4]:
            try:
                reader, writer = await asyncio.open_connection(
                    address, port, ssl=trusted, server_hostname=host
                )
            except OSError as failed:
                error = failed
                continue
            try:
                return await _get(reader, writer, host)
            finally:
                writer.close()
        raise error or OSError(f"{host} has no address")


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> str | None:
    import httptools

    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    request = f"GET {_PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: text/plain\r\n"
    writer.write(request.encode() + b"\r\n")
    received = 0
    while not answer.is_complete and received <= 2 * _POLICY_BYTES_MAX:
        piece = await reader.read(16 * 1024)
        if not piece:
            break
        received += len(piece)
        try:
            parser.feed_data(piece)
        except httptools.HttpParserError as error:
            raise OSError(f"{host} speaks no HTTP: {error}") from error
    is_text = answer.content_type.partition(";")[0].strip().lower() == "text/plain"
    # 64 KB are more than a policy needs; an answer that is no 200 is none at all (§3.3).
    if parser.get_status_code() != 200 or not is_text or len(answer.body) > _POLICY_BYTES_MAX:
        return None
    return answer.body.decode("utf-8", "replace")


class _Answer:
    """What httptools calls back with."""

    def __init__(self) -> None:
        self.body = b""
        self.content_type = ""
        self.is_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field."""
        if name.lower() == b"content-type":
            self.content_type = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """The answer has ended."""
        self.is_complete = True

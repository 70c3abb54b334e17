"""`/_kamome/mails/preflight`: whether the world will take the mails of a domain.

POST examines a domain now; GET shows the last report about it without asking anybody. Both take
their parameters in the query: `domain`, and as often as needed `ip` and `selector`; `ehlo`,
`mail_from`, `probe`, `dns`. What is not given comes from the identity of the domain and from the
server's settings.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.mail.dns import SYSTEM, Resolver, check_setting
from kamome.observe.answers import json_response, refusal
from kamome.services.ses.identities.dkim_keys import key_of
from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.mail.preflight.findings import ExpectedKey, Finding, Report, Subject
    from kamome.mail.preflight.lookups import Lookups

PREFIX = "/_kamome/mails/preflight"

_PARAMETERS = (
    "domain",
    "ip",
    "selector",
    "ehlo",
    "mail_from",
    "probe",
    "dns",
    "account",
    "region",
)
# Addresses or selectors of one examination, examinations at one time, reports that are kept.
_GIVEN_MAX = 10
_AT_ONCE_MAX = 2
_REPORTS_MAX = 50
_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
# TEST-NET-1 (RFC 5737): nothing is sent, the system only says which address it would send from.
_FAR_AWAY = ("192.0.2.1", 9)


class _BadParameter(ValueError):
    """The sentence says which and why."""


class PreflightApi:
    """The routes. `transport` is how mails leave."""

    def __init__(self, ses: Ses, *, account: str, region: str, transport: str) -> None:
        self._ses = ses
        self._owner = Owner(account, region)
        self._transport = transport
        self._room = asyncio.Semaphore(_AT_ONCE_MAX)
        self._reports: OrderedDict[str, Report] = OrderedDict()

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        try:
            _check_names(request)
            domain = _domain(request.query_value("domain") or "", "domain")
            if request.method == "POST":
                return _shown(await self._examine(request, domain))
        except _BadParameter as error:
            return refusal(400, str(error))
        if request.method not in ("GET", "HEAD"):
            return refusal(405, f"{PREFIX} takes GET and POST.")
        if domain not in self._reports:
            return refusal(404, f"{domain} has not been examined yet. POST to examine it.")
        return _shown(self._reports[domain])

    async def _examine(self, request: HttpRequest, domain: str) -> Report:
        from kamome.mail.authentication.spf import check_host
        from kamome.mail.preflight.examination import Ports, examine
        from kamome.mail.preflight.lookups import Lookups
        from kamome.mail.preflight.network import real_network

        resolver = self._resolver(request)
        lookups = Lookups(resolver)
        subject = await self._subject(request, domain, lookups)

        async def evaluate_spf(address: str, envelope_domain: str) -> str:
            path = f"postmaster@{envelope_domain}"
            return (await check_host(resolver, address, subject.ehlo_name, path)).result

        ports = Ports(real_network(), evaluate_spf, self._ses.clock)
        async with self._room:
            report = await examine(subject, lookups, ports)
        own = self._judge_server(request, domain)
        report = msgspec.structs.replace(report, findings=(*own, *report.findings))
        self._reports[domain] = report
        self._reports.move_to_end(domain)
        while len(self._reports) > _REPORTS_MAX:
            self._reports.popitem(last=False)
        return report

    def _judge_server(self, request: HttpRequest, domain: str) -> list[Finding]:
        from kamome.services.ses.sending import readiness

        identity, _ = self._identity(request, domain)
        return readiness.judge(
            domain,
            identity,
            self._transport,
            is_signed_elsewhere=request.query_value("selector") is not None,
        )

    def _resolver(self, request: HttpRequest) -> Resolver:
        """The server's own; where that is off, the system's, for this one asks explicitly."""
        where = request.query_value("dns")
        if where is not None:
            try:
                check_setting(where)
            except ValueError as error:
                raise _BadParameter(f"dns: {error}") from None
            return Resolver(self._ses.clock, where)
        own = self._ses.ports.resolver
        return own if own.is_on else Resolver(self._ses.clock, SYSTEM)

    async def _subject(self, request: HttpRequest, domain: str, lookups: Lookups) -> Subject:
        from kamome.mail.preflight.findings import Subject

        identity, owner = self._identity(request, domain)
        ehlo_name = request.query_value("ehlo") or self._ses.settings.mail_hostname
        mail_from = request.query_value("mail_from")
        if mail_from is None and identity is not None:
            mail_from = identity.mail_from.domain
        addresses = _addresses(_all(request, "ip"))
        subject = Subject(
            domain,
            addresses or await _own_addresses(ehlo_name, lookups),
            ehlo_name,
            await self._keys(request, owner, identity),
            _domain(mail_from, "mail_from") if mail_from else "",
            identity.identity if identity is not None else "",
        )
        probe = request.query_value("probe")
        if probe is None:
            return subject
        return msgspec.structs.replace(subject, probe=_domain(probe, "probe"))

    def _identity(self, request: HttpRequest, domain: str) -> tuple[Identity | None, Owner]:
        """The identity of the domain or of the nearest one above it, which signs for it."""
        owner = Owner(
            request.query_value("account") or self._owner.account,
            request.query_value("region") or self._owner.region,
        )
        name = domain
        while "." in name:
            found = self._ses.identities.find(owner, name)
            if found is not None:
                return found, owner
            name = name.partition(".")[2]
        return None, owner

    async def _keys(
        self, request: HttpRequest, owner: Owner, identity: Identity | None
    ) -> tuple[ExpectedKey, ...]:
        from kamome.mail.preflight.findings import ExpectedKey

        selectors = _all(request, "selector")
        for selector in selectors:
            if not _SELECTOR.fullmatch(selector):
                raise _BadParameter(f"{selector!r} is no DKIM selector.")
        if selectors:
            return tuple(map(ExpectedKey, selectors))
        if identity is None or not identity.dkim.is_enabled:
            return ()
        key = await key_of(self._ses, owner, identity)
        if key is None:
            return ()
        # The key may have been made just now, and a report that shows it is not taken back.
        await self._ses.store.engine.durable()
        return (ExpectedKey(key.selector, key.public_key),)


def _shown(report: Report) -> HttpResponse:
    from kamome.mail.preflight.findings import TOPICS

    shown = msgspec.to_builtins(report)
    shown["worst"] = report.worst.value
    shown["topics"] = TOPICS
    for finding, described in zip(report.findings, shown["findings"], strict=True):
        for record, described_record in zip(finding.records, described["records"], strict=True):
            described_record["line"] = record.line
    return json_response(shown)


def _check_names(request: HttpRequest) -> None:
    for name, _ in request.query:
        if name not in _PARAMETERS:
            raise _BadParameter(
                f"There is no parameter {name}; there are {', '.join(_PARAMETERS)}."
            )


def _all(request: HttpRequest, name: str) -> list[str]:
    values = [value for given, value in request.query if given == name and value]
    if len(values) > _GIVEN_MAX:
        raise _BadParameter(f"{name} may be given {_GIVEN_MAX} times.")
    return values


def _addresses(given: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(str(ipaddress.ip_address(each)) for each in given))
    except ValueError as error:
        raise _BadParameter(f"ip: {error}.") from None


def _domain(text: str, parameter: str) -> str:
    """A domain in its ASCII form, lower case."""
    from kamome.mail.preflight.reverse_dns import is_public_name

    name = text.strip().rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            raise _BadParameter(f"{parameter}: {text!r} is no domain.") from None
    if not is_public_name(name) or len(name) > 253:
        raise _BadParameter(f"{parameter}: {text!r} is no domain in public DNS.")
    return name


async def _own_addresses(ehlo_name: str, lookups: Lookups) -> tuple[str, ...]:
    """Where mails leave from, as far as this machine knows: its name's addresses, or its own."""
    from kamome.mail.preflight.reverse_dns import is_public_name

    if is_public_name(ehlo_name):
        found = await lookups.addresses(ehlo_name)
        if found.values:
            return found.values
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_FAR_AWAY)
        except OSError:
            return ()
        address: str = probe.getsockname()[0]
    return (address,) if ipaddress.ip_address(address).is_global else ()

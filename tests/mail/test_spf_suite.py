"""The openspf.org test suite for RFC 7208, where it is at hand (it is in pyspf's source archive).

Set KAMOME_TEST_SPF_SUITE to the path of `rfc7208-tests.yml`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.clock import manual_clock
from kamome.mail.authentication.spf import check_host
from kamome.mail.dns import Resolver

_SUITE = os.environ.get("KAMOME_TEST_SPF_SUITE", "")
yaml = pytest.importorskip("yaml", reason="the suite is YAML")


def _cases() -> Iterator[Any]:
    if not _SUITE:
        return
    for section in yaml.safe_load_all(Path(_SUITE).read_text("utf-8")):
        for name, test in section["tests"].items():
            yield pytest.param(section["zonedata"], test, id=name)


def _fill(server: DnsServer, zone: dict[str, list[Any]]) -> None:
    for name, entries in zone.items():
        has_text = any(isinstance(entry, dict) and "TXT" in entry for entry in entries)
        for entry in entries:
            if entry == "TIMEOUT":
                kept = [each for each in entries if each not in ("TIMEOUT", {"TXT": "NONE"})]
                answered = {rtype for each in kept for rtype in each}
                silent = {"TXT", "A", "AAAA", "MX", "PTR"} - answered
                server.silent_types |= {(name.lower(), rtype) for rtype in silent}
                continue
            ((rtype, value),) = entry.items()
            if value == "TIMEOUT":
                server.silent_types.add((name.lower(), rtype))
            elif (rtype == "SPF" and not has_text) or (rtype == "TXT" and value != "NONE"):
                _add_text(server, name, value)
            elif rtype == "MX":
                server.add(name, "MX", f"{value[0]} {value[1] or '.'}")
            elif rtype in ("A", "AAAA", "PTR", "CNAME"):
                server.add(name, rtype, value)


def _add_text(server: DnsServer, name: str, value: str | list[str]) -> None:
    server.add(name, "TXT", value if isinstance(value, str) else "".join(value))


@pytest.mark.skipif(not _SUITE, reason="KAMOME_TEST_SPF_SUITE names no copy of the suite")
@pytest.mark.parametrize(("zone", "test"), list(_cases()))
async def test_suite(zone: dict[str, list[Any]], test: dict[str, Any]) -> None:
    async with running_dns_server() as server:
        _fill(server, zone)
        resolver = Resolver(manual_clock(), server.setting, timeout_s=0.3, attempt_s=0.15)

        found = await check_host(resolver, test["host"], test["helo"], test["mailfrom"] or "")

    expected = test["result"]
    assert found.result in ([expected] if isinstance(expected, str) else expected), found

"""A preflight by the admin API and the command line, of a domain on a name server on loopback.

The servers it greets are on loopback, too, where nobody listens on port 25.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result
from tests.conftest import Tenant
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.cli.mail import mail
from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.sending import readiness

REVERSE = "1.0.0.127.in-addr.arpa"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with running_dns_server() as dns:
        dns.add("mail.example.com", "A", "127.0.0.1")
        dns.add("example.com", "MX", "10 mail.example.com.")
        dns.add("probe.test", "MX", "10 mail.example.com.")
        dns.add(REVERSE, "PTR", "mail.example.com.")
        dns.add("example.com", "TXT", "v=spf1 ip4:127.0.0.1 -all")
        yield dns


def ask(kamome: Tenant, method: str, **parameters: str) -> Any:  # JSON
    url = f"{kamome.endpoint}/_kamome/mails/preflight?{urlencode(parameters)}"
    headers = {"content-type": "application/json"}
    data = b"{}" if method == "POST" else None
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except HTTPError as error:
        with error:
            return {"status": error.code, **json.load(error)}


def parameters(kamome: Tenant, dns: DnsServer) -> dict[str, str]:
    return {
        "domain": "example.com",
        "ip": "127.0.0.1",
        "ehlo": "mail.example.com",
        "probe": "probe.test",
        "dns": dns.setting,
        "account": kamome.account,
        "region": kamome.region,
    }


def severities(report: Any, topic: str) -> list[str]:  # JSON
    return [each["severity"] for each in report["findings"] if each["topic"] == topic]


async def test_a_domain_is_examined_and_the_report_is_kept(kamome: Tenant, dns: DnsServer) -> None:
    report = await asyncio.to_thread(ask, kamome, "POST", **parameters(kamome, dns))
    again = await asyncio.to_thread(ask, kamome, "GET", domain="example.com")

    assert severities(report, "server") == ["error", "warning"]
    assert severities(report, "mx") == ["ok"]
    assert severities(report, "spf") == ["ok"]
    assert severities(report, "port-25-out") == ["error"]
    assert severities(report, "port-25-in") == ["error"]
    assert report["worst"] == "error"
    assert again == report


async def test_the_key_of_the_identity_is_the_one_to_publish(
    kamome: Tenant, dns: DnsServer
) -> None:
    client = kamome.client("sesv2")
    await asyncio.to_thread(client.create_email_identity, EmailIdentity="example.com")

    before = await asyncio.to_thread(ask, kamome, "POST", **parameters(kamome, dns))
    [record] = [
        record
        for finding in before["findings"]
        if finding["topic"] == "dkim"
        for record in finding["records"]
    ]
    dns.add(record["name"], record["type"], record["value"])
    dns.ttl_s = 0
    after = await asyncio.to_thread(ask, kamome, "POST", **parameters(kamome, dns))

    assert severities(before, "dkim") == ["error"]
    assert record["name"].endswith("._domainkey.example.com")
    assert severities(after, "dkim") == ["ok"]
    assert severities(after, "server") == ["warning"]  # it keeps all mail to itself


@pytest.mark.parametrize(
    ("identity", "transport", "selector", "severities"),
    [
        (None, "direct", False, ["error"]),
        (None, "direct", True, ["note"]),
        (Identity("example.com", "Domain", "Pending"), "direct", False, ["error"]),
        (Identity("example.com", "Domain", "Success"), "direct", False, ["ok"]),
        (Identity("example.com", "Domain", "Success"), "capture", False, ["warning"]),
        (Identity("example.com", "Domain", "Success"), "relay", False, ["note"]),
        (None, "capture", False, ["error", "warning"]),
    ],
)
def test_the_server_itself_is_judged(
    identity: Identity | None, transport: str, selector: bool, severities: list[str]
) -> None:
    findings = readiness.judge("example.com", identity, transport, is_signed_elsewhere=selector)

    assert [finding.severity.value for finding in findings] == severities


def test_an_identity_that_waits_is_told_its_record() -> None:
    waiting = Identity("example.com", "Domain", "Pending", token="abc=")

    [finding] = readiness.judge("example.com", waiting, "direct", is_signed_elsewhere=False)

    assert [record.line for record in finding.records] == [
        '_amazonses.example.com. 3600 IN TXT "abc="'
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domain": ""}, "domain: '' is no domain"),
        ({"domain": "localhost"}, "no domain in public DNS"),
        ({"ip": "300.1.1.1"}, "ip: "),
        ({"selector": "a b"}, "no DKIM selector"),
        ({"dns": "nowhere"}, "dns: "),
        ({"ips": "9.9.9.9"}, "There is no parameter ips"),
    ],
)
def test_bad_parameters_are_named(kamome: Tenant, changes: dict[str, str], message: str) -> None:
    answer = ask(kamome, "POST", **({"domain": "example.com"} | changes))

    assert answer["status"] == 400
    assert message in answer["message"]


def test_what_was_not_examined_has_no_report(kamome: Tenant) -> None:
    assert ask(kamome, "GET", domain="never.example.com")["status"] == 404


async def run(kamome: Tenant, dns: DnsServer, *options: str) -> Result:
    given = parameters(kamome, dns)
    command = ["preflight", given.pop("domain"), "--endpoint", kamome.endpoint]
    for name in ("ip", "ehlo", "probe", "dns"):
        command += [f"--{name}", given[name]]
    return await asyncio.to_thread(CliRunner().invoke, mail, [*command, *options])


async def test_the_command_line_says_what_to_publish(kamome: Tenant, dns: DnsServer) -> None:
    result = await run(kamome, dns)

    assert result.exit_code == 1
    assert "Preflight of example.com\n  sending from 127.0.0.1\n" in result.output
    assert (
        'publish: _dmarc.example.com. 3600 IN TXT "v=DMARC1; p=none;'
        ' rua=mailto:dmarc-reports@example.com"'
    ) in result.output
    assert "Not ready" in result.output
    assert "\x1b" not in result.output


async def test_the_command_line_gives_json(kamome: Tenant, dns: DnsServer) -> None:
    result = await run(kamome, dns, "--json")

    assert json.loads(result.output)["domain"] == "example.com"

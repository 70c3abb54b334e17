"""Mail to a running server that asks a name server of the test."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.config import Settings
from kamome.testing.server import ServerThread


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """A name server in a thread of its own."""
    started: list[DnsServer] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with running_dns_server() as server:
            started.append(server)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    yield started[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
def server(dns: DnsServer) -> Iterator[ServerThread]:
    settings = Settings(port=0, smtp_port=0, ephemeral=True, dns=dns.setting, dmarc_reject=True)
    with ServerThread(settings) as running:
        client(running, "s3").create_bucket(Bucket="mails")
        ses = client(running, "ses")
        ses.verify_domain_identity(Domain="example.com")
        ses.create_receipt_rule_set(RuleSetName="set")
        actions = [{"S3Action": {"BucketName": "mails", "ObjectKeyPrefix": "in/"}}]
        ses.create_receipt_rule(
            RuleSetName="set", Rule={"Name": "all", "Enabled": True, "Actions": actions}
        )
        ses.set_active_receipt_rule_set(RuleSetName="set")
        yield running


def client(server: ServerThread, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def send(server: ServerThread, sender: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.smtp_port, "mail.example.net", timeout=30) as smtp:
        mail = f"From: {sender}\r\nSubject: hi\r\n\r\nbody\r\n"
        smtp.sendmail(sender, ["user@example.com"], mail)


def test_results_of_the_dns_stand_before_the_stored_mail(
    server: ServerThread, dns: DnsServer
) -> None:
    dns.add("example.net", "TXT", "v=spf1 ip4:127.0.0.1 -all")
    dns.add("_dmarc.example.net", "TXT", "v=DMARC1; p=reject")

    send(server, "a@example.net")
    server.advance(0)

    s3 = client(server, "s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="mails", Prefix="in/")["Contents"]]
    keys.remove("in/AMAZON_SES_SETUP_NOTIFICATION")
    content = s3.get_object(Bucket="mails", Key=keys[0])["Body"].read().decode()
    assert "Received-SPF: pass (spfCheck: domain of example.net designates 127.0.0.1" in content
    assert " dmarc=pass header.from=example.net;" in content


def test_mail_that_its_authors_domain_disowns_is_refused(
    server: ServerThread, dns: DnsServer
) -> None:
    dns.add("example.org", "TXT", "v=spf1 -all")
    dns.add("_dmarc.example.org", "TXT", "v=DMARC1; p=reject")

    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(server, "a@example.org")

    assert refused.value.smtp_code == 550

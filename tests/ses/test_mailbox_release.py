"""A mail that was captured leaves after all, by a smart host."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any
from urllib.error import HTTPError

import pytest
from tests.conftest import Tenant
from tests.mail.smtp_peer import SmtpPeer, running_peer

from kamome.config import Settings
from kamome.testing.server import ServerThread

SETTINGS = {"port": 0, "smtp_port": 0, "ephemeral": True, "mail_relay_host": "127.0.0.1"}


def ask(tenant: Tenant, path: str, order: object = None) -> Any:  # JSON
    body = None if order is None else json.dumps(order).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(tenant.endpoint + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return {"status": answer.status, **json.load(answer)}
    except HTTPError as error:
        with error:
            return {"status": error.code, **json.load(error)}


def send(tenant: Tenant) -> str:
    ses = tenant.client("ses")
    ses.verify_email_identity(EmailAddress="shop@example.com")
    answer = ses.send_email(
        Source="shop@example.com",
        Destination={"ToAddresses": ["a@example.net", "b@example.net"]},
        Message={"Subject": {"Data": "late"}, "Body": {"Text": {"Data": "text"}}},
    )
    tenant.advance(0)
    message_id: str = answer["MessageId"]
    return message_id


def states(tenant: Tenant, message_id: str) -> set[tuple[str, str]]:
    delivery = ask(tenant, f"/_kamome/mails/{message_id}")["delivery"]
    return {(each["recipient"], each["state"]) for each in delivery}


def play(peer: SmtpPeer, transport: str) -> list[object]:
    """Send, look, release, look, release again: what each has brought."""
    settings = Settings(**SETTINGS, mail_relay_port=peer.port, mail_relay_tls="off")  # type: ignore[arg-type] # by name
    with ServerThread(settings) as server:
        tenant = Tenant(server, "111122223333")
        message_id = send(tenant)
        before = states(tenant, message_id)
        path = f"/_kamome/mails/{message_id}/release"
        released = ask(tenant, path, {"transport": transport})
        tenant.advance(0)
        return [before, released, states(tenant, message_id), ask(tenant, path, {})]


@pytest.mark.parametrize("transport", ["", "relay"])
async def test_a_captured_mail_leaves_once_by_the_smart_host(transport: str) -> None:
    async with running_peer() as peer:
        before, released, after, again = await asyncio.to_thread(play, peer, transport)

    assert before == {("a@example.net", "captured"), ("b@example.net", "captured")}
    assert isinstance(released, dict)
    assert released["released"] == 2
    assert after == {("a@example.net", "delivered"), ("b@example.net", "delivered")}
    [mail] = peer.mails
    assert b"Subject: late\r\n" in mail
    assert isinstance(again, dict)
    assert again["status"] == 409
    assert "No recipient of this mail is captured" in again["message"]


async def test_an_unknown_transport_is_refused() -> None:
    async with running_peer() as peer:
        before, released, after, _ = await asyncio.to_thread(play, peer, "pigeon")

    assert isinstance(released, dict)
    assert released["status"] == 409
    assert "pigeon" in released["message"]
    assert after == before

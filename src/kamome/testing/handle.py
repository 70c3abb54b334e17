"""What a test holds of its server: clients, clock, faults, mails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kamome.testing.mails import Mails, ReceivedMail, SentMail
from kamome.testing.orders import Admin, Faults, TestClock

if TYPE_CHECKING:
    from kamome.app import App
    from kamome.testing.host import Host

# AWS's documentation of the SDKs: environment variables that would lead elsewhere.
_MISLEADING = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
# Received mails that a test can look at.
_MAILS_MAX = 10_000


class Kamome:
    """A running server, empty at first.

    `endpoint_url` and `smtp_port` are where it listens; `clock`, `faults` and `mails` what a test
    does with it beyond AWS. `app` is the server itself: touch it only through `host.call`.
    """

    def __init__(self, host: Host, app: App) -> None:
        self.host = host
        self.app = app
        self.endpoint_url = f"http://127.0.0.1:{app.port}"
        self.smtp_port = app.smtp_port
        self.region = app.settings.region
        self.account = app.settings.account
        admin = Admin(self.endpoint_url)
        self.clock = TestClock(admin)
        self.faults = Faults(admin)
        self.mails = Mails(self.smtp_port, self._received, self._sent)
        self._clients: list[Any] = []

    def __repr__(self) -> str:
        return f"Kamome({self.endpoint_url})"

    # boto3 makes the classes of its clients at run time: there is no type to name.
    def client(self, service: str, **options: object) -> Any:
        """A boto3 client of a service (`sqs`); `options` are those of `boto3.client`."""
        client = _session().client(service, **self._options(options))
        self._clients.append(client)
        return client

    def resource(self, service: str, **options: object) -> Any:
        """A boto3 resource of a service (`s3`); `options` are those of `boto3.resource`."""
        resource = _session().resource(service, **self._options(options))
        self._clients.append(resource.meta.client)
        return resource

    def settle(self) -> None:
        """Return when all that is due now has happened: deliveries, invocations, and their own."""
        self.clock.advance(0)

    @property
    def environment(self) -> Mapping[str, str | None]:
        """Variables that lead an AWS SDK or the aws CLI here; None: must not be set."""
        from kamome.config import environment_names

        elsewhere = [*_MISLEADING, *environment_names("AWS_ENDPOINT_URL_")]
        return {
            **dict.fromkeys(elsewhere),
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "KAMOME_ENDPOINT": self.endpoint_url,
        }

    def close(self) -> None:
        """Close the clients and end the server."""
        for client in self._clients:
            client.close()
        self.host.stop(self.app)

    def _options(self, given: Mapping[str, object]) -> dict[str, object]:
        return {
            "endpoint_url": self.endpoint_url,
            "region_name": self.region,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            **given,
        }

    def _received(self) -> list[ReceivedMail]:
        return self.host.call(self._read_mails())

    async def _read_mails(self) -> list[ReceivedMail]:
        store = self.app.slices.mails
        found = []
        for mail in reversed(store.latest(_MAILS_MAX)):
            raw = b"".join([piece async for piece in store.read(mail.mail_id)])
            envelope = mail.envelope
            found.append(
                ReceivedMail(mail.mail_id, envelope.reverse_path, envelope.recipients, raw)
            )
        return found

    def _sent(self) -> list[SentMail]:
        return self.host.call(self._read_sent())

    async def _read_sent(self) -> list[SentMail]:
        store, spool = self.app.slices.ses.sent, self.app.slices.spool
        found = []
        for sent in reversed(store.latest(_MAILS_MAX)):
            raw = await store.content(sent.message_id) or b""
            spooled = spool.find(sent.message_id)
            recipients = spooled.recipients if spooled is not None else ()
            found.append(
                SentMail(
                    sent.message_id,
                    sent.source,
                    sent.destinations,
                    raw,
                    tags=sent.tags,
                    states={each.recipient: each.state for each in recipients},
                )
            )
        return found


_sessions: list[Any] = []


def _session() -> Any:
    """One boto3 session for all tests: it holds what clients are made of (60 ms the first time)."""
    if not _sessions:
        from boto3.session import Session

        _sessions.append(Session())
    return _sessions[0]

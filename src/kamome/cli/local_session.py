"""boto3 clients for one Kamome: its endpoint, the test credentials, no proxy between."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field

import boto3
from botocore.config import Config

REGION = "us-east-1"
# The access key and secret key that everyone uses for services on his own machine.
TEST_KEY = "test"
HTTP_TIMEOUT_S = 30
# Clients keep connections open; several threads share one client.
CLIENT_CONFIG = Config(
    proxies={},
    max_pool_connections=16,
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 3},
)


@dataclass(frozen=True)
class LocalSession:
    """What a deployment script needs of a `boto3.Session`, bound to one endpoint."""

    endpoint_url: str
    region_name: str = REGION
    _session: boto3.Session = field(
        default_factory=lambda: boto3.Session(
            aws_access_key_id=TEST_KEY, aws_secret_access_key=TEST_KEY, region_name=REGION
        )
    )

    def client(self, service_name: str) -> boto3.client:
        """A client of this service."""
        return self._session.client(
            service_name, endpoint_url=self.endpoint_url, config=CLIENT_CONFIG
        )


def admin_call(endpoint_url: str, path: str, body: object = None) -> object:
    """The JSON that an address under `/_kamome/` answers; POST when there is a body.

    Raises:
        OSError: the server is out of reach or answers with an error.
    """
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310  the address is our own child's
        endpoint_url + path, data=content, headers={"Content-Type": "application/json"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=HTTP_TIMEOUT_S) as answer:
        return json.load(answer)

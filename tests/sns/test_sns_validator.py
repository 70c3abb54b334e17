"""Signatures, judged by npm's `sns-validator`, which takes certificates from AWS's host alone.

The one thing that is replaced is the download: what it asks of `sns.<region>.amazonaws.com` comes
from the certificate that we serve. `npm install sns-validator` into a folder of NODE_PATH runs it.
"""

from __future__ import annotations

import json
import shutil
import subprocess

import msgspec
import pytest
from tests.sns.world import QUEUE, World

_NODE = shutil.which("node")
_SCRIPT = """
const https = require('https'), { Readable } = require('stream');
const [message, certificate] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
https.get = (url, callback) => {
  const body = Readable.from([Buffer.from(certificate)]);
  body.statusCode = 200;
  callback(body);
  return { on() { return this; } };
};
const Validator = require('sns-validator');
new Validator().validate(message, (error, valid) => {
  console.log(error ? `refused: ${error.message}` : `valid: ${valid.MessageId}`);
});
"""


def _has_validator() -> bool:
    if _NODE is None:
        return False
    found = subprocess.run(
        [_NODE, "-e", "require.resolve('sns-validator')"], capture_output=True, check=False
    )
    return found.returncode == 0


pytestmark = pytest.mark.skipif(
    not _has_validator(), reason="node finds no package sns-validator (npm install sns-validator)"
)


@pytest.fixture
def strict(world: World) -> World:
    """A world whose certificates have the URLs that strict clients accept."""
    world.sns = msgspec.structs.replace(
        world.sns, certificate_base="https://sns.REGION.amazonaws.com"
    )
    return world


def _judge(world: World, message: dict[str, object]) -> str:
    path = world.sns.signer.certificate_path()
    certificate = world.sns.signer.certificate(path)
    assert certificate is not None
    assert _NODE is not None
    judged = subprocess.run(
        [_NODE, "-e", _SCRIPT],
        input=json.dumps([message, certificate.decode()]),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return judged.stdout.strip()


async def _rendered(world: World, version: str, **more: object) -> dict[str, object]:
    from kamome.services.sns import endpoints
    from kamome.services.sns.envelope import from_json

    topic = await world.topic("t", SignatureVersion=version)
    subscription = await world.subscribe(topic)
    await world.sns.outbox.stop()
    await world.call("Publish", TopicArn=topic, Message="ご注文 <&>\n", **more)
    row = world.engine.one("SELECT payload FROM outbox WHERE kind = 'sns.fan_out'")
    assert row is not None
    assert isinstance(row[0], bytes)
    notification = from_json(json.loads(row[0])["notification"])
    envelope: dict[str, object] = json.loads(
        endpoints.renderer(world.sns, notification).envelope("sqs", subscription)
    )
    return envelope


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "New order"}], ids=["plain", "with subject"])
async def test_a_notification_is_valid(
    strict: World, version: str, more: dict[str, object]
) -> None:
    envelope = await _rendered(strict, version, **more)

    assert str(envelope["SigningCertURL"]).startswith(
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-"
    )
    assert _judge(strict, envelope) == f"valid: {envelope['MessageId']}"


async def test_a_changed_notification_is_refused(strict: World) -> None:
    envelope = await _rendered(strict, "2")

    assert _judge(strict, {**envelope, "Message": "other"}).startswith("refused")


async def test_a_subscription_confirmation_is_valid(strict: World) -> None:
    topic = await strict.topic()
    other = QUEUE.replace("000000000000", "999999999999")
    await strict.subscribe(topic, other)

    asked = strict.endpoints.at(other)[0].envelope

    assert _judge(strict, asked) == f"valid: {asked['MessageId']}"

"""Mails that are encrypted before they are stored. AWS: SES Developer Guide, Deliver to S3."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.ses.conftest import KEY

if TYPE_CHECKING:
    from tests.ses.conftest import World

CONTENT = b"Subject: hi\r\n\r\n" + b"0123456789abcdef" * 40_000
STORE = {"S3Action": {"BucketName": "mails", "KmsKeyArn": KEY}}


def opened(data_key: bytes, metadata: Mapping[str, str], body: bytes) -> bytes:
    """The content, as a client reads it by what the metadata say."""
    assert metadata["x-amz-cek-alg"] == "AES/GCM/NoPadding"
    assert metadata["x-amz-tag-len"] == "128"
    content = AESGCM(data_key).decrypt(base64.b64decode(metadata["x-amz-iv"]), body, None)
    assert metadata["x-amz-unencrypted-content-length"] == str(len(content))
    return content


async def test_stored_mail_is_encrypted_with_the_data_key_of_its_metadata(world: World) -> None:
    await world.receiving({"Actions": [STORE]})

    mail = await world.deliver(CONTENT)

    [(target, body)] = world.neighbours.effects("put")
    metadata = world.neighbours.metadata[-1]
    data_key, context = world.neighbours.data_keys[-1]
    assert target == f"mails/{mail.mail_id}"
    assert b"Subject" not in body
    assert opened(data_key, metadata, body).endswith(CONTENT)
    assert base64.b64decode(metadata["x-amz-key-v2"]) == b"encrypted 2"
    assert metadata["x-amz-wrap-alg"] == "kms"
    assert json.loads(metadata["x-amz-matdesc"]) == context


async def test_material_description_names_account_rule_message_and_key(world: World) -> None:
    await world.receiving({"Actions": [STORE]})

    mail = await world.deliver()

    _, context = world.neighbours.data_keys[-1]
    assert context == {
        "aws:ses:message-id": mail.mail_id,
        "aws:ses:rule-name": "rule-0",
        "aws:ses:source-account": "000000000000",
        "kms_cmk_id": KEY,
    }
    assert world.neighbours.contexts[-2].principal == "ses.amazonaws.com"


async def test_each_mail_has_a_data_key_and_a_vector_of_its_own(world: World) -> None:
    await world.receiving({"Actions": [STORE]})

    await world.deliver()
    await world.deliver()

    one, other = world.neighbours.metadata
    assert one["x-amz-key-v2"] != other["x-amz-key-v2"]
    assert one["x-amz-iv"] != other["x-amz-iv"]


async def test_mail_waits_while_its_key_cannot_be_used(world: World) -> None:
    await world.receiving({"Actions": [STORE]})
    world.neighbours.keys.clear()
    mail = await world.deliver(CONTENT)
    assert (world.neighbours.effects("put"), world.waiting()) == ([], 1)

    world.neighbours.keys.add(KEY)
    await world.clock.advance(60_000)

    assert [target for target, _ in world.neighbours.effects("put")] == [f"mails/{mail.mail_id}"]
    assert world.waiting() == 0


async def test_sender_hears_of_a_mail_whose_key_stays_unusable(world: World) -> None:
    await world.receiving({"Actions": [STORE]})
    world.neighbours.keys.clear()
    mail = await world.deliver()

    await world.clock.advance(5 * 3_600_000)

    assert world.neighbours.effects("put") == []
    assert world.journey(mail).steps[-1].result != "ok"
    assert "does not exist" in str(world.journey(mail))
    assert len(world.neighbours.effects("spool")) == 1


async def test_rule_without_a_key_stores_mails_as_they_are(world: World) -> None:
    await world.receiving({"Actions": [{"S3Action": {"BucketName": "mails"}}]})

    await world.deliver(CONTENT)

    [(_, body)] = world.neighbours.effects("put")
    assert body.endswith(CONTENT)
    assert not world.neighbours.metadata[-1]


async def test_key_that_cannot_be_used_is_refused_with_the_rule(world: World) -> None:
    await world.receiving()
    other = KEY.replace("alias/aws/ses", "key/none")

    for key_arn in (other, "alias/aws/ses"):
        error = await world.refused(
            "CreateReceiptRule",
            RuleSetName="inbound",
            Rule={
                "Name": "r",
                "Actions": [{"S3Action": {"BucketName": "mails", "KmsKeyArn": key_arn}}],
            },
        )
        assert error.code == "InvalidS3Configuration"
        assert error.members["Bucket"] == "mails"
        assert key_arn in error.message

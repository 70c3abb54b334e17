"""What endpoints receive: the envelope's form, Lambda's record, raw messages, and the signature."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.sns.world import FUNCTION, QUEUE, World

from kamome.services.sns.signing import SigningIdentity

STRING = {"DataType": "String", "StringValue": "注文"}
NUMBER = {"DataType": "Number", "StringValue": "12"}
BINARY = {"DataType": "Binary", "BinaryValue": b"\x00\xff"}


def verify(envelope: dict[str, object], certificate: bytes) -> None:
    """SNS's verification recipe, written from its documentation, apart from the product's code."""
    lines = []
    for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"):
        if envelope.get(name) is not None:
            lines += [name, str(envelope[name])]
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[str(envelope["SignatureVersion"])]
    key = x509.load_pem_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(
        base64.b64decode(str(envelope["Signature"])),
        ("\n".join(lines) + "\n").encode(),
        padding.PKCS1v15(),
        algorithm,
    )


def _certificate(world: World, url: object) -> bytes:
    base, slash, path = str(url).rpartition("/")
    assert base == world.ctx.base_url
    served = world.sns.signer.certificate(slash + path)
    assert served is not None
    return served


async def test_the_envelope_has_the_documented_members_in_their_order(world: World) -> None:
    topic = await world.topic()
    subscription = await world.subscribe(topic)

    message_id = await world.publish(
        topic, 'line "one"\nzwei', Subject="Grüße", MessageAttributes={"kind": STRING}
    )

    envelope = world.endpoints.at(QUEUE)[0].envelope
    path = world.sns.signer.certificate_path()
    signature = envelope.pop("Signature")
    assert list(envelope.items()) == [
        ("Type", "Notification"),
        ("MessageId", message_id),
        ("TopicArn", topic),
        ("Subject", "Grüße"),
        ("Message", 'line "one"\nzwei'),
        ("Timestamp", "2025-10-09T08:53:20.000Z"),
        ("SignatureVersion", "1"),
        ("SigningCertURL", f"http://localhost:4566{path}"),
        (
            "UnsubscribeURL",
            f"http://localhost:4566/?Action=Unsubscribe&SubscriptionArn={subscription}",
        ),
        ("MessageAttributes", {"kind": {"Type": "String", "Value": "注文"}}),
    ]
    assert signature


async def test_the_envelope_is_laid_out_as_sns_does(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic)

    await world.publish(topic, "m", MessageAttributes={"a": STRING, "b": NUMBER})

    lines = world.endpoints.at(QUEUE)[0].body.split("\n")
    assert lines[:2] == ["{", '  "Type" : "Notification",']
    assert lines[-5:] == [
        '  "MessageAttributes" : {',
        '    "a" : {"Type":"String","Value":"注文"},',
        '    "b" : {"Type":"Number","Value":"12"}',
        "  }",
        "}",
    ]


async def test_members_that_are_empty_are_absent(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic)

    await world.publish(topic)

    envelope = world.endpoints.at(QUEUE)[0].envelope
    assert "Subject" not in envelope
    assert "MessageAttributes" not in envelope


async def test_binary_attributes_are_base64_in_the_envelope(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic)

    await world.publish(topic, MessageAttributes={"image": BINARY})

    attributes = world.endpoints.at(QUEUE)[0].envelope["MessageAttributes"]
    assert attributes == {"image": {"Type": "Binary", "Value": "AP8="}}


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "Neue Bestellung"])
async def test_the_signature_verifies_with_the_certificate_at_the_url(
    world: World, version: str, subject: str | None
) -> None:
    topic = await world.topic(SignatureVersion=version)
    await world.subscribe(topic)

    await world.publish(topic, "ÿ\n\x01", **({} if subject is None else {"Subject": subject}))

    envelope = world.endpoints.at(QUEUE)[0].envelope
    assert envelope["SignatureVersion"] == version
    verify(envelope, _certificate(world, envelope["SigningCertURL"]))


async def test_a_changed_message_does_not_verify(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic)
    await world.publish(topic, "100 yen")
    envelope = world.endpoints.at(QUEUE)[0].envelope

    envelope["Message"] = "900 yen"

    with pytest.raises(InvalidSignature):
        verify(envelope, _certificate(world, envelope["SigningCertURL"]))


async def test_each_text_of_a_json_message_has_its_own_signature(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic)
    await world.subscribe(topic, FUNCTION)

    await world.publish(topic, '{"default": "d", "lambda": "l"}', MessageStructure="json")

    queued = world.endpoints.at(QUEUE)[0].envelope
    verify(queued, _certificate(world, queued["SigningCertURL"]))
    record = json.loads(world.endpoints.at(FUNCTION)[0].body)["Records"][0]["Sns"]
    assert record["Message"] == "l"
    verify(record, _certificate(world, record["SigningCertUrl"]))


async def test_one_signature_serves_all_subscriptions_of_a_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await world.topic()
    queues = [f"{QUEUE}-{number}" for number in range(5)]
    for queue in queues:
        await world.subscribe(topic, queue)

    await world.publish(topic)

    signatures = {world.endpoints.at(queue)[0].envelope["Signature"] for queue in queues}
    assert len(signatures) == 1


async def test_the_certificate_path_has_sns_s_form_and_no_other_is_served(world: World) -> None:
    path = world.sns.signer.certificate_path()

    digest = path.removeprefix("/SimpleNotificationService-").removesuffix(".pem")
    assert len(digest) == 32
    assert set(digest) <= set("0123456789abcdef")
    assert world.sns.signer.certificate(path.replace(digest, "0" * 32)) is None


async def test_the_certificate_is_valid_now_and_names_sns(
    world: World, identity: SigningIdentity
) -> None:
    certificate = x509.load_pem_x509_certificate(identity.certificate)

    assert certificate.subject.rfc4514_string() == "CN=sns.amazonaws.com"
    assert certificate.not_valid_before_utc.timestamp() * 1000 < world.clock.now_ms()
    assert certificate.not_valid_after_utc.timestamp() * 1000 > world.clock.now_ms()


async def test_a_key_that_was_undone_is_not_used_again(world: World) -> None:
    world.engine.write("DELETE FROM sns_identity")
    with pytest.raises(RuntimeError), world.engine.atomic():
        undone = world.sns.signer.certificate_path()
        raise RuntimeError

    assert world.sns.signer.certificate_path() != undone
    assert world.sns.store.identity() is not None


async def test_a_function_gets_one_record(world: World) -> None:
    topic = await world.topic()
    subscription = await world.subscribe(topic, FUNCTION)

    message_id = await world.publish(
        topic, "m", MessageAttributes={"n": NUMBER, "s": STRING, "b": BINARY}
    )

    event = json.loads(world.endpoints.at(FUNCTION)[0].body)
    (record,) = event["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == subscription
    sns = record["Sns"]
    assert (sns["Type"], sns["MessageId"], sns["Subject"]) == ("Notification", message_id, None)
    assert sns["UnsubscribeUrl"].endswith(subscription)
    assert sns["MessageAttributes"] == {
        "n": {"Type": "String", "Value": "12"},
        "s": {"Type": "String", "Value": "注文"},
        "b": {"Type": "Binary", "Value": "AP8="},
    }


async def test_a_raw_message_arrives_as_it_was_sent_with_sqs_attributes(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic, RawMessageDelivery="true")

    await world.publish(topic, "as is", MessageAttributes={"n": NUMBER, "b": BINARY})

    (sent,) = world.endpoints.at(QUEUE)
    assert sent.body == "as is"
    assert sent.attributes == {"n": NUMBER, "b": BINARY}


async def test_attributes_stay_in_the_envelope_without_raw_delivery(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic)

    await world.publish(topic, MessageAttributes={"n": NUMBER})

    assert world.endpoints.at(QUEUE)[0].attributes == {}


async def test_a_message_group_id_goes_to_the_queue(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic)

    await world.publish(topic, MessageGroupId="tenant-1")

    assert world.endpoints.at(QUEUE)[0].group_id == "tenant-1"

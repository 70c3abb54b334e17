"""Mails that SES has encrypted, from SMTP to the client that decrypts them, with boto3 alone.

The reading of the format is our own, from the S3 Encryption Client Developer Guide.
"""

from __future__ import annotations

import base64
import json
import smtplib
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from tests.conftest import Tenant

MAIL = b"From: a@example.net\r\nSubject: secret\r\n\r\n" + b"body of a mail\r\n" * 50_000


def store_encrypted(kamome: Tenant, key_arn: str) -> None:
    """A rule that stores the mails of a domain, encrypted."""
    domain = f"of-{kamome.account}.example.com"
    kamome.client("s3").create_bucket(
        Bucket=f"mails-{kamome.account}",
        CreateBucketConfiguration={"LocationConstraint": kamome.region},
    )
    ses = kamome.client("ses")
    ses.verify_domain_identity(Domain=domain)
    ses.create_receipt_rule_set(RuleSetName="inbound")
    action = {"BucketName": f"mails-{kamome.account}", "KmsKeyArn": key_arn}
    rule = {"Name": "store", "Enabled": True, "Actions": [{"S3Action": action}]}
    ses.create_receipt_rule(RuleSetName="inbound", Rule=rule)
    ses.set_active_receipt_rule_set(RuleSetName="inbound")


def send(kamome: Tenant) -> None:
    with smtplib.SMTP("127.0.0.1", kamome.smtp_port, "mail.example.net", timeout=30) as smtp:
        smtp.sendmail("a@example.net", [f"user@of-{kamome.account}.example.com"], MAIL)
    kamome.advance(seconds=1)


def ask(kamome: Tenant, method: str, path: str, order: object = None) -> Any:  # JSON
    body = None if order is None else json.dumps(order).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(kamome.endpoint + path, body, headers, method=method)
    with urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def stored(kamome: Tenant) -> list[Any]:
    """The mails in the bucket, as GetObject answers."""
    s3, bucket = kamome.client("s3"), f"mails-{kamome.account}"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return [
        s3.get_object(Bucket=bucket, Key=key)
        for key in keys
        if key != "AMAZON_SES_SETUP_NOTIFICATION"
    ]


def decrypted(kamome: Tenant, answer: Any) -> bytes:
    """What a client makes of an encrypted object, by its metadata."""
    metadata = answer["Metadata"]
    assert (metadata["x-amz-wrap-alg"], metadata["x-amz-cek-alg"]) == ("kms", "AES/GCM/NoPadding")
    key = kamome.client("kms").decrypt(
        CiphertextBlob=base64.b64decode(metadata["x-amz-key-v2"]),
        EncryptionContext=json.loads(metadata["x-amz-matdesc"]),
    )["Plaintext"]
    vector = base64.b64decode(metadata["x-amz-iv"])
    return AESGCM(key).decrypt(vector, answer["Body"].read(), None)


@pytest.mark.parametrize("key", ["managed", "own", "alias"])
def test_mail_is_decrypted_by_what_its_object_says(kamome: Tenant, key: str) -> None:
    kms = kamome.client("kms")
    own = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/mails", TargetKeyId=own["KeyId"])
    arn = f"arn:aws:kms:{kamome.region}:{kamome.account}"
    names = {"managed": f"{arn}:alias/aws/ses", "own": own["Arn"], "alias": f"{arn}:alias/mails"}
    store_encrypted(kamome, names[key])

    send(kamome)

    [answer] = stored(kamome)
    description = json.loads(answer["Metadata"]["x-amz-matdesc"])
    assert description["kms_cmk_id"] == names[key]
    assert decrypted(kamome, answer).endswith(MAIL)


def test_mail_waits_while_a_rule_lets_kms_fail(kamome: Tenant) -> None:
    own = kamome.client("kms").create_key()["KeyMetadata"]
    store_encrypted(kamome, own["Arn"])
    rule = {"service": "kms", "source": "ses", "account": kamome.account, "outage": True}
    ordered = ask(kamome, "POST", "/_kamome/faults", rule)

    send(kamome)
    meanwhile = stored(kamome)
    ask(kamome, "DELETE", f"/_kamome/faults/{ordered['id']}")
    kamome.advance(seconds=60)

    assert meanwhile == []
    assert len(stored(kamome)) == 1


def test_mail_waits_for_a_disabled_key_and_is_stored_when_it_is_enabled(kamome: Tenant) -> None:
    kms = kamome.client("kms")
    own = kms.create_key()["KeyMetadata"]
    store_encrypted(kamome, own["Arn"])
    kms.disable_key(KeyId=own["KeyId"])

    send(kamome)
    meanwhile = stored(kamome)
    kms.enable_key(KeyId=own["KeyId"])
    kamome.advance(seconds=60)

    assert meanwhile == []
    [answer] = stored(kamome)
    assert decrypted(kamome, answer).endswith(MAIL)

"""Requests that no SDK sends, through the whole server: refused in AWS's words, never a 500."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.http.raw_client import RawClient

from kamome.services.kms import ciphertexts
from kamome.services.kms.errors import InvalidCiphertextException

if TYPE_CHECKING:
    from tests.conftest import Tenant


def call(kamome: Tenant, operation: str, body: bytes) -> tuple[int, str]:
    """Status and error code of a call with any body at all."""
    scope = f"{kamome.account}/20250101/{kamome.region}/kms/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "X-Amz-Target": f"TrentService.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
    }
    with RawClient(kamome.endpoint) as client:
        answer = client.request("POST", "/", headers, body)
    return answer.status, str(json.loads(answer.body).get("__type", "")).rpartition("#")[2]


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("Encrypt", b'{"KeyId":"a","Plaintext":"%%%"}', "SerializationException"),
        ("Encrypt", b'{"KeyId":"a","Plaintext":""}', "ValidationException"),
        ("Encrypt", b'{"KeyId":"","Plaintext":"YQ=="}', "ValidationException"),
        ("Encrypt", b'{"KeyId":"a\\u0000b","Plaintext":"YQ=="}', "NotFoundException"),
        ("Decrypt", b"{}", "ValidationException"),
        ("Decrypt", b'{"CiphertextBlob":"AQ=="}', "InvalidCiphertextException"),
        ("Decrypt", b'{"EncryptionContext":{"a":"\\ud800"}}', "SerializationException"),
        ("DescribeKey", b'{"KeyId":"arn:aws:kms:::"}', "InvalidArnException"),
        ("ListKeys", b'{"Marker":"====","Limit":1}', "InvalidMarkerException"),
        ("ListKeyRotations", b'{"KeyId":"alias/x"}', "NotFoundException"),
        ("CreateKey", b'{"Policy":"[]"}', "MalformedPolicyDocumentException"),
        ("CreateKey", b'{"Policy":"{\\"Statement\\":[1]}"}', "MalformedPolicyDocumentException"),
        ("CreateKey", b'{"KeySpec":"RSA_1024"}', "ValidationException"),
        ("ScheduleKeyDeletion", b'{"KeyId":"a","PendingWindowInDays":0}', "ValidationException"),
        ("NoSuchOperation", b"{}", "UnknownOperationException"),
    ],
)
def test_request_that_no_sdk_sends_is_refused(
    kamome: Tenant, operation: str, body: bytes, code: str
) -> None:
    assert call(kamome, operation, body) == (400, code)


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_no_octets_crash_the_reading_of_a_ciphertext(octets: bytes) -> None:
    for blob in (octets, b"\x01\x00" + octets, b"\x01\x01" + octets):
        try:
            header = ciphertexts.read_header(blob)
            ciphertexts.decrypt(bytes(32), blob, {})
        except InvalidCiphertextException:
            continue
        pytest.fail(f"decrypted: {header}")


@settings(max_examples=100)
@given(
    st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4),
    st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4),
)
def test_different_contexts_never_look_the_same(one: dict[str, str], other: dict[str, str]) -> None:
    are_same = ciphertexts.context_octets(one) == ciphertexts.context_octets(other)

    assert are_same == (one == other)

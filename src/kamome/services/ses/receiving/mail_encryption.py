"""Mails that SES encrypts before it stores them, as the Amazon S3 encryption client does.

The content is AES-256-GCM under a data key of KMS; what is needed to decrypt it is metadata of the
object. SES writes version 2 of the client's format with the wrapping algorithm `kms`: clients read
it as a legacy wrapping algorithm, with the whole material description as encryption context.

AWS: SES Developer Guide, Deliver to S3 bucket action (Message encryption); KMS Developer Guide, How
Amazon SES uses AWS KMS; S3 Encryption Client Developer Guide. NIST SP 800-38D.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import msgspec
import orjson

if TYPE_CHECKING:
    from kamome.services.ses.receiving.receipt_jobs import Job

_VECTOR_BYTES = 12
TAG_BYTES = 16


class MailEncryption(msgspec.Struct, frozen=True):
    """What a mail is encrypted with, and the metadata from which its owner decrypts it."""

    data_key: bytes
    vector: bytes
    metadata: dict[str, str]

    async def encrypted(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The content as it is stored: as long as it was, and the tag behind it.

        AWS: S3 Encryption Client Developer Guide, Supported encryption algorithms.
        """
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.ciphers.modes import GCM

        encryptor = Cipher(AES(self.data_key), GCM(self.vector)).encryptor()
        async for piece in content:
            yield encryptor.update(piece)
        yield encryptor.finalize() + encryptor.tag


def mail_encryption(job: Job, key_arn: str, content_bytes: int) -> MailEncryption:
    """A new data key for a mail, under the key of its rule.

    Raises:
        AwsError: KMS refuses: the key is disabled, deleted, somebody else's.

    AWS: KMS Developer Guide, How Amazon SES uses AWS KMS (Amazon SES encryption context).
    """
    description = {
        "aws:ses:message-id": job.mail.mail_id,
        "aws:ses:rule-name": job.step.planned.rule_name,
        "aws:ses:source-account": job.step.owner.account,
        "kms_cmk_id": key_arn,
    }
    plaintext, ciphertext = job.ses.ports.generate_data_key(job.ctx, key_arn, description)
    vector = job.ses.ids.bytes(_VECTOR_BYTES)
    metadata = {
        "x-amz-key-v2": base64.b64encode(ciphertext).decode(),
        "x-amz-iv": base64.b64encode(vector).decode(),
        "x-amz-matdesc": orjson.dumps(description).decode(),
        "x-amz-wrap-alg": "kms",
        "x-amz-cek-alg": "AES/GCM/NoPadding",
        "x-amz-tag-len": str(TAG_BYTES * 8),
        "x-amz-unencrypted-content-length": str(content_bytes),
    }
    return MailEncryption(plaintext, vector, metadata)

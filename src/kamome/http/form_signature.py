"""The signature of a browser's form: it covers the policy among the fields, and nothing else.

Field names are lower case here; clients write them as they like. AWS: S3 API Reference,
Authenticating Requests in Browser-Based Uploads Using POST (AWS Signature Version 4);
Browser-Based Uploads Using POST (AWS signature version 2).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

from kamome.http.canonical import to_bytes
from kamome.http.credential import ALGORITHM, Credential, scope_of_credential
from kamome.http.errors import Explanation, InvalidArgument, s3_mismatch
from kamome.http.sigv4 import signing_key

_DIGEST_BYTES_MAX = 128


def parse(fields: Mapping[str, str]) -> Credential | None:
    """The credential among the fields of a form, unverified; None where nobody signed it.

    Raises:
        InvalidArgument: fields of a signature are missing, or do not read.
    """
    if "x-amz-credential" in fields or "x-amz-algorithm" in fields or "x-amz-signature" in fields:
        return _v4(fields)
    if "awsaccesskeyid" not in fields:
        return None
    for name, shown in (("policy", "Policy"), ("signature", "Signature")):
        if not fields.get(name):
            raise _missing(shown, fields)
    return Credential(
        "v2",
        fields["awsaccesskeyid"],
        "",
        "",
        "s3",
        (),
        fields["signature"],
        "",
        fields.get("x-amz-security-token", ""),
    )


def verify(policy: str, credential: Credential, secret_key: str) -> None:
    """Whether the holder of the secret signed this policy, which is base64 as it was sent.

    Raises:
        SignatureDoesNotMatch: somebody else did, or another policy.
    """
    if credential.kind == "v2":
        digest = hmac.digest(secret_key.encode(), to_bytes(policy), "sha1")
        calculated = base64.b64encode(digest).decode()
    else:
        key = signing_key(secret_key, credential.date, credential.region, credential.service)
        calculated = hmac.digest(key, to_bytes(policy), "sha256").hex()
    provided = to_bytes(credential.signature[:_DIGEST_BYTES_MAX])
    if not hmac.compare_digest(calculated.encode(), provided):
        raise s3_mismatch(
            Explanation(credential.access_key, "", policy, credential.signature, calculated)
        )


def _v4(fields: Mapping[str, str]) -> Credential:
    for name, shown in (
        ("x-amz-algorithm", "X-Amz-Algorithm"),
        ("x-amz-credential", "X-Amz-Credential"),
        ("x-amz-date", "X-Amz-Date"),
        ("x-amz-signature", "X-Amz-Signature"),
        ("policy", "Policy"),
    ):
        if not fields.get(name):
            raise _missing(shown, fields)
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise InvalidArgument(
            f'X-Amz-Algorithm only supports "{ALGORITHM}"',
            {"ArgumentName": "x-amz-algorithm", "ArgumentValue": fields["x-amz-algorithm"]},
        )
    scope = scope_of_credential(fields["x-amz-credential"])
    if scope is None or not fields["x-amz-date"].startswith(scope[1]):
        raise InvalidArgument(
            "The Credential is malformed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            {"ArgumentName": "x-amz-credential", "ArgumentValue": fields["x-amz-credential"]},
        )
    return Credential(
        "header",
        *scope,
        (),
        fields["x-amz-signature"],
        fields["x-amz-date"],
        fields.get("x-amz-security-token", ""),
    )


def _missing(name: str, fields: Mapping[str, str]) -> InvalidArgument:
    return InvalidArgument(
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the"
        " order of the fields.",
        {"ArgumentName": name, "ArgumentValue": fields.get(name.lower(), "")},
    )

"""The lines of a server access log, and the keys of the objects that hold them.

AWS: S3 User Guide, Amazon S3 server access log format; Enabling Amazon S3 server access logging,
Log object key format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

_NONE = "-"
_ERROR_CODE = re.compile(
    rb"<Code>([A-Za-z0-9.]{1,128})</Code>|<li>Code: ([A-Za-z0-9.]{1,128})</li>"
)
# Query parameter: what the log calls the resource, where it is not the parameter in upper case.
_RESOURCES: Mapping[str, str] = {
    "acl": "ACL",
    "analytics": "ANALYTICSCONFIGURATION",
    "cors": "CORS",
    "delete": "MULTI_OBJECT_DELETE",
    "encryption": "ENCRYPTION",
    "intelligent-tiering": "INTELLIGENT_TIERING",
    "inventory": "INVENTORY",
    "legal-hold": "LEGAL_HOLD",
    "lifecycle": "LIFECYCLE",
    "location": "LOCATION",
    "logging": "LOGGING_STATUS",
    "metrics": "METRICSCONFIGURATION",
    "notification": "NOTIFICATION",
    "object-lock": "OBJECT_LOCK_CONFIGURATION",
    "ownershipControls": "OWNERSHIP_CONTROLS",
    "policy": "BUCKETPOLICY",
    "policyStatus": "BUCKETPOLICYSTATUS",
    "publicAccessBlock": "PUBLIC_ACCESS_BLOCK",
    "replication": "REPLICATION",
    "requestPayment": "REQUEST_PAYMENT",
    "retention": "OBJECT_LOCK_RETENTION",
    "tagging": "TAGGING",
    "uploads": "UPLOADS",
    "versioning": "VERSIONING",
    "versions": "BUCKETVERSIONS",
    "website": "WEBSITE",
}


class LoggedRequest(msgspec.Struct, frozen=True):
    """One request as its line tells it. Empty texts and None are shown as `-`."""

    owner_id: str
    bucket: str
    at_ms: int
    remote_ip: str
    requester_id: str
    request_id: str
    operation: str
    key: str
    request_line: str
    status: int
    error_code: str
    bytes_sent: int
    object_size: int | None
    total_ms: int
    referer: str
    user_agent: str
    version_id: str
    host_id: str
    signature_version: str
    authentication: str
    host: str
    region: str


def line_of(logged: LoggedRequest) -> str:
    """The line, without its line feed: 27 fields, none with a blank that is not quoted.

    AWS: S3 User Guide, Amazon S3 server access log format, Log record fields.
    """
    moment = datetime.fromtimestamp(logged.at_ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    size = "" if logged.object_size is None else str(logged.object_size)
    fields = [
        logged.owner_id,
        logged.bucket,
        f"[{moment}]",
        logged.remote_ip,
        logged.requester_id,
        logged.request_id,
        logged.operation,
        quote(logged.key, safe="/~", errors="replace"),
        _quoted(logged.request_line),
        str(logged.status),
        logged.error_code,
        str(logged.bytes_sent) if logged.bytes_sent else "",
        size,
        str(logged.total_ms),
        str(logged.total_ms),
        _quoted(logged.referer or _NONE),
        _quoted(logged.user_agent or _NONE),
        quote(logged.version_id, safe=""),
        logged.host_id,
        logged.signature_version,
        "",  # the cipher suite: TLS ends before this server, if there is any
        logged.authentication,
        quote(logged.host, safe=":.[]-_"),
        "",  # the TLS version
        "",  # the access point
        "",  # whether an ACL was needed: never, as they are disabled
        logged.region,
    ]
    return " ".join(field or _NONE for field in fields)


def operation_name(method: str, parameters: Mapping[str, str], *, has_key: bool) -> str:
    """`REST.method.resource`, as the log names operations.

    AWS: S3 User Guide, Amazon S3 server access log format, Operation.
    """
    if "uploadId" in parameters:
        return f"REST.{method}.{'PART' if 'partNumber' in parameters else 'UPLOAD'}"
    resource = next((_RESOURCES[name] for name in parameters if name in _RESOURCES), "")
    if resource == "TAGGING":
        resource = "OBJECT_TAGGING" if has_key else "BUCKETTAGGING"
    return f"REST.{method}.{resource or ('OBJECT' if has_key else 'BUCKET')}"


def error_code(body: object) -> str:
    """The code in an error document."""
    found = _ERROR_CODE.search(body) if isinstance(body, bytes) else None
    return (found[1] or found[2]).decode() if found is not None else ""


def log_key(
    enabled: Mapping[str, object], source: tuple[str, str, str], at_ms: int, unique: str
) -> str:
    """The key of a log object. `source` are account, region and name of the bucket that is logged.

    AWS: S3 User Guide, Enabling Amazon S3 server access logging, Log object key format.
    """
    prefix = str(enabled.get("TargetPrefix", ""))
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    name = f"{moment:%Y-%m-%d-%H-%M-%S}-{unique}"
    key_format = enabled.get("TargetObjectKeyFormat")
    if isinstance(key_format, Mapping) and "PartitionedPrefix" in key_format:
        account, region, bucket = source
        return f"{prefix}{account}/{region}/{bucket}/{moment:%Y/%m/%d}/{name}"
    return f"{prefix}{name}"


def _quoted(text: str) -> str:
    """Text of the client's: what would end the field or the line is percent-encoded."""
    shown = "".join(
        c if " " <= c < "\x7f" and c != '"' else quote(c, errors="replace") for c in text
    )
    return f'"{shown}"'

"""What a bucket's configurations must look like before they are kept.

Types and required members have been checked against the model; here is what S3 words itself.

AWS: S3 API Reference, PutBucketCors, PutBucketPolicy, PutBucketWebsite, ….
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import cast

import orjson

from kamome.services.s3.encryption.kms_fields import KMS_ALGORITHMS
from kamome.services.s3.errors import (
    FeatureNotServed,
    InvalidArgument,
    InvalidRequest,
    MalformedPolicy,
    MalformedXML,
    PolicyTooLarge,
)
from kamome.services.s3.limits import (
    CORS_RULES_MAX,
    POLICY_BYTES_MAX,
    REPLICATION_RULES_MAX,
    TAGS_PER_BUCKET_MAX,
)
from kamome.services.s3.objects.tagging import tags_of

Document = Mapping[str, object]
_CORS_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
_REDIRECT_CODE = re.compile(r"3(?:0[1-9]|[1-9][0-9])")
_ERROR_CODE = re.compile(r"[45][0-9]{2}")


def check_cors(configuration: Document) -> None:
    """Raises: MalformedXML, InvalidRequest. AWS: S3 API Reference, PutBucketCors."""
    rules = documents_of(configuration, "CORSRules")
    if not 1 <= len(rules) <= CORS_RULES_MAX:
        raise MalformedXML
    for rule in rules:
        methods, origins = _texts(rule, "AllowedMethods"), _texts(rule, "AllowedOrigins")
        if not methods or not origins:
            raise MalformedXML
        for method in methods:
            if method not in _CORS_METHODS:
                raise InvalidRequest(
                    f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )
        for name in ("AllowedOrigins", "AllowedHeaders"):
            for value in _texts(rule, name):
                if value.count("*") > 1:
                    raise InvalidRequest(
                        f'{name[:-1]} "{value}" can not have more than one wildcard.'
                    )


def check_encryption(configuration: Document) -> None:
    """Raises: MalformedXML, InvalidArgument, FeatureNotServed.

    AWS: S3 API Reference, PutBucketEncryption.
    """
    rules = documents_of(configuration, "Rules")
    if len(rules) != 1:
        raise MalformedXML
    default = document_of(rules[0], "ApplyServerSideEncryptionByDefault")
    if default is None:
        raise MalformedXML
    algorithm = default.get("SSEAlgorithm")
    if algorithm in KMS_ALGORITHMS:
        return
    if algorithm != "AES256":
        raise FeatureNotServed("SSEAlgorithm", str(algorithm))
    if "KMSMasterKeyID" in default:
        raise InvalidArgument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or"
            " aws:kms:dsse",
            "ApplyServerSideEncryptionByDefault",
            default["KMSMasterKeyID"],
        )


def check_policy(text: str, bucket_arn: str) -> None:
    """Whether a text may be the policy of the bucket of that ARN.

    Raises:
        MalformedPolicy, PolicyTooLarge: it may not.

    AWS: S3 API Reference, PutBucketPolicy; IAM User Guide, IAM JSON policy elements (Version may
    be left out).
    """
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise PolicyTooLarge
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError:
        policy = None
    if not isinstance(policy, dict):
        raise MalformedPolicy("Policies must be valid JSON and the first byte must be '{'")
    if policy.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise MalformedPolicy("The policy must contain a valid version string")
    statements = policy.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicy("Missing required field Statement")
    for statement in statements:
        _check_statement(statement, bucket_arn)


def _check_statement(statement: object, bucket_arn: str) -> None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy("Invalid effect")
    for choice in (
        ("Principal", "NotPrincipal"),
        ("Action", "NotAction"),
        ("Resource", "NotResource"),
    ):
        if sum(name in statement for name in choice) != 1:
            raise MalformedPolicy(f"Missing required field {choice[0]}")
    for action in _listed(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and not str(action).lower().startswith("s3:"):
            raise MalformedPolicy("Policy has invalid action")
    for resource in _listed(statement.get("Resource", statement.get("NotResource"))):
        # As far as its first "/" a resource is a pattern of the bucket's ARN.
        if not fnmatchcase(bucket_arn, str(resource).partition("/")[0]):
            raise MalformedPolicy("Policy has invalid resource")


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def check_website(configuration: Document) -> None:
    """Raises: InvalidArgument, InvalidRequest. AWS: S3 API Reference, PutBucketWebsite."""
    if "RedirectAllRequestsTo" in configuration:
        if len(configuration) > 1:
            raise InvalidRequest(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
            )
        return
    index = document_of(configuration, "IndexDocument")
    suffix = str(index.get("Suffix", "")) if index is not None else ""
    if not suffix or "/" in suffix:
        raise InvalidArgument(
            "The IndexDocument Suffix is not well formed", "IndexDocument", suffix
        )
    for rule in documents_of(configuration, "RoutingRules"):
        _check_routing_rule(rule)


def _check_routing_rule(rule: Document) -> None:
    """AWS: S3 API Reference, Redirect, Condition (HttpErrorCodeReturnedEquals: 4XX or 5XX)."""
    redirect, condition = document_of(rule, "Redirect"), document_of(rule, "Condition")
    if not redirect:
        raise MalformedXML
    if "ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect:
        raise InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    code = str(redirect.get("HttpRedirectCode", "301"))
    if _REDIRECT_CODE.fullmatch(code) is None:
        raise InvalidRequest(
            f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except"
            " 300."
        )
    if condition is None:
        return
    if not condition:
        raise InvalidRequest(
            "Condition cannot be empty. To redirect all requests without a condition, the condition"
            " element shouldn't be present."
        )
    error = str(condition.get("HttpErrorCodeReturnedEquals", "404"))
    if _ERROR_CODE.fullmatch(error) is None:
        raise InvalidRequest(
            f"The provided HTTP error code ({error}) is not valid. Valid codes are 4XX or 5XX."
        )


def check_tagging(configuration: Document) -> None:
    """Raises: InvalidTag, BadRequest. AWS: S3 API Reference, PutBucketTagging."""
    tags_of(documents_of(configuration, "TagSet"), TAGS_PER_BUCKET_MAX)


def check_replication(configuration: Document) -> None:
    """Raises: MalformedXML, InvalidArgument, InvalidRequest.

    AWS: S3 API Reference, PutBucketReplication; S3 User Guide, Replication configuration file
    elements.
    """
    rules = documents_of(configuration, "Rules")
    if not 1 <= len(rules) <= REPLICATION_RULES_MAX:
        raise MalformedXML
    if not str(configuration.get("Role", "")).startswith("arn:"):
        raise InvalidArgument("Invalid Role ARN", "Role", configuration.get("Role", ""))
    ids = [str(rule["ID"]) for rule in rules if "ID" in rule]
    if len(set(ids)) != len(ids):
        raise InvalidArgument("Rule Id must be unique", "ID", ids[0])
    for rule in rules:
        _check_replication_rule(rule)


def _check_replication_rule(rule: Document) -> None:
    destination = document_of(rule, "Destination")
    if destination is None or rule.get("Status") not in ("Enabled", "Disabled"):
        raise MalformedXML
    if "ReplicationTime" in destination and "Metrics" not in destination:
        raise InvalidRequest("ReplicationTime must be specified together with a Metrics block.")
    if "Filter" not in rule:
        return
    markers = document_of(rule, "DeleteMarkerReplication")
    if markers is None or "Priority" not in rule:
        name = "Priority" if markers is not None else "DeleteMarkerReplication"
        raise InvalidRequest(
            f"{name} must be specified for this version of Cross Region Replication configuration"
            " schema. Please refer to S3 Developer Guide for more information."
        )
    filtered = document_of(rule, "Filter") or {}
    has_tags = "Tag" in filtered or bool((document_of(filtered, "And") or {}).get("Tags"))
    if has_tags and markers.get("Status") == "Enabled":
        raise InvalidRequest(
            "Delete marker replication is not supported if any Tag filter is specified. Please"
            " refer to S3 Developer Guide for more information."
        )


def check_status(configuration: Document) -> None:
    """Raises: MalformedXML. AWS: S3 API Reference, PutBucketAccelerateConfiguration."""
    if configuration.get("Status") not in ("Enabled", "Suspended"):
        raise MalformedXML


def check_payer(configuration: Document) -> None:
    """Raises: MalformedXML. AWS: S3 API Reference, PutBucketRequestPayment."""
    if configuration.get("Payer") not in ("Requester", "BucketOwner"):
        raise MalformedXML


def check_ownership(configuration: Document) -> None:
    """Raises: MalformedXML. AWS: S3 API Reference, PutBucketOwnershipControls."""
    if len(documents_of(configuration, "Rules")) != 1:
        raise MalformedXML


def check_anything(_configuration: Document) -> None:
    """Nothing beyond the model's own constraints."""


def document_of(document: Document, name: str) -> Document | None:
    """A member that is a structure, None where it is absent."""
    value = document.get(name)
    return cast("Document", value) if isinstance(value, Mapping) else None


def documents_of(document: Document, name: str) -> Sequence[Document]:
    """A member that is a list of structures; empty where it is absent."""
    value = document.get(name)
    return cast("Sequence[Document]", value) if isinstance(value, list) else ()


def _texts(document: Document, name: str) -> Sequence[str]:
    value = document.get(name)
    return [str(each) for each in value] if isinstance(value, list) else ()

"""Configurations of buckets, with boto3: kept as they were put, validated, forgotten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Tenant


@pytest.fixture
def s3(kamome: Tenant) -> Any:
    return kamome.client("s3")


@pytest.fixture
def bucket(kamome: Tenant, s3: Any) -> str:
    """A bucket of the test's own; names are shared by all accounts."""
    name = f"settings-{kamome.account}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def body_of(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


CORS = {
    "CORSRules": [
        {
            "ID": "web",
            "AllowedMethods": ["GET", "PUT"],
            "AllowedOrigins": ["https://*.example.com"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 300,
        }
    ]
}
WEBSITE = {
    "IndexDocument": {"Suffix": "index.html"},
    "ErrorDocument": {"Key": "error.html"},
    "RoutingRules": [
        {
            "Condition": {"KeyPrefixEquals": "docs/"},
            "Redirect": {"ReplaceKeyPrefixWith": "documents/"},
        }
    ],
}
LIFECYCLE = {
    "Rules": [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}},
            "Expiration": {"Days": 30},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2},
        }
    ]
}

KINDS = [
    pytest.param("cors", "CORSConfiguration", CORS, "NoSuchCORSConfiguration", id="cors"),
    pytest.param(
        "website", "WebsiteConfiguration", WEBSITE, "NoSuchWebsiteConfiguration", id="website"
    ),
    pytest.param(
        "tagging",
        "Tagging",
        {"TagSet": [{"Key": "cost", "Value": "mail"}]},
        "NoSuchTagSet",
        id="tagging",
    ),
]


@pytest.mark.parametrize(("kind", "member", "document", "absent"), KINDS)
def test_configuration_is_kept_as_it_was_put(
    s3: Any, bucket: str, kind: str, member: str, document: dict[str, Any], absent: str
) -> None:
    put, get = getattr(s3, f"put_bucket_{kind}"), getattr(s3, f"get_bucket_{kind}")

    with pytest.raises(ClientError) as before:
        get(Bucket=bucket)
    put(Bucket=bucket, **{member: document})
    shown = body_of(get(Bucket=bucket))
    getattr(s3, f"delete_bucket_{kind}")(Bucket=bucket)
    with pytest.raises(ClientError) as after:
        get(Bucket=bucket)

    assert shown == document
    assert code_of(before) == code_of(after) == absent
    assert before.value.response["Error"]["BucketName"] == bucket


def test_access_by_tags_is_kept(s3: Any, bucket: str) -> None:
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Disabled"}

    s3.put_bucket_abac(Bucket=bucket, AbacStatus={"Status": "Enabled"})

    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Enabled"}


def test_lifecycle_is_kept_and_unnamed_rules_get_an_id(s3: Any, bucket: str) -> None:
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=LIFECYCLE)
    named = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    unnamed = [{name: value for name, value in LIFECYCLE["Rules"][0].items() if name != "ID"}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": unnamed})

    assert named == LIFECYCLE["Rules"]
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["ID"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Expiration": {"Days": 0}}, "InvalidArgument"),
        ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
        ({"Status": "On"}, "MalformedXML"),
        ({"Prefix": "x"}, "MalformedXML"),
    ],
)
def test_wrong_lifecycle_rule_is_refused(
    s3: Any, bucket: str, change: dict[str, Any], code: str
) -> None:
    rule = {**LIFECYCLE["Rules"][0], **change}

    with pytest.raises(ClientError) as refused:
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}
        )

    assert code_of(refused) == code


def test_policy_is_kept_word_for_word(s3: Any, bucket: str) -> None:
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": f"arn:aws:s3:::{bucket}/*",
                }
            ],
        }
    )

    with pytest.raises(ClientError) as blocked:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)

    assert code_of(blocked) == "AccessDenied"
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    s3.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(ClientError) as absent:
        s3.get_bucket_policy(Bucket=bucket)
    assert code_of(absent) == "NoSuchBucketPolicy"


@pytest.mark.parametrize("policy", ["no json", "[]", '{"Version":"2012-10-17"}'])
def test_what_is_no_policy_is_refused(s3: Any, bucket: str, policy: str) -> None:
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)

    assert code_of(refused) == "MalformedPolicy"


def statement(bucket: str, **changes: object) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    } | changes


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"Resource": "arn:aws:s3:::another-bucket/*"}, "Policy has invalid resource"),
        ({"Resource": ["arn:aws:s3:::*/*", "a"]}, "Policy has invalid resource"),
        ({"Action": ["s3:GetObject", "sqs:SendMessage"]}, "Policy has invalid action"),
    ],
)
def test_policy_is_of_its_own_bucket_and_of_s3(
    s3: Any, bucket: str, changes: dict[str, object], sentence: str
) -> None:
    policy = {"Version": "2012-10-17", "Statement": [statement(bucket, **changes)]}

    with pytest.raises(ClientError, match=f"MalformedPolicy.*{sentence}"):
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def test_policy_needs_no_version(s3: Any, bucket: str) -> None:
    policy = json.dumps({"Statement": statement(bucket)})

    s3.put_bucket_policy(Bucket=bucket, Policy=policy)

    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy


def test_what_was_not_given_is_shown_as_off(s3: Any, bucket: str) -> None:
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )

    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert encryption["Rules"] == [{**default, "BucketKeyEnabled": False}]
    assert block == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }


def test_new_bucket_has_awss_defaults(s3: Any, bucket: str) -> None:
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    acl = s3.get_bucket_acl(Bucket=bucket)

    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default == {"SSEAlgorithm": "AES256"}
    assert set(block.values()) == {True}
    assert ownership == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert acl["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert acl["Grants"][0]["Grantee"]["ID"] == acl["Owner"]["ID"]
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)


def test_only_an_acl_that_says_what_holds_anyway_is_taken(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    shown = body_of(s3.get_object_acl(Bucket=bucket, Key="k"))

    s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=shown)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    with pytest.raises(ClientError) as public:
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    shown["Grants"][0]["Grantee"]["ID"] = "0" * 64
    with pytest.raises(ClientError) as others:
        s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=shown)

    assert code_of(public) == code_of(others) == "AccessControlListNotSupported"


def test_acls_are_kept_where_ownership_controls_enable_them(s3: Any, bucket: str) -> None:
    writer = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=writer)
    s3.delete_public_access_block(Bucket=bucket)

    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    shown = body_of(s3.get_object_acl(Bucket=bucket, Key="k"))
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=shown)

    assert [grant["Permission"] for grant in shown["Grants"]] == ["FULL_CONTROL", "READ"]
    assert shown["Grants"][1]["Grantee"]["URI"].endswith("/global/AllUsers")
    assert body_of(s3.get_bucket_acl(Bucket=bucket)) == shown


def test_deleted_public_access_block_does_not_come_back(s3: Any, bucket: str) -> None:
    s3.delete_public_access_block(Bucket=bucket)

    with pytest.raises(ClientError) as absent:
        s3.get_public_access_block(Bucket=bucket)

    assert code_of(absent) == "NoSuchPublicAccessBlockConfiguration"


def test_logging_needs_a_bucket_of_ones_own(s3: Any, bucket: str) -> None:
    status = {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": "logs/"}}

    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)

    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == status["LoggingEnabled"]
    status["LoggingEnabled"]["TargetBucket"] = "no-such-bucket-anywhere"
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    assert code_of(refused) == "InvalidTargetBucketForLogging"


def test_inventories_are_kept_by_id_and_listed_in_pages(s3: Any, bucket: str) -> None:
    for number in range(103):
        s3.put_bucket_metrics_configuration(
            Bucket=bucket, Id=f"m{number:03}", MetricsConfiguration={"Id": f"m{number:03}"}
        )

    first = s3.list_bucket_metrics_configurations(Bucket=bucket)
    rest = s3.list_bucket_metrics_configurations(
        Bucket=bucket, ContinuationToken=first["NextContinuationToken"]
    )

    assert len(first["MetricsConfigurationList"]) == 100
    assert [each["Id"] for each in rest["MetricsConfigurationList"]] == ["m100", "m101", "m102"]
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="m000")
    with pytest.raises(ClientError) as absent:
        s3.get_bucket_metrics_configuration(Bucket=bucket, Id="m000")
    assert code_of(absent) == "NoSuchConfiguration"


def test_replication_needs_versions(s3: Any, bucket: str) -> None:
    versions = {"Status": "Enabled"}
    elsewhere = f"elsewhere-{bucket}"
    s3.create_bucket(
        Bucket=elsewhere, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3.put_bucket_versioning(Bucket=elsewhere, VersioningConfiguration=versions)
    configuration = {
        "Role": "arn:aws:iam::123456789012:role/replicate",
        "Rules": [
            {
                "ID": "all",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {"Prefix": ""},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Destination": {"Bucket": f"arn:aws:s3:::{elsewhere}"},
            }
        ],
    }

    with pytest.raises(ClientError) as refused:
        s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configuration)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versions)
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configuration)

    assert code_of(refused) == "InvalidRequest"
    shown = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    assert shown == configuration

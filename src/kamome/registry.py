"""The served AWS services: one descriptor each. The support tables in the docs come from here."""

from __future__ import annotations

from kamome.services import Service

SQS = Service(
    name="sqs",
    model="sqs",
    protocols=("json", "query"),
    module="kamome.services.sqs.operations",
    signing_name="sqs",
    target_prefix="AmazonSQS",
    api_version="2012-11-05",
    host_labels=("queue",),
    runs_at_once=True,
)
SNS = Service(
    name="sns",
    model="sns",
    protocols=("query",),
    module="kamome.services.sns.operations",
    signing_name="sns",
    runs_at_once=True,
    api_version="2010-03-31",
    # The links in what SNS sends. AWS: SNS API Reference, ConfirmSubscription, Unsubscribe.
    unsigned_operations=frozenset({"ConfirmSubscription", "Unsubscribe"}),
)
S3 = Service(
    name="s3",
    model="s3",
    protocols=("rest-xml",),
    module="kamome.services.s3.operations",
    signing_name="s3",
    streams=True,
    runs_at_once=True,
    has_edge=True,
)
SES = Service(
    name="ses",
    model="ses",
    protocols=("query",),
    module="kamome.services.ses.operations",
    signing_name="ses",
    api_version="2010-12-01",
    host_labels=("email",),
    # AWS: SES Developer Guide, Service quotas: 40 MB of mail, here in Base64 in a form.
    body_bytes_max=64 * 1024 * 1024,
)
SESV2 = Service(
    name="sesv2",
    model="sesv2",
    protocols=("rest-json",),
    module="kamome.services.ses.operations_v2",
    signing_name="ses",
    # The first is where clients of years ago put an identity's DKIM key.
    path_prefixes=("/v1/email/", "/v2/email/"),
    body_bytes_max=64 * 1024 * 1024,
)
LAMBDA = Service(
    name="lambda",
    model="lambda",
    protocols=("rest-json",),
    module="kamome.services.lambda_.operations",
    signing_name="lambda",
    path_prefixes=(
        "/2014-11-13/",
        "/2015-03-31/",
        "/2016-08-19/",
        "/2017-03-31/",
        "/2017-10-31/",
        "/2018-10-31/",
        "/2019-09-25/",
        "/2019-09-30/",
        "/2020-04-22/",
        "/2020-06-30/",
        "/2021-07-20/",
        "/2021-10-31/",
        "/2021-11-15/",
        "/2024-08-31/",
    ),
    # AWS: Lambda Developer Guide, Creating and managing Lambda function URLs (URL endpoint format).
    host_mark=".lambda-url.",
    has_edge=True,
    # AWS: Lambda quotas: a deployment package is 50 MB, here in Base64.
    body_bytes_max=72 * 1024 * 1024,
)
DYNAMODB = Service(
    name="dynamodb",
    model="dynamodb",
    protocols=("json",),
    module="kamome.services.dynamodb.operations",
    signing_name="dynamodb",
    target_prefix="DynamoDB_20120810",
    runs_at_once=True,
    # AWS: DynamoDB API Reference: a request is 16 MB at most.
    body_bytes_max=16 * 1024 * 1024,
)
ECS = Service(
    name="ecs",
    model="ecs",
    protocols=("json",),
    module="kamome.services.ecs.operations",
    signing_name="ecs",
    target_prefix="AmazonEC2ContainerServiceV20141113",
)
SSM = Service(
    name="ssm",
    model="ssm",
    protocols=("json",),
    module="kamome.services.ssm.operations",
    signing_name="ssm",
    target_prefix="AmazonSSM",
    runs_at_once=True,
    is_seldom=True,
)
KMS = Service(
    name="kms",
    model="kms",
    protocols=("json",),
    module="kamome.services.kms.operations",
    signing_name="kms",
    target_prefix="TrentService",
    runs_at_once=True,
    is_seldom=True,
)
SECRETS_MANAGER = Service(
    name="secretsmanager",
    model="secretsmanager",
    protocols=("json",),
    module="kamome.services.secretsmanager.operations",
    signing_name="secretsmanager",
    target_prefix="secretsmanager",
    runs_at_once=True,
    is_seldom=True,
)
STS = Service(
    name="sts",
    model="sts",
    protocols=("query",),
    module="kamome.services.sts.operations",
    signing_name="sts",
    api_version="2011-06-15",
)

SERVICES = (SES, SESV2, SNS, SQS, S3, LAMBDA, DYNAMODB, ECS, KMS, SSM, SECRETS_MANAGER, STS)

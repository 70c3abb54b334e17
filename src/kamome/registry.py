"""The served AWS services: one descriptor each. The support tables in the docs come from here."""

from __future__ import annotations

from kamome.services import Service
from kamome.services.dynamodb import operations as dynamodb
from kamome.services.ecs import operations as ecs
from kamome.services.lambda_ import operations as lambda_
from kamome.services.s3 import operations as s3
from kamome.services.ses import operations as ses
from kamome.services.sns import operations as sns
from kamome.services.sqs import operations as sqs
from kamome.services.sts import operations as sts

SQS = Service(
    name="sqs",
    model="sqs",
    protocols=("json", "query"),
    operations=sqs.OPERATIONS,
    violation=sqs.violation,
    resource_of=sqs.resource_of,
    signing_name="sqs",
    target_prefix="AmazonSQS",
    api_version="2012-11-05",
    host_labels=("queue",),
    complete=sqs.complete,
)
SNS = Service(
    name="sns",
    model="sns",
    protocols=("query",),
    operations=sns.OPERATIONS,
    violation=sns.violation,
    resource_of=sns.resource_of,
    signing_name="sns",
    api_version="2010-03-31",
    # The links in what SNS sends. AWS: SNS API Reference, ConfirmSubscription, Unsubscribe.
    unsigned_operations=frozenset({"ConfirmSubscription", "Unsubscribe"}),
)
S3 = Service(
    name="s3",
    model="s3",
    protocols=("rest-xml",),
    operations=s3.OPERATIONS,
    violation=s3.violation,
    resource_of=s3.resource_of,
    signing_name="s3",
    streams=True,
)
SES = Service(
    name="ses",
    model="ses",
    protocols=("query",),
    operations=ses.OPERATIONS,
    violation=ses.violation,
    resource_of=ses.resource_of,
    signing_name="ses",
    api_version="2010-12-01",
    host_labels=("email",),
    # AWS: SES Developer Guide, Service quotas: 40 MB of mail, here in Base64 in a form.
    body_bytes_max=64 * 1024 * 1024,
)
LAMBDA = Service(
    name="lambda",
    model="lambda",
    protocols=("rest-json",),
    operations=lambda_.OPERATIONS,
    violation=lambda_.violation,
    resource_of=lambda_.resource_of,
    signing_name="lambda",
    path_prefixes=("/2015-03-31/", "/2014-11-13/"),
    # AWS: Lambda quotas: a deployment package is 50 MB, here in Base64.
    body_bytes_max=72 * 1024 * 1024,
)
DYNAMODB = Service(
    name="dynamodb",
    model="dynamodb",
    protocols=("json",),
    operations=dynamodb.OPERATIONS,
    violation=dynamodb.violation,
    resource_of=dynamodb.resource_of,
    signing_name="dynamodb",
    target_prefix="DynamoDB_20120810",
    # AWS: DynamoDB API Reference: a request is 16 MB at most.
    body_bytes_max=16 * 1024 * 1024,
)
ECS = Service(
    name="ecs",
    model="ecs",
    protocols=("json",),
    operations=ecs.OPERATIONS,
    violation=ecs.violation,
    resource_of=ecs.resource_of,
    signing_name="ecs",
    target_prefix="AmazonEC2ContainerServiceV20141113",
)
STS = Service(
    name="sts",
    model="sts",
    protocols=("query",),
    operations=sts.OPERATIONS,
    violation=sts.violation,
    resource_of=sts.resource_of,
    signing_name="sts",
    api_version="2011-06-15",
)

SERVICES = (SES, SNS, SQS, S3, LAMBDA, DYNAMODB, ECS, STS)

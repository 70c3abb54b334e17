"""The served AWS services: one descriptor each. The support tables in the docs come from here."""

from __future__ import annotations

from kamome.services import Service
from kamome.services.s3 import operations as s3
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

SERVICES = (SNS, SQS, S3, STS)

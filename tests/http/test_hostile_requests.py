"""Thousands of broken requests: each is refused in its service's own form, and nothing breaks.

For every service some valid requests are broken in seeded ways (`hostile.py`) and sent over a real
socket. Whatever comes back must be an answer that a client can read: a success, a 4xx, or 501 for
what is not served; never a 500, a hang, or an exception in the log.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from tests.http.hostile import Broken, Request, json_call, query_call, signed
from tests.http.raw_client import Answer, RawClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Tenant

_SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
_REQUESTS_PER_SEED = 300
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SNS, _SES, _STS, _SQS = "2010-03-31", "2010-12-01", "2011-06-15", "2012-11-05"
_NOTIFICATION = b"""<NotificationConfiguration
xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><QueueConfiguration><Id>a</Id>
<Queue>arn:aws:sqs:eu-west-1:000000000000:orders</Queue><Event>s3:ObjectCreated:*</Event>
<Filter><S3Key><FilterRule><Name>prefix</Name><Value>in/</Value></FilterRule></S3Key></Filter>
</QueueConfiguration></NotificationConfiguration>"""
_LOCATION = b"""<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"""


def sqs(account: str) -> list[Request]:
    url = f"http://localhost/{account}/orders"
    text = {"DataType": "String", "StringValue": "x"}
    entries = [{"Id": "a", "MessageBody": "b", "MessageAttributes": {"n": text}}]
    return [
        json_call(
            "AmazonSQS.CreateQueue", {"QueueName": "orders", "Attributes": {"DelaySeconds": "1"}}
        ),
        json_call(
            "AmazonSQS.SendMessage",
            {"QueueUrl": url, "MessageBody": "x", "MessageAttributes": {"n": text}},
        ),
        json_call("AmazonSQS.SendMessageBatch", {"QueueUrl": url, "Entries": entries}),
        json_call("AmazonSQS.ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 1}),
        json_call(
            "AmazonSQS.SetQueueAttributes", {"QueueUrl": url, "Attributes": {"RedrivePolicy": "{}"}}
        ),
        json_call(
            "AmazonSQS.ChangeMessageVisibility",
            {"QueueUrl": url, "ReceiptHandle": "x", "VisibilityTimeout": 1},
        ),
        json_call(
            "AmazonSQS.ListQueues", {"QueueNamePrefix": "o", "MaxResults": 3, "NextToken": "x"}
        ),
        query_call("SendMessage", _SQS, QueueUrl=url, MessageBody="x"),
        query_call("GetQueueAttributes", _SQS, QueueUrl=url, **{"AttributeName.1": "All"}),
        Request("GET", f"/{account}/orders", f"Action=ReceiveMessage&Version={_SQS}"),
    ]


def sns(account: str) -> list[Request]:
    arn = f"arn:aws:sns:eu-west-1:{account}:orders"
    attribute = {
        "MessageAttributes.entry.1.Name": "n",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "x",
    }
    endpoint = f"arn:aws:sqs:eu-west-1:{account}:orders"
    raw = {"Attributes.entry.1.key": "RawMessageDelivery", "Attributes.entry.1.value": "true"}
    return [
        query_call("CreateTopic", _SNS, Name="orders"),
        query_call("Publish", _SNS, TopicArn=arn, Message="hello", Subject="s", **attribute),
        query_call("Subscribe", _SNS, TopicArn=arn, Protocol="sqs", Endpoint=endpoint, **raw),
        query_call(
            "SetTopicAttributes", _SNS, TopicArn=arn, AttributeName="Policy", AttributeValue="{}"
        ),
        query_call("ListSubscriptionsByTopic", _SNS, TopicArn=arn, NextToken="x"),
        Request("GET", "/", f"Action=Unsubscribe&SubscriptionArn={arn}:x"),
    ]


def ses(_account: str) -> list[Request]:
    rule = {
        "Rule.Name": "store",
        "Rule.Enabled": "true",
        "Rule.Recipients.member.1": "example.com",
        "Rule.Actions.member.1.S3Action.BucketName": "mails",
        "Rule.Actions.member.1.S3Action.ObjectKeyPrefix": "in/",
    }
    return [
        query_call("CreateReceiptRuleSet", _SES, RuleSetName="main"),
        query_call("CreateReceiptRule", _SES, RuleSetName="main", After="x", **rule),
        query_call(
            "ReorderReceiptRuleSet", _SES, RuleSetName="main", **{"RuleNames.member.1": "a"}
        ),
        query_call("VerifyDomainIdentity", _SES, Domain="example.com"),
        query_call("ListIdentities", _SES, IdentityType="Domain", MaxItems="3", NextToken="x"),
    ]


def sts(_account: str) -> list[Request]:
    return [
        query_call("GetCallerIdentity", _STS),
        query_call("AssumeRole", _STS, RoleArn="x", RoleSessionName="y"),
        Request("GET", "/", f"Action=GetCallerIdentity&Version={_STS}"),
    ]


def dynamodb(_account: str) -> list[Request]:
    item = {"id": {"S": "a"}, "n": {"N": "1"}, "l": {"L": [{"B": "AA=="}, {"NS": ["1"]}]}}
    values = {":n": {"N": "1"}, ":s": {"S": "x"}}
    target = "DynamoDB_20120810."
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    types = [{"AttributeName": "id", "AttributeType": "S"}]
    table = {"TableName": "orders", "KeySchema": keys, "AttributeDefinitions": types}
    change = {
        "UpdateExpression": "SET #n = #n + :n",
        "ConditionExpression": "n < :n OR begins_with(id, :s)",
    }
    names = {"ExpressionAttributeNames": {"#n": "n"}, "ExpressionAttributeValues": values}
    return [
        json_call(target + "CreateTable", {**table, "BillingMode": "PAY_PER_REQUEST"}),
        json_call(target + "PutItem", {"TableName": "orders", "Item": item}),
        json_call(
            target + "GetItem",
            {"TableName": "orders", "Key": {"id": {"S": "a"}}, "ProjectionExpression": "id, l[0]"},
        ),
        json_call(
            target + "UpdateItem",
            {"TableName": "orders", "Key": {"id": {"S": "a"}}, **change, **names},
        ),
        json_call(
            target + "Query",
            {"TableName": "orders", "KeyConditionExpression": "id = :s", "Limit": 3, **names},
        ),
        json_call(
            target + "Scan",
            {
                "TableName": "orders",
                "FilterExpression": "n = :n",
                "ExclusiveStartKey": {"id": {"S": "a"}},
            },
        ),
        json_call(
            target + "BatchGetItem", {"RequestItems": {"orders": {"Keys": [{"id": {"S": "a"}}]}}}
        ),
    ]


def s3(_account: str) -> list[Request]:
    chunked = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Decoded-Content-Length": "3",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    body = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"
    return [
        Request("PUT", "/hostile-bucket", "", {}, _LOCATION),
        Request("PUT", "/hostile-bucket/key", "", {"X-Amz-Meta-A": "b"}, b"hello"),
        Request("PUT", "/hostile-bucket/key", "", chunked, body),
        Request("GET", "/hostile-bucket/key", "", {"Range": "bytes=0-2"}),
        Request("HEAD", "/hostile-bucket/key"),
        Request("GET", "/hostile-bucket", "list-type=2&prefix=k"),
        Request("PUT", "/hostile-bucket", "notification", {}, _NOTIFICATION),
        Request("DELETE", "/hostile-bucket/key"),
        Request("GET", "/"),
    ]


def lambda_(_account: str) -> list[Request]:
    create = {
        "FunctionName": "f",
        "Runtime": "python3.11",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Handler": "a.b",
        "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},
        "Environment": {"Variables": {"A": "b"}},
    }
    mapping = {"EventSourceArn": "arn:aws:sqs:eu-west-1:000000000000:nowhere", "FunctionName": "f"}
    functions, mappings = "/2015-03-31/functions", "/2015-03-31/event-source-mappings/"
    return [
        Request("POST", functions, "", {}, json.dumps(create).encode()),
        Request("GET", functions + "/f"),
        Request("GET", functions + "/", "MaxItems=3"),
        Request("PUT", functions + "/f/code", "", {}, b'{"ZipFile": "AAAA", "DryRun": true}'),
        Request(
            "PUT", functions + "/f/configuration", "", {}, b'{"Timeout": 3, "MemorySize": 128}'
        ),
        Request("POST", functions + "/nowhere/invocations", "", {}, b'{"a": 1}'),
        Request(
            "POST",
            functions + "/f/policy",
            "",
            {},
            b'{"StatementId": "a", "Action": "b", "Principal": "c"}',
        ),
        Request("POST", mappings, "", {}, json.dumps(mapping).encode()),
        Request("GET", mappings + "x"),
        Request("DELETE", functions + "/f"),
    ]


_SERVICES = {
    "sqs": sqs,
    "sns": sns,
    "ses": ses,
    "sts": sts,
    "dynamodb": dynamodb,
    "s3": s3,
    "lambda": lambda_,
}


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("service", _SERVICES)
def test_broken_requests_are_refused_in_the_form_of_the_service(
    kamome: Tenant, service: str, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    requests = _SERVICES[service](kamome.account)
    requests = [signed(service, kamome.account, request) for request in requests] + requests
    broken = Broken(seed)
    wrong: list[str] = []
    with caplog.at_level(logging.ERROR):
        for request in (broken.one_of(requests) for _ in range(_REQUESTS_PER_SEED)):
            wrong += [f"{problem}: {request}"[:3000] for problem in _problems(kamome, request)]

    assert not wrong, "\n".join(wrong[:5])
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    with RawClient(kamome.endpoint) as client:
        assert client.request("GET", "/_kamome/health").status == 200


def _problems(kamome: Tenant, request: Request) -> Iterator[str]:
    """What is wrong with the answer to a request."""
    with RawClient(kamome.endpoint) as client:
        client.send(request.encoded(client.host))
        if request.missing:
            client.hang_up_sending()
        try:
            answer = client.answer(request.method)
        except ConnectionError:
            if not request.missing:
                yield "no answer"
            return
        except TimeoutError:
            yield "hangs"
            return
    if answer.status >= 500 and not _is_not_served(answer):
        yield f"status {answer.status}"
    # S3 sends what XML cannot hold in keys as references all the same, as AWS does.
    is_error = answer.status >= 400
    is_s3 = "x-amz-id-2" in answer.headers
    if answer.body and (is_error or not is_s3) and not _is_readable(answer):
        yield f"unreadable {answer}"


def _is_not_served(answer: Answer) -> bool:
    return answer.status == 501 and (b"NotImplemented" in answer.body or not answer.body)


def _is_readable(answer: Answer) -> bool:
    """Whether the error document is well-formed in what its content type says it is."""
    kind = answer.headers.get("content-type", "")
    try:
        if "json" in kind:
            return isinstance(json.loads(answer.body), dict)
        if "xml" in kind:
            ElementTree.fromstring(answer.body)
            return True
    except (ValueError, ElementTree.ParseError):
        return False
    # What is not even HTTP gets a sentence.
    return kind == "text/plain" and "connection" in answer.headers

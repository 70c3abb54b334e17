"""The AWS SDK for JavaScript against a whole server: one script, whose findings are judged here.

`npm install @aws-sdk/client-sns @aws-sdk/client-sqs` into a folder of NODE_PATH runs it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kamome.testing import Kamome

_NODE = shutil.which("node")
_SCRIPT = """
const sns = require('@aws-sdk/client-sns'), sqs = require('@aws-sdk/client-sqs');
const found = {}, refused = async call => { try { await call; } catch (e) {
  return [e.name, e.message, e.$metadata.httpStatusCode]; } };
(async () => {
  const topics = new sns.SNSClient({}), queues = new sqs.SQSClient({});
  const { TopicArn } = await topics.send(new sns.CreateTopicCommand({ Name: 'orders' }));
  const queue = { QueueName: 'orders' };
  const { QueueUrl } = await queues.send(new sqs.CreateQueueCommand(queue));
  await topics.send(new sns.SubscribeCommand({
    TopicArn, Protocol: 'sqs', Endpoint: process.argv[1], ReturnSubscriptionArn: true,
    Attributes: { FilterPolicy: JSON.stringify({ kind: ['a', { prefix: 'b' }] }) } }));
  const kind = text => ({ kind: { DataType: 'String', StringValue: text },
    bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 3]) } });
  await topics.send(new sns.PublishCommand({
    TopicArn, Message: 'ご注文', Subject: 'New', MessageAttributes: kind('a') }));
  const batch = await topics.send(new sns.PublishBatchCommand({
    TopicArn, PublishBatchRequestEntries: [
      { Id: '1', Message: 'second', MessageAttributes: kind('bc') },
      { Id: '2', Message: 'third', MessageAttributes: kind('c') },
      { Id: '3', Message: 'fourth', MessageDeduplicationId: 'no' }] }));
  found.batch = [batch.Successful.map(each => each.Id), batch.Failed.map(each => each.Code)];
  const answer = await queues.send(new sqs.ReceiveMessageCommand({
    QueueUrl, MaxNumberOfMessages: 10 }));
  const envelopes = answer.Messages.map(each => JSON.parse(each.Body));
  found.messages = envelopes.map(each => each.Message);
  found.bytes = envelopes[0].MessageAttributes.bytes;
  found.missing = await refused(topics.send(new sns.PublishCommand({
    TopicArn: TopicArn + 'x', Message: 'm' })));
  found.long = await refused(topics.send(new sns.PublishCommand({
    TopicArn, Message: 'm'.repeat(262145) })));
  console.log(JSON.stringify(found));
})();
"""


def _has_sdk() -> bool:
    if _NODE is None:
        return False
    asked = "require.resolve('@aws-sdk/client-sns'); require.resolve('@aws-sdk/client-sqs')"
    return subprocess.run([_NODE, "-e", asked], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(
    not _has_sdk(), reason="node finds no @aws-sdk/client-sns and @aws-sdk/client-sqs (npm install)"
)
def test_the_sdk_for_javascript_publishes_filters_and_is_refused(kamome: Kamome) -> None:
    assert _NODE is not None
    arn = f"arn:aws:sqs:{kamome.region}:{kamome.account}:orders"
    done = subprocess.run(
        [_NODE, "-e", _SCRIPT, arn],
        env=dict(os.environ),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )

    found = json.loads(done.stdout or "{}")
    assert found.pop("messages", done.stderr) in (["ご注文", "second"], ["second", "ご注文"])
    assert found == {
        "batch": [["1", "2"], ["InvalidParameter"]],
        "bytes": {"Type": "Binary", "Value": "AQID"},
        "missing": ["NotFoundException", "Topic does not exist", 404],
        "long": ["InvalidParameterException", "Invalid parameter: Message too long", 400],
    }

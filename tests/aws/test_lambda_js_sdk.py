"""Lambda by the AWS SDK for JavaScript, version 3.

`npm install @aws-sdk/client-lambda @aws-sdk/client-sqs` into a folder of NODE_PATH runs it.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.lambda_functions import package

if TYPE_CHECKING:
    from tests.conftest import Tenant

_NODE = shutil.which("node")
_SCRIPT = """
const lambda = require('@aws-sdk/client-lambda'), sqs = require('@aws-sdk/client-sqs');
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const config = { endpoint: given.endpoint, region: given.region,
  credentials: { accessKeyId: given.account, secretAccessKey: 'test' }, maxAttempts: 1 };
const functions = new lambda.LambdaClient(config), queues = new sqs.SQSClient(config);
const text = (bytes) => Buffer.from(bytes).toString('utf8');
const send = (name, input) => functions.send(new lambda[name + 'Command'](input));

(async () => {
  const seen = {};
  await send('CreateFunction', { FunctionName: 'f', Runtime: 'python3.11',
    Role: 'arn:aws:iam::000000000000:role/r', Handler: 'app.handler',
    Code: { ZipFile: Buffer.from(given.code, 'base64') } });
  const waited = { client: functions, maxWaitTime: 10 };
  seen.state = (await lambda.waitUntilFunctionActiveV2(waited, { FunctionName: 'f' })).state;
  const answer = await send('Invoke', { FunctionName: 'f', Payload: '{"a":1}', LogType: 'Tail' });
  seen.payload = text(answer.Payload);
  seen.log = Buffer.from(answer.LogResult, 'base64').toString('utf8');
  const failed = await send('Invoke', { FunctionName: 'f', Payload: '"fail"' });
  seen.failure = [failed.FunctionError, JSON.parse(text(failed.Payload)).errorType];
  try {
    await send('Invoke', { FunctionName: 'nobody' });
  } catch (error) {
    seen.missing = [error instanceof lambda.ResourceNotFoundException,
      error.$metadata.httpStatusCode];
  }
  const streamed = await send('InvokeWithResponseStream', { FunctionName: 'f', Payload: '2' });
  seen.events = [];
  for await (const event of streamed.EventStream) {
    seen.events.push(event.PayloadChunk ? text(event.PayloadChunk.Payload) : 'complete');
  }
  await queues.send(new sqs.CreateQueueCommand({ QueueName: 'js' }));
  const mapping = await send('CreateEventSourceMapping', { FunctionName: 'f',
    EventSourceArn: `arn:aws:sqs:${given.region}:${given.account}:js`, BatchSize: 5,
    FunctionResponseTypes: ['ReportBatchItemFailures'] });
  const listed = await send('ListEventSourceMappings', { FunctionName: 'f' });
  seen.mappings = listed.EventSourceMappings.map((one) => [one.UUID === mapping.UUID, one.BatchSize,
    one.LastModified instanceof Date]);
  const url = await send('CreateFunctionUrlConfig', { FunctionName: 'f', AuthType: 'AWS_IAM' });
  seen.url = new URL(url.FunctionUrl).pathname;
  console.log(JSON.stringify(seen));
})().catch((error) => { console.error(error); process.exit(1); });
"""


def _has_sdk() -> bool:
    if _NODE is None:
        return False
    look = "require.resolve('@aws-sdk/client-lambda'); require.resolve('@aws-sdk/client-sqs')"
    found = subprocess.run([_NODE, "-e", look], capture_output=True, check=False)
    return found.returncode == 0


pytestmark = pytest.mark.skipif(
    not _has_sdk(), reason="node finds no package @aws-sdk/client-lambda (npm install it)"
)


@pytest.fixture
def seen(kamome: Tenant) -> Any:
    """What the script has seen of a function that it has made."""
    source = (
        "def handler(event, context):\n"
        "    print('event', event)\n"
        "    if event == 'fail': raise ValueError('no')\n"
        "    return event\n"
    )
    given = {
        "endpoint": kamome.endpoint,
        "region": kamome.region,
        "account": kamome.account,
        "code": base64.b64encode(package(source)).decode("ascii"),
    }
    assert _NODE is not None
    done = subprocess.run(
        [_NODE, "-e", _SCRIPT],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_sdk_creates_invokes_and_maps(seen: Any) -> None:
    assert (seen["state"], seen["payload"]) == ("SUCCESS", '{"a": 1}')
    assert "event {'a': 1}" in seen["log"]
    assert seen["failure"] == ["Unhandled", "ValueError"]
    assert seen["missing"] == [True, 404]
    assert seen["events"] == ["2", "complete"]
    assert seen["mappings"] == [[True, 5, True]]
    assert seen["url"] == "/"

"""The deployment script: run again, it changes nothing; with other options, it updates."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kamome.cli.blueprint import load_modules

if TYPE_CHECKING:
    from tests.conftest import Tenant

BLUEPRINT = Path(__file__).resolve().parents[2] / "blueprints" / "inbound-mail"
(DEPLOY,) = load_modules(BLUEPRINT, "deploy")


@dataclass(frozen=True)
class TenantSession:
    """What the script needs of a `boto3.Session`, for one account of the test server."""

    tenant: Tenant

    @property
    def region_name(self) -> str:
        return self.tenant.region

    def client(self, service: str) -> Any:  # boto3's clients are made at run time
        return self.tenant.client(service)


def test_archive_is_the_same_for_the_same_code_and_holds_the_handler() -> None:
    folder = BLUEPRINT / "functions" / "store_mail"

    archive = DEPLOY.zip_of(folder)

    assert archive == DEPLOY.zip_of(folder)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert "app.py" in opened.namelist()
        assert not [name for name in opened.namelist() if "__pycache__" in name]


def test_deploying_twice_gives_the_same_system(kamome: Tenant) -> None:
    session, config = TenantSession(kamome), DEPLOY.Config()

    first = DEPLOY.deploy(session, config)
    second = DEPLOY.deploy(session, config)

    assert first == second
    assert len(kamome.client("lambda").list_functions()["Functions"]) == 2
    assert len(kamome.client("lambda").list_event_source_mappings()["EventSourceMappings"]) == 1
    assert len(kamome.client("sns").list_subscriptions()["Subscriptions"]) == 1
    assert len(kamome.client("sqs").list_queues()["QueueUrls"]) == 2
    assert kamome.client("ecs").list_task_definitions()["taskDefinitionArns"] == [
        second.task_definition_arn
    ]


def test_deployed_system_is_wired_as_described(kamome: Tenant) -> None:
    made = DEPLOY.deploy(TenantSession(kamome), DEPLOY.Config())

    active = kamome.client("ses").describe_active_receipt_rule_set()
    assert active["Metadata"]["Name"] == "inbound-mail"
    store, status = active["Rules"]
    assert store["Actions"][0]["S3Action"]["TopicArn"] == made.topic_arn
    assert status["Actions"][0]["LambdaAction"]["FunctionArn"] == made.status_function_arn
    attributes = kamome.client("sqs").get_queue_attributes(
        QueueUrl=made.queue_url, AttributeNames=["RedrivePolicy"]
    )["Attributes"]
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": made.dead_letter_queue_arn,
        "maxReceiveCount": 3,
    }
    mapping = kamome.client("lambda").get_event_source_mapping(UUID=made.event_source_mapping)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("raw_delivery", [True, False])
def test_deploying_with_other_options_updates(kamome: Tenant, raw_delivery: bool) -> None:
    session = TenantSession(kamome)
    DEPLOY.deploy(session, DEPLOY.Config(raw_delivery=not raw_delivery))

    changed = DEPLOY.Config(
        raw_delivery=raw_delivery,
        batch_size=5,
        visibility_timeout_s=60,
        function_timeout_s=10,
        task_image="tenant-program:2",
    )
    made = DEPLOY.deploy(session, changed)

    attributes = kamome.client("sns").get_subscription_attributes(
        SubscriptionArn=made.subscription_arn
    )["Attributes"]
    assert attributes["RawMessageDelivery"] == str(raw_delivery).lower()
    mapping = kamome.client("lambda").get_event_source_mapping(UUID=made.event_source_mapping)
    assert mapping["BatchSize"] == 5
    function = kamome.client("lambda").get_function(FunctionName="inbound-mail-store")
    assert function["Configuration"]["Timeout"] == 10
    variables = function["Configuration"]["Environment"]["Variables"]
    assert variables["TASK_DEFINITION"].endswith("task-definition/inbound-mail-tenant:2")
    queue = kamome.client("sqs").get_queue_attributes(
        QueueUrl=made.queue_url, AttributeNames=["VisibilityTimeout"]
    )
    assert queue["Attributes"]["VisibilityTimeout"] == "60"

"""Events of sent mails at the destinations of their configuration set.

AWS: SES Developer Guide, Contents of event data that Amazon SES publishes to Amazon SNS.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.ses.feedback.conftest import TOPIC, outcome_of

from kamome.errors import AccessDenied, AwsError
from kamome.services.ses import entries
from kamome.services.ses.feedback import events
from kamome.services.ses.feedback.bounce_types import GENERAL
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.event_store import EventStore
from kamome.services.ses.feedback.events import BouncedRecipient, Event, Visit
from kamome.services.ses.receiving.notifications import timestamp
from kamome.services.ses.sending.sent_mails import Header

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

    from kamome.context import RequestContext
    from kamome.services.ses.sending.sent_mails import SentMail

ALL = (
    *("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK"),
    *("RENDERING_FAILURE", "DELIVERY_DELAY", "SUBSCRIPTION"),
)
VISIT = Visit("192.0.2.1", "Mozilla/5.0", 1_500_000_000_000)


def one_of_each(sent: SentMail) -> list[Event]:
    at_ms = sent.sent_at_ms
    return [
        events.send(sent),
        events.reject(sent, at_ms),
        events.bounce(GENERAL, [BouncedRecipient("a@example.net")], at_ms, feedback_id="f"),
        events.complaint(["a@example.net"], at_ms, feedback_id="f"),
        events.delivery(sent, ["a@example.net"], at_ms, smtp_response="250", reporting_mta="m"),
        events.opened(sent, VISIT),
        events.clicked(sent, VISIT, "https://example.com/", {"kind": ["book"]}),
        events.rendering_failure(sent, at_ms, template_name="t", error_message="e"),
        events.delivery_delay(
            BouncedRecipient("a@example.net", "delayed", "4.4.1"),
            at_ms,
            delay_type="General",
            expires_at_ms=at_ms,
        ),
        events.subscription(
            sent, at_ms, contact_list="list", source="UnsubscribeHeader", preferences=({}, {})
        ),
    ]


async def test_record_of_a_bounce_is_that_of_the_guide(sender: Sender) -> None:
    await sender.destination("BOUNCE")
    sent = await sender.send("a@example.net", configuration_set="set")

    await sender.outcome(outcome_of(sent, "bounced", 550, "5.1.1", "user unknown"))

    record = sender.told()[0]
    feedback_id = record["bounce"].pop("feedbackId")
    assert feedback_id.endswith("-000000")
    assert record == {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": "a@example.net",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": timestamp(sent.sent_at_ms + 750),
            "reportingMTA": "dns; localhost",
            "remoteMtaIp": "192.0.2.25",
        },
        "mail": {
            "timestamp": timestamp(sent.sent_at_ms),
            "source": "sender@example.com",
            "sourceArn": "arn:aws:ses:us-east-1:000000000000:identity/example.com",
            "sendingAccountId": "000000000000",
            "messageId": sent.message_id,
            "destination": ["a@example.net"],
            "headersTruncated": False,
            "headers": [
                {"name": "From", "value": "sender@example.com"},
                {"name": "Subject", "value": "hi"},
            ],
            "commonHeaders": {"from": ["sender@example.com"], "subject": "hi"},
            "tags": {"ses:configuration-set": ["set"], "campaign": ["spring"]},
        },
    }


async def test_record_of_a_delivery_tells_how_long_it_took(sender: Sender) -> None:
    await sender.destination("DELIVERY")
    sent = await sender.send("a@example.net", configuration_set="set")

    await sender.outcome(outcome_of(sent, "delivered", 250, "2.6.0", "Message received"))

    assert sender.told()[0]["delivery"] == {
        "timestamp": timestamp(sent.sent_at_ms + 750),
        "processingTimeMillis": 750,
        "recipients": ["a@example.net"],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "localhost",
        "remoteMtaIp": "192.0.2.25",
    }


async def test_words_of_a_server_are_told_as_it_said_them(sender: Sender) -> None:
    await sender.destination("DELIVERY", "BOUNCE")
    sent = await sender.send("a@example.net", configuration_set="set")

    await sender.outcome(outcome_of(sent, "delivered", 250, "", "OK id=4711"))
    await sender.outcome(outcome_of(sent, "bounced", 550, "", "go away"))

    delivered, bounced = sender.told()
    assert delivered["delivery"]["smtpResponse"] == "250 OK id=4711"
    (recipient,) = bounced["bounce"]["bouncedRecipients"]
    assert (recipient["status"], recipient["diagnosticCode"]) == ("5.0.0", "smtp; 550 go away")


async def test_record_of_a_delay_tells_until_when_it_is_tried(sender: Sender) -> None:
    await sender.destination("DELIVERY_DELAY")
    await sender.v2(
        "PutConfigurationSetDeliveryOptions", ConfigurationSetName="set", MaxDeliverySeconds=300
    )
    sent = await sender.send("a@example.net", configuration_set="set")

    await sender.outcome(outcome_of(sent, "delayed", 421, "4.4.1", "Unable to connect"))

    record = sender.told()[0]
    assert record["deliveryDelay"] == {
        "timestamp": timestamp(sent.sent_at_ms + 750),
        "delayType": "TransientCommunicationFailure",
        "expirationTime": timestamp(sent.sent_at_ms + 300_000),
        "delayedRecipients": [
            {
                "emailAddress": "a@example.net",
                "status": "4.4.1",
                "diagnosticCode": "smtp; 421 4.4.1 Unable to connect",
            }
        ],
        "reportingMTA": "localhost",
    }
    assert "headers" not in record["mail"]


async def test_what_could_not_be_delivered_in_time_says_so(sender: Sender) -> None:
    await sender.destination("BOUNCE")
    sent = await sender.send("a@example.net", configuration_set="set")
    result = msgspec.structs.replace(
        outcome_of(sent, "expired", 421, "4.4.1", "busy"), at_ms=sent.sent_at_ms + 840 * 60_000
    )

    await sender.outcome(result)

    bounce = sender.told()[0]["bounce"]
    assert (bounce["bounceType"], bounce["bouncedRecipients"][0]["status"]) == (
        "Transient",
        "4.4.7",
    )
    assert bounce["bouncedRecipients"][0]["diagnosticCode"] == (
        "smtp; 550 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.1 busy>"
    )


async def test_every_type_reaches_a_destination_that_wants_it(sender: Sender) -> None:
    await sender.destination(*ALL)
    sent = await sender.send("a@example.net", configuration_set="set")

    for event in one_of_each(sent):
        publish(sender.world.ses, sent, event)

    told = sender.told()[1:]
    assert {record["eventType"] for record in told} == set(events.MEMBERS)
    assert all(events.MEMBERS[record["eventType"]] in record for record in told)


async def test_what_is_not_wanted_is_not_told(sender: Sender) -> None:
    await sender.destination("BOUNCE")

    await sender.send("success@simulator.amazonses.com", configuration_set="set")

    assert not sender.told()


async def test_a_destination_that_is_off_is_not_told(sender: Sender) -> None:
    await sender.destination("SEND")
    await sender.v2(
        "UpdateConfigurationSetEventDestination",
        ConfigurationSetName="set",
        EventDestinationName="there",
        EventDestination={
            "Enabled": False,
            "MatchingEventTypes": ["SEND"],
            "SnsDestination": {"TopicArn": TOPIC},
        },
    )

    await sender.send("a@example.net", configuration_set="set")

    assert not sender.told()


async def test_ses_speaks_for_the_configuration_set(sender: Sender) -> None:
    await sender.destination("SEND")

    await sender.send("a@example.net", configuration_set="set")

    ctx = sender.world.neighbours.contexts[-1]
    assert ctx.principal == "ses.amazonaws.com"
    assert ctx.source_arn == "arn:aws:ses:us-east-1:000000000000:configuration-set/set"


async def test_a_new_destination_is_told_that_it_was_tried(sender: Sender) -> None:
    await sender.destination("SEND")
    definition = {"MatchingEventTypes": ["BOUNCE"], "SnsDestination": {"TopicArn": TOPIC}}
    await sender.v2(
        "UpdateConfigurationSetEventDestination",
        ConfigurationSetName="set",
        EventDestinationName="there",
        EventDestination=definition,
    )

    told = sender.world.neighbours.effects("publish")
    assert told == [(TOPIC, b"Successfully validated SNS topic for Amazon SES event publishing.")]
    ctx = sender.world.neighbours.contexts[-1]
    assert ctx.source_arn == "arn:aws:ses:us-east-1:000000000000:configuration-set/set"


@pytest.mark.parametrize(
    ("version", "name", "code"),
    [
        ("v1", "SNSDestination", "InvalidSNSDestination"),
        ("v2", "SnsDestination", "BadRequestException"),
    ],
)
async def test_a_topic_that_refuses_ses_is_no_destination(
    sender: Sender, version: str, name: str, code: str
) -> None:
    def refuse(ctx: RequestContext, arn: str, message: str, *, subject: str = "") -> str:
        raise AccessDenied("no")

    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")
    sender.replace_ports(publish=refuse)
    target = {"TopicARN": TOPIC} if version == "v1" else {"TopicArn": TOPIC}
    types = ["send"] if version == "v1" else ["SEND"]
    given = {"Name": "there", "Enabled": True, "MatchingEventTypes": types, name: target}
    named = {} if version == "v1" else {"EventDestinationName": "there"}

    refusal = await sender.refused(
        *(version, "CreateConfigurationSetEventDestination"),
        ConfigurationSetName="set",
        EventDestination=given,
        **named,
    )

    assert refusal.code == code
    kept = await sender.v2("GetConfigurationSetEventDestinations", ConfigurationSetName="set")
    assert kept["EventDestinations"] == []


async def test_eventbridge_gets_its_own_envelope(sender: Sender) -> None:
    bus = "arn:aws:events:us-east-1:000000000000:event-bus/default"
    await sender.destination("SEND", EventBridgeDestination={"EventBusArn": bus})

    await sender.send("a@example.net", configuration_set="set")

    [(target, text)] = sender.world.neighbours.effects("event")
    event: Any = json.loads(text)
    assert (target, event["detail-type"], event["source"]) == (bus, "Email Sent", "aws.ses")
    assert event["detail"]["eventType"] == "Send"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (
            "Firehose",
            {
                "KinesisFirehoseDestination": {
                    "IamRoleArn": "arn:aws:iam::000000000000:role/r",
                    "DeliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/s",
                }
            },
        ),
        (
            "Pinpoint",
            {
                "PinpointDestination": {
                    "ApplicationArn": "arn:aws:mobiletargeting:us-east-1:000000000000:apps/a1"
                }
            },
        ),
    ],
)
async def test_what_goes_to_services_that_are_not_here_is_kept(
    sender: Sender, kind: str, target: dict[str, object]
) -> None:
    await sender.destination("SEND", **target)

    await sender.send("a@example.net", configuration_set="set")

    assert [kept.kind for kept in EventStore(sender.world.engine).records(sender.owner, 10)] == [
        kind
    ]


async def test_cloudwatch_counts_by_dimensions(sender: Sender) -> None:
    dimensions = [
        ("campaign", "MESSAGE_TAG", "none"),
        ("Subject", "EMAIL_HEADER", "none"),
        ("kind", "LINK_TAG", "nothing"),
    ]
    configured = [
        {"DimensionName": name, "DimensionValueSource": source, "DefaultDimensionValue": default}
        for name, source, default in dimensions
    ]
    await sender.destination("SEND", CloudWatchDestination={"DimensionConfigurations": configured})

    await sender.send("a@example.net", configuration_set="set")
    await sender.send("a@example.net", "b@example.net", configuration_set="set")

    counts = EventStore(sender.world.engine).counts(sender.owner, 0)
    assert [(count.metric, count.count) for count in counts] == [("Send", 3)]
    assert counts[0].dimensions == {"campaign": "spring", "Subject": "hi", "kind": "nothing"}


async def test_a_header_that_cloudwatch_does_not_take_is_not_counted(sender: Sender) -> None:
    dimension = {
        "DimensionName": "Subject",
        "DimensionValueSource": "EMAIL_HEADER",
        "DefaultDimensionValue": "none",
    }
    await sender.destination("SEND", CloudWatchDestination={"DimensionConfigurations": [dimension]})

    sent = await sender.send(
        "a@example.net", configuration_set="set", headers=(Header("Subject", "two words"),)
    )

    assert EventStore(sender.world.engine).counts(sender.owner, 0) == []
    assert [event.type for event in sender.remembered(sent)] == ["Send"]


async def test_a_topic_that_is_gone_does_not_hold_up_the_mail(sender: Sender) -> None:
    await sender.destination("SEND")
    sender.world.neighbours.topics.clear()
    trace = sender.world.ses.ids.trace(0)
    sender.world.journeys.begin(trace, source="test", subject="hi")

    await sender.send("a@example.net", configuration_set="set", trace=trace)

    journey = sender.world.journeys.find(trace)
    assert journey is not None
    assert "not notified" in [step.result for step in journey.steps]
    assert sender.spool.mails


class InternalError(AwsError):
    status = 500
    fault = "Receiver"


async def test_a_topic_that_cannot_take_it_now_gets_it_later(sender: Sender) -> None:
    await sender.destination("SEND")
    neighbours = sender.world.neighbours
    refusals = [InternalError("later")]
    take = neighbours.publish

    def refuse_once(ctx: RequestContext, arn: str, message: str, *, subject: str = "") -> str:
        if refusals:
            raise refusals.pop()
        return take(ctx, arn, message, subject=subject)

    sender.replace_ports(publish=refuse_once)
    await sender.send("a@example.net", configuration_set="set")

    assert [record["eventType"] for record in sender.told()] == ["Send"]
    assert sender.world.outbox.waiting(entries.NOTIFY_KIND) == 0


async def test_a_mail_without_a_set_tells_nobody(sender: Sender) -> None:
    await sender.destination("SEND")

    await sender.send("a@example.net")

    assert not sender.told()

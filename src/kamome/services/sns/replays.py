"""Replaying archived messages of a FIFO topic to one subscription, in their order.

A replay reads the archive page by page; messages published meanwhile come from the archive, too, so
that order holds. With its last page the subscription is up to date, and live again.

AWS: SNS Developer Guide, Message replay for FIFO topic subscribers.
"""

from __future__ import annotations

import msgspec

from kamome.services.sns import attributes, endpoints
from kamome.services.sns.arns import TopicKey, subscription_key
from kamome.services.sns.deliveries import hand_over
from kamome.services.sns.envelope import timestamp
from kamome.services.sns.fifo_store import Replay
from kamome.services.sns.filtering import Sieve
from kamome.services.sns.limits import ARCHIVE_FORGET_PAGE, FAN_OUT_SUBSCRIPTIONS_MAX
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription, Topic
from kamome.services.sns.subscription_attributes import replay_span
from kamome.storage.outbox import Entry

REPLAY = "sns.replay"
FORGET_ARCHIVE = "sns.forget_archive"
_DAY_MS = 86_400_000
_FAR_FUTURE_MS = 1 << 62


def register(sns: Sns) -> None:
    """Name the handlers of replays, and of the removal of archives.

    AWS: SNS Developer Guide, Message archiving and replay for FIFO topics.
    """
    sns.outbox.register(REPLAY, lambda entry: work_page(sns, entry))
    sns.outbox.register(FORGET_ARCHIVE, lambda entry: forget_page(sns, entry))


def begin(sns: Sns, subscription: Subscription, trace: str = "") -> None:
    """Begin to replay, or begin anew; without a replay policy, end it.

    AWS: SNS Developer Guide, Message replay for FIFO topic subscribers.
    """
    if replay_span(subscription.attributes) is None:
        sns.fifo_store.end_replay(subscription.arn)
        return
    payload = {"subscription_arn": subscription.arn}
    entry_id = sns.outbox.put(REPLAY, payload, trace=trace)
    sns.fifo_store.keep_replay(Replay(subscription.arn, entry_id, 0, "Pending"))


def status(sns: Sns, subscription: Subscription) -> str:
    """ReplayStatus: `Pending`, `In progress`, `Completed` or `Failed`; empty without a replay.

    AWS: SNS API Reference, GetSubscriptionAttributes (ReplayStatus).
    """
    replay = sns.fifo_store.replay(subscription.arn)
    return "" if replay is None else replay.status


def work_page(sns: Sns, entry: Entry) -> None:
    """Hand over the next messages of a replay, up to 100 in a step.

    AWS: SNS Developer Guide, Message replay for FIFO topic subscribers.
    """
    subscription = sns.store.subscription(subscription_key(str(entry.payload["subscription_arn"])))
    replay = sns.fifo_store.replay(str(entry.payload["subscription_arn"]))
    if subscription is None or replay is None or replay.entry_id != entry.id:
        return  # deleted, ended, or begun anew
    span = replay_span(subscription.attributes)
    topic = sns.store.topic(subscription.key.topic)
    days = attributes.archive_days(topic.attributes) if topic is not None else 0
    if span is None or not days:
        sns.fifo_store.keep_replay(msgspec.structs.replace(replay, status="Failed"))
        return
    since_ms = max(span[0], sns.clock.now_ms() - days * _DAY_MS)
    until_ms = span[1] if span[1] is not None else _FAR_FUTURE_MS
    found = sns.fifo_store.archived_after(
        subscription.key.topic, replay.sequence, since_ms, until_ms, FAN_OUT_SUBSCRIPTIONS_MAX
    )
    for notification in found:
        again = msgspec.structs.replace(notification, is_replayed=True)
        if Sieve(sns, again, entry.trace).takes(subscription):
            hand_over(sns, endpoints.renderer(sns, again), subscription, entry.trace)
    sequence = found[-1].sequence if found else replay.sequence
    if len(found) < FAN_OUT_SUBSCRIPTIONS_MAX:
        done = msgspec.structs.replace(replay, sequence=sequence, status="Completed")
        sns.fifo_store.keep_replay(done)
        return
    entry_id = sns.outbox.put(REPLAY, entry.payload, trace=entry.trace)
    sns.fifo_store.keep_replay(Replay(subscription.arn, entry_id, sequence, "In progress"))


def archive_changed(sns: Sns, before: Topic, days: int) -> None:
    """A topic's archive policy has changed; without one, what was archived goes.

    AWS: SNS Developer Guide, Message archiving for FIFO topic owners.
    """
    if attributes.archive_days(before.attributes) and not days:
        sns.outbox.put(FORGET_ARCHIVE, {"topic": before.key, "before_ms": sns.clock.now_ms() + 1})


def forget_page(sns: Sns, entry: Entry) -> None:
    """Remove some messages of an archive that has been given up.

    AWS: SNS Developer Guide, Message archiving for FIFO topic owners.
    """
    key = msgspec.convert(entry.payload["topic"], TopicKey)
    before_ms = entry.payload["before_ms"]
    assert isinstance(before_ms, int)
    if sns.fifo_store.forget_archived(key, before_ms, ARCHIVE_FORGET_PAGE) == ARCHIVE_FORGET_PAGE:
        sns.outbox.put(FORGET_ARCHIVE, entry.payload)


def beginning(sns: Sns, topic: Topic) -> str | None:
    """BeginningArchiveTime: when the oldest message was published that the archive keeps.

    AWS: SNS API Reference, GetTopicAttributes (BeginningArchiveTime).
    """
    days = attributes.archive_days(topic.attributes)
    if not days:
        return None
    keep_since_ms = sns.clock.now_ms() - days * _DAY_MS
    at_ms = sns.fifo_store.archive_beginning(topic.key, keep_since_ms)
    return None if at_ms is None else timestamp(at_ms)

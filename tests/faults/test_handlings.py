"""Which messages count as handled twice."""

from __future__ import annotations

from kamome.faults.handlings import Handlings, texts_of

QUEUE = "arn:aws:sqs:eu-west-1:111111111111:orders"


def test_copies_that_are_both_deleted_were_handled_twice() -> None:
    handlings = Handlings()
    handlings.arrived(QUEUE, 1, "m-1", "hello", now_ms=0)
    handlings.copied(1, 2, "m-1")

    handlings.handled(1, 1, "client", now_ms=10)
    handlings.handled(2, 1, "client", now_ms=20)

    [twins] = handlings.handled_twice
    assert twins.cause == "duplicate delivery"
    assert twins.message_ids == ["m-1"]
    assert [handling.at_ms for handling in twins.handlings.values()] == [10, 20]


def test_one_of_two_copies_handled_is_no_trouble() -> None:
    handlings = Handlings()
    handlings.arrived(QUEUE, 1, "m-1", "hello", now_ms=0)
    handlings.copied(1, 2, "m-1")

    handlings.handled(1, 1, "client", now_ms=10)

    assert handlings.handled_twice == []


def test_deletion_that_is_repeated_is_one_handling() -> None:
    handlings = Handlings()
    handlings.arrived(QUEUE, 1, "m-1", "hello", now_ms=0)

    handlings.handled(1, 1, "client", now_ms=10)
    handlings.handled(1, 1, "client", now_ms=20)

    assert handlings.handled_twice == []


def test_message_that_was_received_again_after_it_was_handled_was_handled_twice() -> None:
    handlings = Handlings()
    handlings.arrived(QUEUE, 1, "m-1", "hello", now_ms=0)

    handlings.handled(1, 1, "store", now_ms=10)
    handlings.handled(1, 2, "store", now_ms=20)

    [twins] = handlings.handled_twice
    assert twins.cause == "received again"


def test_text_sent_again_after_a_lost_acknowledgement_is_the_same_message() -> None:
    handlings = Handlings()
    handlings.arrived(QUEUE, 1, "m-1", "hello", now_ms=0)
    handlings.lost_acknowledgement(["hello"], again_until_ms=1_000)
    handlings.arrived(QUEUE, 2, "m-2", "hello", now_ms=500)

    handlings.handled(1, 1, "client", now_ms=600)
    handlings.handled(2, 1, "client", now_ms=700)

    [twins] = handlings.handled_twice
    assert twins.cause == "lost acknowledgement"
    assert twins.message_ids == ["m-1", "m-2"]


def test_same_text_sent_twice_on_purpose_is_two_messages() -> None:
    handlings = Handlings()
    for message in (1, 2):
        handlings.arrived(QUEUE, message, f"m-{message}", "hello", now_ms=0)
        handlings.handled(message, 1, "client", now_ms=0)

    assert handlings.handled_twice == []


def test_publication_that_was_sent_again_is_known_by_the_message_in_its_envelope() -> None:
    def envelope(message_id: str) -> str:
        return f'{{"Type":"Notification","MessageId":"{message_id}","TopicArn":"t","Message":"a"}}'

    handlings = Handlings()
    handlings.lost_acknowledgement(["a"], again_until_ms=1_000)
    handlings.arrived(QUEUE, 1, "m-1", envelope("n-1"), now_ms=1)
    handlings.arrived(QUEUE, 2, "m-2", envelope("n-2"), now_ms=2)

    handlings.handled(1, 1, "client", now_ms=3)
    handlings.handled(2, 1, "client", now_ms=4)

    assert len(handlings.handled_twice) == 1


def test_publication_that_goes_out_twice_is_one_message_in_each_queue() -> None:
    handlings = Handlings()
    handlings.duplicated(["hello"], again_until_ms=1_000)
    for message, queue in enumerate(("a", "b", "a", "b")):
        handlings.arrived(queue, message, f"id-{message}", "hello", now_ms=10)
        if queue == "a":
            handlings.handled(message, 1, "client", 20)

    [twins] = handlings.handled_twice

    assert (twins.queue, twins.message_ids) == ("a", ["id-0", "id-2"])
    assert twins.cause == "duplicate delivery"


def test_texts_of_a_batch_are_those_of_its_entries() -> None:
    batch = {"QueueUrl": "q", "Entries": [{"MessageBody": "a"}, {"MessageBody": "b"}, {"Id": "c"}]}

    assert texts_of(batch) == ["a", "b"]

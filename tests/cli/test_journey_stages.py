"""The table of journeys: when each stage was reached, with what result."""

from __future__ import annotations

import pytest

from kamome.cli.journey_stages import STAGES, Journey, Step, elapsed, read_journeys

ANSWER = {
    "journeys": [
        {
            "trace": "Root=1-0",
            "started_at_ms": 1_000,
            "subject": "one",
            "steps": [
                {
                    "at_ms": 1_004,
                    "service": "s3",
                    "action": "PutObject",
                    "resource": "mails/mail/abc",
                    "result": "ok",
                    "detail": "",
                }
            ],
        }
    ]
}


def journey(*steps: tuple[int, str, str]) -> Journey:
    made = (Step(at_ms, service, "act", "thing", result, "") for at_ms, service, result in steps)
    return Journey("Root=1-0", 1_000, tuple(made))


def cell_of(stage: str, of: Journey) -> str:
    return of.cells()[[name for name, _ in STAGES].index(stage)]


def test_journeys_are_read_from_the_answer() -> None:
    (read,) = read_journeys(ANSWER)

    assert read.steps == (Step(1_004, "s3", "PutObject", "mails/mail/abc", "ok", ""),)
    assert read.mentions("mail/abc")
    assert not read.mentions("mail/abd")


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"journeys": "x"}, {"journeys": [1]}, {"journeys": [{"trace": ""}]}]
)
def test_another_document_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="not a list of journeys"):
        read_journeys(answer)


def test_stage_shows_when_it_was_first_reached() -> None:
    assert cell_of("SQS", journey((1_012, "sqs", "ok"), (1_020, "sqs", "ok"))) == "12ms"


def test_function_shows_when_it_was_done_and_how_often_it_failed() -> None:
    came_back = journey((1_050, "lambda", "failed"), (71_050, "lambda", "failed"))

    assert cell_of("Lambda", came_back) == "70s failed x2"


def test_message_that_was_set_aside_shows_when() -> None:
    steps = (
        Step(1_010, "sqs", "Enqueue", "work", "ok", ""),
        Step(91_010, "sqs", "DeadLetter", "dead", "ok", ""),
    )

    assert cell_of("SQS", Journey("Root=1-0", 1_000, steps)) == "10ms, set aside 90s"


def test_object_is_there_when_the_rule_has_stored_it() -> None:
    steps = (
        Step(1_010, "ses", "store/S3Action", "id", "ok", "mails/id"),
        Step(5_000, "s3", "GetObject", "mails/id", "ok", ""),
    )

    assert cell_of("S3 object", Journey("Root=1-0", 1_000, steps)) == "10ms"


def test_stage_without_steps_shows_a_dash() -> None:
    assert cell_of("SNS", journey()) == "-"


def test_task_shows_when_it_ended_and_with_which_exit_code() -> None:
    ended = journey((1_010, "ecs", "ok"), (1_020, "ecs", "ok"), (1_250, "ecs", "exit 0"))

    assert cell_of("task", ended) == "250ms exit 0"


def test_tasks_of_several_tenants_show_how_many_ended_alike() -> None:
    ended = journey((1_100, "ecs", "exit 0"), (1_200, "ecs", "exit 1"), (1_300, "ecs", "exit 0"))

    assert cell_of("task", ended) == "300ms exit 0 x2 exit 1"


def test_refused_condition_reads_as_there_already() -> None:
    refused = journey((1_060, "dynamodb", "ConditionalCheckFailedException"))

    assert cell_of("DynamoDB", refused) == "60ms there already"


def test_missing_stages_are_named() -> None:
    assert journey((1_000, "smtp", "ok")).missing_stages(["smtp", "sns"]) == ["sns"]


@pytest.mark.parametrize(
    ("milliseconds", "shown"), [(0, "0ms"), (999, "999ms"), (1_250, "1.2s"), (105_400, "105s")]
)
def test_times_are_short(milliseconds: int, shown: str) -> None:
    assert elapsed(milliseconds) == shown

"""The journey of a mail as a row of stages: when each was reached, and with what result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# What a reader calls a stage, and the service whose steps are in it.
STAGES = (
    ("SMTP", "smtp"),
    ("receipt rule", "ses"),
    ("S3 object", "s3"),
    ("SNS", "sns"),
    ("SQS", "sqs"),
    ("Lambda", "lambda"),
    ("DynamoDB", "dynamodb"),
    ("task", "ecs"),
)
# Stages that are passed when their last step is done; the others when they are first reached.
DONE_AT_LAST_STEP = ("lambda", "dynamodb", "ecs")
# Results that are part of the plan, in the words of the table.
RESULT_WORDS = {"ConditionalCheckFailedException": "there already"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened on the way. `at_ms` is the server's clock."""

    at_ms: int
    service: str
    action: str
    resource: str
    result: str
    detail: str


@dataclass(frozen=True, slots=True)
class Journey:
    """One mail's way through the services."""

    trace: str
    started_at_ms: int
    steps: tuple[Step, ...]

    def mentions(self, text: str) -> bool:
        """Whether a step is about something of this name (an object's key)."""
        return any(text in step.resource or text in step.detail for step in self.steps)

    def missing_stages(self, services: Iterable[str]) -> list[str]:
        """Which of the services left no step."""
        return [service for service in services if not self._steps_of(service)]

    def cells(self) -> list[str]:
        """One text for each stage, in order."""
        return [self._cell(service) for _, service in STAGES]

    def _steps_of(self, service: str) -> list[Step]:
        return [step for step in self.steps if step.service == service or _is_also(step, service)]

    def _cell(self, service: str) -> str:
        steps = self._steps_of(service)
        if not steps:
            return "-"
        passed = steps[-1] if service in DONE_AT_LAST_STEP else steps[0]
        cell = elapsed(passed.at_ms - self.started_at_ms)
        results = Counter(step.result for step in steps if step.result != "ok")
        for result, times in results.items():
            cell += f" {RESULT_WORDS.get(result, result)}" + (f" x{times}" if times > 1 else "")
        for step in steps:
            if step.action == "DeadLetter":
                cell += f", set aside {elapsed(step.at_ms - self.started_at_ms)}"
        return cell


def _is_also(step: Step, service: str) -> bool:
    """A receipt rule's S3 action is where the object comes into being."""
    return service == "s3" and step.service == "ses" and step.action.endswith("S3Action")


def elapsed(milliseconds: int) -> str:
    """A time since the mail came in, short."""
    if milliseconds < 1_000:
        return f"{milliseconds}ms"
    if milliseconds < 10_000:
        return f"{milliseconds / 1_000:.1f}s"
    return f"{milliseconds / 1_000:.0f}s"


def read_journeys(answer: object) -> list[Journey]:
    """The answer of `GET /_kamome/journeys`.

    Raises:
        ValueError: it is not the document that address gives.
    """
    try:
        return [_read_journey(journey) for journey in _sequence(answer, "journeys")]
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a list of journeys: {error!r}") from error


def _sequence(document: object, member: str) -> Sequence[object]:
    found = _mapping(document)[member]
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise TypeError(f"{member} is no list")
    return found


def _mapping(document: object) -> Mapping[str, object]:
    if not isinstance(document, Mapping):
        raise TypeError(f"{document!r} is no document")
    return document


def _read_journey(document: object) -> Journey:
    journey = _mapping(document)
    return Journey(
        str(journey["trace"]),
        int(str(journey["started_at_ms"])),
        tuple(_read_step(_mapping(step)) for step in _sequence(document, "steps")),
    )


def _read_step(step: Mapping[str, object]) -> Step:
    return Step(
        at_ms=int(str(step["at_ms"])),
        service=str(step["service"]),
        action=str(step["action"]),
        resource=str(step["resource"]),
        result=str(step["result"]),
        detail=str(step["detail"]),
    )

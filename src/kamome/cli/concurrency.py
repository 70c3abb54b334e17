"""`kamome demo concurrency`: reserved and maximum concurrency, drawn as they work.

Two runs over the same backlog. With reserved concurrency 10 and a maximum of 9 the event source
mapping takes what can run. With reserved concurrency alone it takes more, is throttled, and with a
maxReceiveCount of 1 some messages end in the dead-letter queue without ever having run.
"""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import TYPE_CHECKING

import msgspec

from kamome.cli.local_session import REGION, LocalSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.cli.child_server import ChildServer
    from kamome.cli.report import Report

RESERVED = 10
MAXIMUM = 9
MESSAGES = 60
WORK_S = 3
# The least that Lambda takes for a function of this timeout.
VISIBILITY_S = TIMEOUT_S = 4
_SAMPLE_S = 1.0
_SAMPLES_MAX = 60
_ACCOUNT = "000000000000"
_SOURCE = f"import time\ndef handler(event, context):\n    time.sleep({WORK_S})\n"


class Sample(msgspec.Struct, frozen=True):
    """The queue at one second: waiting, taken by the mapping, and dead."""

    waiting: int
    in_flight: int
    dead: int


class Concurrency:
    """The demonstration."""

    def __init__(self, report: Report, server: ChildServer) -> None:
        self._report = report
        session = LocalSession(server.endpoint_url)
        self._lambda = session.client("lambda")
        self._sqs = session.client("sqs")

    async def run(self) -> list[str]:
        """Both runs; what went otherwise than it should."""
        first = await self._run(f"maximum-{MAXIMUM}", MAXIMUM)
        second = await self._run("reserved-only", 0)
        problems = []
        if first[-1].dead:
            problems.append(f"{first[-1].dead} messages died although nothing can be throttled")
        if max(sample.in_flight for sample in first) > MAXIMUM:
            problems.append(f"more than {MAXIMUM} messages were in flight")
        if not second[-1].dead:
            problems.append("no message died although the pollers run ahead")
        for name, samples in (("first", first), ("second", second)):
            if samples[-1].waiting or samples[-1].in_flight:
                problems.append(f"the {name} queue is not empty after {_SAMPLES_MAX} s")
        return problems

    async def _run(self, name: str, maximum: int) -> list[Sample]:
        urls = await asyncio.to_thread(self._deploy, name, maximum)
        title = f"Reserved concurrency {RESERVED}, " + (
            f"maximum concurrency {maximum}" if maximum else "no maximum"
        )
        samples: list[Sample] = []
        for _ in range(_SAMPLES_MAX):
            samples.append(await asyncio.to_thread(self._sample, *urls))
            self._report.progress(f"{title}: {samples[-1].waiting} waiting")
            if len(samples) > 1 and not samples[-1].waiting and not samples[-1].in_flight:
                break
            await asyncio.sleep(_SAMPLE_S)
        for line in chart(title, samples):
            self._report.say(line)
        return samples

    def _deploy(self, name: str, maximum: int) -> tuple[str, str]:
        """Queue, dead-letter queue, function and mapping; the messages are there first."""
        dead_url = self._sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        redrive = {
            "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{_ACCOUNT}:{name}-dead",
            "maxReceiveCount": 1,
        }
        attributes = {
            "VisibilityTimeout": str(VISIBILITY_S),
            "RedrivePolicy": json.dumps(redrive),
        }
        url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        for start in range(0, MESSAGES, 10):
            entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(start, start + 10)]
            self._sqs.send_message_batch(QueueUrl=url, Entries=entries)
        self._lambda.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="app.handler",
            Role=f"arn:aws:iam::{_ACCOUNT}:role/demo",
            Timeout=TIMEOUT_S,
            Code={"ZipFile": _package()},
        )
        self._lambda.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=RESERVED
        )
        scaling = {"ScalingConfig": {"MaximumConcurrency": maximum}} if maximum else {}
        self._lambda.create_event_source_mapping(
            FunctionName=name,
            EventSourceArn=f"arn:aws:sqs:{REGION}:{_ACCOUNT}:{name}",
            BatchSize=1,
            **scaling,
        )
        return url, dead_url

    def _sample(self, url: str, dead_url: str) -> Sample:
        waiting, in_flight = self._depth(url)
        return Sample(waiting, in_flight, self._depth(dead_url)[0])

    def _depth(self, url: str) -> tuple[int, int]:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


def chart(title: str, samples: Sequence[Sample]) -> list[str]:
    """A line for each second: what may run, what is taken beyond that, and the rest as numbers."""
    lines = [f"{title}", f"  (█ may run, ░ taken beyond the reserved {RESERVED}, ✗ dead)"]
    for second, sample in enumerate(samples):
        running = min(sample.in_flight, RESERVED)
        bar = "█" * running + "░" * (sample.in_flight - running)
        dead = "✗" * sample.dead
        lines.append(f"  {second:>3} s {bar:<26} {sample.waiting:>3} waiting {dead}".rstrip())
    return [*lines, ""]


def _package() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("app.py", _SOURCE)
    return file.getvalue()

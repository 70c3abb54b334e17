"""The mailer: each request is sent once, whatever dies or is lost on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from kamome.cli.blueprint import load_modules

if TYPE_CHECKING:
    from botocore.config import Config
    from tests.conftest import Tenant

BLUEPRINT = Path(__file__).resolve().parents[2] / "blueprints" / "mailer"
DEPLOY, ENQUEUE, WORKER, FEEDBACK = load_modules(
    BLUEPRINT, "deploy", "enqueue", "worker", "feedback"
)


@dataclass(frozen=True)
class TenantSession:
    """What the scripts need of a `boto3.Session`, for one account of the test server."""

    tenant: Tenant

    def client(self, service: str, config: Config | None = None) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.tenant.endpoint,
            region_name=self.tenant.region,
            aws_access_key_id=self.tenant.account,
            aws_secret_access_key="test",
            config=config,
        )


@dataclass(frozen=True)
class Mailer:
    """The deployed system and its scripts."""

    session: TenantSession
    system: Any

    def queue(self, *requests: Any) -> None:
        for _ in ENQUEUE.enqueue(self.session.client("sqs"), self.system, list(requests)):
            pass

    def work(self) -> list[str]:
        lines = list(WORKER.Worker(self.session, self.system).poll(wait_s=0))
        FEEDBACK.work(self.session, self.system)
        return lines

    def outcomes(self) -> dict[str, Any]:
        found: dict[str, Any] = FEEDBACK.outcomes(self.session, self.system)
        return found


@pytest.fixture
def mailer(kamome: Tenant) -> Mailer:
    session = TenantSession(kamome)
    return Mailer(session, DEPLOY.deploy(session))


def bounce(name: str) -> Any:
    return ENQUEUE.Request(name, "bounce", f"bounce+{name}@simulator.amazonses.com")


def test_a_request_is_sent_and_its_feedback_comes_back(mailer: Mailer) -> None:
    mailer.queue(bounce("r1"))

    (line,) = mailer.work()

    outcome = mailer.outcomes()["r1"]
    assert line.startswith("r1 sent ")
    assert outcome["status"] == "sent"
    assert outcome["events"] == ["Bounce Permanent General", "Send"]
    assert outcome["mails"] == [line.split()[-1]]


def test_the_sentence_by_which_ses_tries_the_topic_is_no_feedback(mailer: Mailer) -> None:
    taken = FEEDBACK.work(mailer.session, mailer.system)

    assert taken == 1
    assert mailer.outcomes() == {}


def test_a_worker_that_died_after_sending_leaves_nothing_to_send(mailer: Mailer) -> None:
    mailer.queue(bounce("r1"))
    worker = WORKER.Worker(mailer.session, mailer.system)
    worker._claim("r1")
    worker._send("r1", bounce("r1").attributes(mailer.system.sender))
    FEEDBACK.work(mailer.session, mailer.system)

    lines = mailer.work()

    assert lines == ["r1 was sent before, says SES"]
    assert len(mailer.outcomes()["r1"]["mails"]) == 1


def test_a_worker_that_died_before_sending_leaves_it_to_the_next(mailer: Mailer) -> None:
    mailer.queue(bounce("r1"))
    WORKER.Worker(mailer.session, mailer.system)._claim("r1")

    (line,) = mailer.work()

    assert line.startswith("r1 sent ")
    assert len(mailer.outcomes()["r1"]["mails"]) == 1


def test_a_request_that_is_queued_twice_is_sent_once(mailer: Mailer) -> None:
    mailer.queue(bounce("r1"), bounce("r2"))
    mailer.queue(bounce("r1"))

    lines = sorted(mailer.work() + mailer.work())

    assert [line.split()[:2] for line in lines] == [["r1", "sent"], ["r1", "was"], ["r2", "sent"]]


def test_a_mail_that_ses_refuses_is_accounted_for(mailer: Mailer) -> None:
    mailer.queue(ENQUEUE.Request("r1", "customer", "no address"))

    (line,) = mailer.work()

    assert line.startswith("r1 refused ")
    assert mailer.outcomes()["r1"]["status"] == "refused"


def test_requests_are_200_of_all_kinds() -> None:
    wanted = ENQUEUE.requests()

    assert len({request.id for request in wanted}) == 200
    assert Counter(request.kind for request in wanted) == ENQUEUE.KINDS
    assert all(
        request.destination.endswith("@simulator.amazonses.com")
        for request in ENQUEUE.requests(simulator_only=True)
    )


def test_deploying_twice_gives_the_same_system(mailer: Mailer) -> None:
    assert DEPLOY.deploy(mailer.session) == mailer.system
    assert mailer.session.client("ses").list_configuration_sets()["ConfigurationSets"] == [
        {"Name": "mailer"}
    ]

"""SQS as ordinary programs use it: the aws command line, and celery by kombu's SQS transport."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any  # answers, as JSON

import pytest
from tests.aws.aws_command import aws as run_aws
from tests.aws.aws_command import reason

if TYPE_CHECKING:
    from tests.conftest import Tenant


@pytest.fixture
def environment(kamome: Tenant, tmp_path: Path) -> dict[str, str]:
    """What a user sets to work with Kamome, and nothing of this machine's own configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": kamome.endpoint,
        "AWS_ACCESS_KEY_ID": kamome.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
    }


@pytest.mark.skipif(bool(reason()), reason=reason())
def test_aws_command_line_works_a_queue(environment: dict[str, str], tmp_path: Path) -> None:
    def aws(*arguments: str) -> Any:
        place = ("--endpoint-url", environment["AWS_ENDPOINT_URL"])
        done = run_aws(*place, "sqs", *arguments, environment=environment, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    attributes = "FifoQueue=true,ContentBasedDeduplication=true"
    url = aws("create-queue", "--queue-name", "cli.fifo", "--attributes", attributes)["QueueUrl"]
    sent = aws(
        "send-message", "--queue-url", url, "--message-body", "hello", "--message-group-id", "a"
    )
    [message] = aws("receive-message", "--queue-url", url, "--attribute-names", "All")["Messages"]
    aws("delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    left = aws("get-queue-attributes", "--queue-url", url, "--attribute-names", "All")

    assert message["Body"] == "hello"
    assert message["Attributes"]["SequenceNumber"] == sent["SequenceNumber"]
    assert left["Attributes"]["ApproximateNumberOfMessages"] == "0"
    assert aws("list-queues")["QueueUrls"] == [url]


def test_celery_runs_tasks_from_a_queue(
    environment: dict[str, str], kamome: Tenant, tmp_path: Path
) -> None:
    pytest.importorskip("celery", reason="celery[sqs] is not installed")
    (tmp_path / "shop.py").write_text(
        textwrap.dedent(
            """
            import os
            from pathlib import Path
            from celery import Celery
            from kombu.utils.url import safequote

            key, secret = (safequote(os.environ[name])
                           for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
            endpoint = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
            app = Celery("shop", broker=f"sqs://{key}:{secret}@{endpoint}")
            app.conf.broker_transport_options = {
                "region": "us-east-1", "is_secure": False, "wait_time_seconds": 1,
                "polling_interval": 0.1,
            }
            app.conf.worker_enable_remote_control = False
            app.conf.task_default_queue = "tasks"
            app.conf.task_acks_late = True

            @app.task(bind=True, max_retries=1)
            def record(self, number):
                if number == 3 and self.request.retries == 0:
                    raise self.retry(countdown=0)
                with Path("done.txt").open("a") as done:
                    done.write(f"{number}\\n")
            """
        )
    )
    program = "from shop import record\nfor number in range(10): record.delay(number)\n"

    subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, timeout=60, check=True
    )

    log = _run_worker(tmp_path, environment, tasks=10)

    assert sum(" succeeded in " in line for line in log) == 10, "".join(log)
    assert sorted((tmp_path / "done.txt").read_text().split(), key=int) == [
        str(number) for number in range(10)
    ]
    sqs = type(kamome)(kamome.server, kamome.account, "us-east-1").client("sqs")
    url = sqs.get_queue_url(QueueName="tasks")["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == "0"
    # The worker is ended at once: the acknowledgements of its last four (what it takes ahead) may
    # not have left.
    assert int(counts["ApproximateNumberOfMessagesNotVisible"]) <= 4


def _run_worker(folder: Path, environment: dict[str, str], *, tasks: int) -> list[str]:
    """Run a worker until so many tasks have succeeded, or a minute is over; returns its log."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "shop", "worker", "-P", "solo", "-l", "info"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(60, worker.kill)
    watchdog.start()
    log: list[str] = []
    with worker:
        assert worker.stderr is not None
        for line in worker.stderr:
            log.append(line)
            if sum(" succeeded in " in each for each in log) == tasks:
                break
        worker.kill()
    watchdog.cancel()
    return log

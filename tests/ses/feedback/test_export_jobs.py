"""Export jobs: metrics and message insights as files.

AWS: SES API v2 Reference, CreateExportJob.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.ses.feedback.conftest import outcome_of

from kamome.services.ses import entries
from kamome.services.ses.exports import export_store
from kamome.services.ses.exports.insight_filters import Insight, is_wanted
from kamome.services.ses.feedback.tracking import answer
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

    from kamome.wire import HttpResponse

INSIGHT = Insight("id", 0, "news@example.com", "jo@example.net", "5*3", "DELIVERY", "OPEN")


def dates(sender: Sender) -> dict[str, float]:
    now_s = sender.world.ses.clock.now_ms() / 1000
    return {"StartDate": now_s - 24 * 3600, "EndDate": now_s}


def insights(sender: Sender, **changes: object) -> dict[str, Any]:
    return {"MessageInsightsDataSource": {**dates(sender), **changes}}


def metrics(sender: Sender, **changes: object) -> dict[str, Any]:
    asked = {
        "Dimensions": {"EMAIL_IDENTITY": ["*"]},
        "Namespace": "VDM",
        "Metrics": [
            {"Name": "SEND", "Aggregation": "VOLUME"},
            {"Name": "DELIVERY", "Aggregation": "RATE"},
        ],
    }
    return {"MetricsDataSource": {**asked, **dates(sender), **changes}}


async def create(sender: Sender, source: dict[str, Any], data_format: str = "JSON") -> str:
    job = await sender.v2(
        "CreateExportJob",
        ExportDataSource=source,
        ExportDestination={"DataFormat": data_format},
    )
    return str(job["JobId"])


async def fetch(sender: Sender, job: Any) -> HttpResponse:
    path = job["ExportDestination"]["S3Url"].removeprefix("http://localhost:4566")
    request = HttpRequest("GET", path, "", [], body=b"", client_ip="192.0.2.1")
    return await answer(sender.world.ses, request)


async def exported(sender: Sender, source: dict[str, Any], data_format: str = "JSON") -> Any:
    """The lines of the file, once the job is done."""
    job_id = await create(sender, source, data_format)
    await sender.world.settle()
    job = await sender.v2("GetExportJob", JobId=job_id)
    assert job["JobStatus"] == "COMPLETED"
    body = (await fetch(sender, job)).body
    assert isinstance(body, bytes)
    if data_format == "JSON":
        return json.loads(body)
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


async def test_insights_have_a_line_for_each_recipient(sender: Sender) -> None:
    sent = await sender.send("a@example.net", "b@example.net")
    await sender.outcome(outcome_of(sent, "bounced", 550, "5.1.1", "no such user"))

    lines = await exported(sender, insights(sender), "CSV")

    assert [(line["Destination"], line["LastDeliveryEvent"]) for line in lines] == [
        ("a@example.net", "PERMANENT_BOUNCE"),
        ("b@example.net", "SEND"),
    ]
    assert {line["MessageId"] for line in lines} == {sent.message_id}
    assert lines[0]["FromEmailAddress"] == "sender@example.com"


async def test_insights_are_those_asked_for_the_newest_first(sender: Sender) -> None:
    for name in ("a", "b", "c"):
        await sender.send(f"{name}@example.net")
        await sender.world.ses.clock.advance(1_000)

    asked = insights(sender, Exclude={"Destination": ["b@*"]}, MaxResults=2)
    lines = await exported(sender, asked)

    assert [line["Destination"] for line in lines] == ["c@example.net", "a@example.net"]


async def test_mails_of_other_times_and_accounts_are_not_exported(sender: Sender) -> None:
    await sender.send("old@example.net")
    await sender.send("theirs@example.net", account="111111111111")
    await sender.world.ses.clock.advance(25 * 3600_000)
    await sender.send("new@example.net")

    lines = await exported(sender, insights(sender))

    assert [line["Destination"] for line in lines] == ["new@example.net"]


async def test_metrics_have_a_line_for_each_day_and_dimension(sender: Sender) -> None:
    sent = await sender.send("a@example.net")
    await sender.outcome(outcome_of(sent, "delivered", 250, "2.0.0", "ok"))
    await sender.send("b@example.net")
    await sender.send("c@example.net", identity="example.org")

    lines = await exported(sender, metrics(sender))

    assert [(line["EMAIL_IDENTITY"], line["SEND_VOLUME"]) for line in lines] == [
        ("example.com", 2),
        ("example.org", 1),
    ]
    assert [line["DELIVERY_RATE"] for line in lines] == [0.5, 0.0]


async def test_metrics_of_other_values_are_left_out(sender: Sender) -> None:
    await sender.send("a@example.net")
    await sender.send("b@example.net", identity="example.org")

    asked = metrics(sender, Dimensions={"EMAIL_IDENTITY": ["example.org", "example.info"]})
    lines = await exported(sender, asked)

    assert [line["EMAIL_IDENTITY"] for line in lines] == ["example.org"]


async def test_a_link_is_good_for_five_minutes(sender: Sender) -> None:
    job_id = await create(sender, insights(sender))
    await sender.world.settle()
    job = await sender.v2("GetExportJob", JobId=job_id)

    before = await fetch(sender, job)
    await sender.world.ses.clock.advance(5 * 60_000 + 1)
    after = await fetch(sender, job)
    again = await fetch(sender, await sender.v2("GetExportJob", JobId=job_id))

    assert [before.status, after.status, again.status] == [200, 403, 200]


async def test_a_job_that_is_cancelled_makes_no_file(sender: Sender) -> None:
    job_id = await create(sender, insights(sender))
    await sender.v2("CancelExportJob", JobId=job_id)
    await sender.world.settle()

    job = await sender.v2("GetExportJob", JobId=job_id)
    again = await sender.refused("v2", "CancelExportJob", JobId=job_id)

    assert job["JobStatus"] == "CANCELLED"
    assert "S3Url" not in job["ExportDestination"]
    assert again.code == "BadRequestException"
    assert sender.world.outbox.waiting(entries.EXPORT_KIND) == 0


async def test_jobs_are_listed_by_kind_and_status(sender: Sender) -> None:
    first = await create(sender, insights(sender))
    await sender.world.settle()
    await sender.world.ses.clock.advance(1)
    second = await create(sender, metrics(sender))

    everything = await sender.v2("ListExportJobs", PageSize=1)
    rest = await sender.v2("ListExportJobs", NextToken=everything["NextToken"])
    done = await sender.v2("ListExportJobs", JobStatus="COMPLETED")
    of_metrics = await sender.v2("ListExportJobs", ExportSourceType="METRICS_DATA")

    ids = [[job["JobId"] for job in each["ExportJobs"]] for each in (everything, rest)]
    assert ids == [[first], [second]]
    assert [job["JobId"] for job in done["ExportJobs"]] == [first]
    assert [job["JobId"] for job in of_metrics["ExportJobs"]] == [second]


async def test_the_last_jobs_are_kept(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_store, "JOBS_KEPT", 2)
    made = []
    for _ in range(3):
        made.append(await create(sender, insights(sender)))
        await sender.world.settle()
        await sender.world.ses.clock.advance(1)

    listed = await sender.v2("ListExportJobs")
    gone = await sender.refused("v2", "GetExportJob", JobId=made[0])

    assert [job["JobId"] for job in listed["ExportJobs"]] == made[1:]
    assert gone.code == "NotFoundException"


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": {}},
        {"source": {"MessageInsightsDataSource": {"StartDate": 2, "EndDate": 1}}},
        {"insights": {"Include": {"Isp": ["Example Mail"]}}},
        {"metrics": {"Dimensions": {"ISP": ["Example Mail"]}}},
        {"metrics": {"Dimensions": {"EMAIL_IDENTITY": ["*"], "CONFIGURATION_SET": ["a", "b"]}}},
        {"insights": {}, "destination": {"S3Url": "s3://bucket/key"}},
    ],
    ids=["none", "dates", "isp filter", "isp", "wildcard", "place"],
)
async def test_a_job_that_cannot_be_is_refused(sender: Sender, wrong: dict[str, Any]) -> None:
    source = wrong.get("source")
    if source is None:
        make = insights if "insights" in wrong else metrics
        source = make(sender, **wrong.get("insights", wrong.get("metrics", {})))

    refusal = await sender.refused(
        "v2",
        "CreateExportJob",
        ExportDataSource=source,
        ExportDestination={"DataFormat": "CSV", **wrong.get("destination", {})},
    )

    assert refusal.code == "BadRequestException"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, True),
        ({"FromEmailAddress": ["news@example.com"]}, True),
        ({"FromEmailAddress": ["NEWS@example.com"]}, False),
        ({"FromEmailAddress": ["news"]}, False),
        ({"Destination": ["x@example.net", "jo@*"]}, True),
        ({"Destination": ["*@example.net"]}, True),
        ({"Destination": ["*example*"]}, True),
        ({"Destination": ["*"]}, True),
        ({"Subject": ["5\\*3"]}, True),
        ({"Subject": ["5\\*"]}, False),
        ({"Subject": ["5\\**"]}, True),
        ({"LastDeliveryEvent": ["BOUNCE", "DELIVERY"]}, True),
        ({"LastEngagementEvent": ["CLICK"]}, False),
        ({"Destination": ["jo@*"], "LastEngagementEvent": ["CLICK"]}, False),
    ],
)
def test_filters_match_as_documented(filters: dict[str, Any], expected: bool) -> None:
    times = {"StartDate": 0.0, "EndDate": 1.0}

    assert is_wanted(INSIGHT, {**times, "Include": filters}) is expected  # type: ignore[typeddict-item]  # JSON
    assert is_wanted(INSIGHT, {**times, "Exclude": filters}) is (not expected or not filters)  # type: ignore[typeddict-item]  # JSON

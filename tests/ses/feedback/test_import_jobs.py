"""Import jobs. AWS: SES API v2 Reference, CreateImportJob."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kamome.services.ses.contacts import import_jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.ses.feedback.conftest import Sender

SUPPRESSION = {"SuppressionListDestination": {"SuppressionListImportAction": "PUT"}}
LIST = {"ContactListDestination": {"ContactListName": "news", "ContactListImportAction": "PUT"}}


async def store(sender: Sender, text: str) -> None:
    """The object `mails/import` of S3."""

    async def body() -> AsyncIterator[bytes]:
        yield text.encode()

    put = sender.world.neighbours.put_object
    length = len(text.encode())
    await put(sender.ctx, "mails", "import", body(), content_length=length, record=lambda: None)


async def imported(
    sender: Sender, text: str, destination: object, data_format: str = "CSV"
) -> dict[str, Any]:
    """The job when it has ended."""
    await store(sender, text)
    made = await sender.v2(
        "CreateImportJob",
        ImportDestination=destination,
        ImportDataSource={"S3Url": "s3://mails/import", "DataFormat": data_format},
    )
    await sender.world.settle()
    return dict(await sender.v2("GetImportJob", JobId=made["JobId"]))


def ended(job: dict[str, Any]) -> tuple[str, int, int]:
    return job["JobStatus"], job["ProcessedRecordsCount"], job["FailedRecordsCount"]


@pytest.fixture
async def news(sender: Sender) -> None:
    topics = [{"TopicName": "t", "DisplayName": "T", "DefaultSubscriptionStatus": "OPT_IN"}]
    await sender.v2("CreateContactList", ContactListName="news", Topics=topics)


@pytest.mark.parametrize(
    ("data_format", "text"),
    [
        ("CSV", "a@example.net,BOUNCE\r\nB@example.net,COMPLAINT\n\nbroken\nc@example.net,WHY\n"),
        (
            "JSON",
            (
                '{"emailAddress":"a@example.net","reason":"BOUNCE"}\n'
                '{"emailAddress":"b@example.net","reason":"COMPLAINT"}\n[]\n{'
            ),
        ),
    ],
)
async def test_addresses_come_on_the_suppression_list(
    sender: Sender, data_format: str, text: str
) -> None:
    job = await imported(sender, text, SUPPRESSION, data_format)

    listed = await sender.v2("ListSuppressedDestinations")
    found = [
        (each["EmailAddress"], each["Reason"]) for each in listed["SuppressedDestinationSummaries"]
    ]
    assert ended(job) == ("COMPLETED", 4, 2)
    assert found == [("a@example.net", "BOUNCE"), ("b@example.net", "COMPLAINT")]


async def test_addresses_are_taken_off_the_list(sender: Sender) -> None:
    await imported(sender, "a@example.net,BOUNCE\n", SUPPRESSION)

    delete = {"SuppressionListDestination": {"SuppressionListImportAction": "DELETE"}}
    await imported(sender, "a@example.net\n", delete)

    assert not (await sender.v2("ListSuppressedDestinations"))["SuppressedDestinationSummaries"]


@pytest.mark.usefixtures("news")
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order-mark"])
async def test_contacts_come_on_their_list(sender: Sender, mark: str) -> None:
    text = (
        f"{mark}emailAddress,unsubscribeAll,attributesData,topicPreferences.t\n"
        'a@example.net,false,{"Name": "A"},OPT_OUT\n'
        "b@example.net,true,,\n"
        "c@example.net,maybe,,\n"
    )

    job = await imported(sender, text, LIST)

    contact = await sender.v2("GetContact", ContactListName="news", EmailAddress="a@example.net")
    assert ended(job) == ("COMPLETED", 3, 1)
    assert contact["AttributesData"] == '{"Name": "A"}'
    assert contact["TopicPreferences"] == [{"TopicName": "t", "SubscriptionStatus": "OPT_OUT"}]


@pytest.mark.usefixtures("news")
async def test_contacts_of_json_come_too(sender: Sender) -> None:
    text = (
        '{"emailAddress":"a@example.net","unsubscribeAll":false,'
        '"topicPreferences":[{"topicName":"t","subscriptionStatus":"OPT_IN"}]}\n'
        '{"emailAddress":"b@example.net",'
        '"topicPreferences":[{"topicName":"gone","subscriptionStatus":"OPT_IN"}]}\n'
    )

    job = await imported(sender, text, LIST, "JSON")

    listed = await sender.v2("ListContacts", ContactListName="news")
    assert ended(job) == ("COMPLETED", 2, 1)
    assert [each["EmailAddress"] for each in listed["Contacts"]] == ["a@example.net"]


async def test_a_job_without_object_fails_and_says_why(sender: Sender) -> None:
    made = await sender.v2(
        "CreateImportJob",
        ImportDestination=SUPPRESSION,
        ImportDataSource={"S3Url": "s3://mails/gone", "DataFormat": "CSV"},
    )
    await sender.world.settle()

    job = await sender.v2("GetImportJob", JobId=made["JobId"])
    assert job["JobStatus"] == "FAILED"
    assert "mails/gone" in job["FailureInfo"]["ErrorMessage"]


async def test_more_than_the_quota_fails(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_jobs, "IMPORTED_SUPPRESSIONS_MAX", 1)

    job = await imported(sender, "a@example.net,BOUNCE\nb@example.net,BOUNCE\n", SUPPRESSION)

    assert job["JobStatus"] == "FAILED"


@pytest.mark.usefixtures("news")
async def test_no_contacts_are_left_of_a_list_that_goes_while_they_come(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def delete(_: float) -> None:
        """Between the first two batches."""
        if (await sender.v2("ListContactLists"))["ContactLists"]:
            await sender.v2("DeleteContactList", ContactListName="news")

    monkeypatch.setattr(import_jobs, "_BATCH", 1)
    monkeypatch.setattr(import_jobs, "asyncio", SimpleNamespace(sleep=delete))

    job = await imported(sender, "emailAddress\na@example.net\nb@example.net\n", LIST)

    await sender.v2("CreateContactList", ContactListName="news")
    assert job["JobStatus"] == "FAILED"
    assert not (await sender.v2("ListContacts", ContactListName="news"))["Contacts"]


@pytest.mark.usefixtures("news")
async def test_jobs_are_listed_by_kind(sender: Sender) -> None:
    await imported(sender, "a@example.net,BOUNCE\n", SUPPRESSION)
    await imported(sender, "emailAddress\na@example.net\n", LIST)

    of_lists = await sender.v2("ListImportJobs", ImportDestinationType="CONTACT_LIST")
    first = await sender.v2("ListImportJobs", PageSize=1)
    rest = await sender.v2("ListImportJobs", NextToken=first["NextToken"])

    assert len(of_lists["ImportJobs"]) == 1
    assert len(first["ImportJobs"]) == len(rest["ImportJobs"]) == 1


@pytest.mark.parametrize(
    ("destination", "url", "code"),
    [
        ({}, "s3://mails/import", "BadRequestException"),
        (SUPPRESSION | LIST, "s3://mails/import", "BadRequestException"),
        (SUPPRESSION, "https://mails/import", "BadRequestException"),
        (LIST, "s3://mails/import", "NotFoundException"),
    ],
)
async def test_a_job_that_cannot_be_is_refused(
    sender: Sender, destination: object, url: str, code: str
) -> None:
    refusal = await sender.refused(
        "v2",
        "CreateImportJob",
        ImportDestination=destination,
        ImportDataSource={"S3Url": url, "DataFormat": "CSV"},
    )

    assert refusal.code == code

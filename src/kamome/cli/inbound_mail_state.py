"""What the inbound-mail system holds: counts while mails move, and the proof at the end.

Everything here is read through the AWS APIs with ordinary clients, from another thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kamome.cli.local_session import LocalSession

# The header fields that SES puts before a mail that it stores.
TRACE_FIELDS = re.compile(
    rb"(?:(?:return-path|received|received-spf|authentication-results|x-ses-[a-z-]+)"
    rb"[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+",
    re.IGNORECASE,
)
SETUP_OBJECT = "AMAZON_SES_SETUP_NOTIFICATION"
DEAD_LETTERS_MAX = 10
# What DescribeTasks takes in one call.
DESCRIBED_MAX = 100
WELL_ENDED = "exit 0"


class Expected(Protocol):
    """What a recorded mail's item must say."""

    @property
    def subject(self) -> str: ...  # noqa: D102  the manifest describes them
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def order_id(self) -> str: ...  # noqa: D102
    @property
    def attachments(self) -> tuple[str, ...]: ...  # noqa: D102


class Mail(Protocol):
    """A mail of the blueprint's manifest."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def times(self) -> int: ...  # noqa: D102
    @property
    def ends(self) -> str: ...  # noqa: D102
    @property
    def addresses(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def expected(self) -> Expected: ...  # noqa: D102
    def read(self) -> bytes: ...  # noqa: D102


class Sent(Protocol):
    """One SMTP transaction, as the blueprint's `send.py` reports it."""

    @property
    def mail(self) -> Mail: ...  # noqa: D102  described in send.py
    @property
    def mail_id(self) -> str: ...  # noqa: D102
    @property
    def as_expected(self) -> bool: ...  # noqa: D102


class Deployment(Protocol):
    """What the blueprint's deployment made."""

    @property
    def bucket(self) -> str: ...  # noqa: D102
    @property
    def prefix(self) -> str: ...  # noqa: D102
    @property
    def table(self) -> str: ...  # noqa: D102
    @property
    def queue_url(self) -> str: ...  # noqa: D102
    @property
    def dead_letter_queue_url(self) -> str: ...  # noqa: D102
    @property
    def cluster(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each there are.

    `waiting` and `in_flight` are messages of the work queue, `tasks` those that have ended.
    """

    recorded: int = 0
    duplicates: int = 0
    statuses: int = 0
    waiting: int = 0
    in_flight: int = 0
    dead: int = 0
    tasks: int = 0


def expected_counts(mails: Sequence[Mail]) -> Counts:
    """What the counts must be when every mail has ended where it should."""
    recorded = [mail for mail in mails if mail.ends == "recorded"]
    return Counts(
        recorded=sum(len(mail.addresses) for mail in recorded),
        duplicates=sum((mail.times - 1) * len(mail.addresses) for mail in recorded),
        statuses=sum(mail.times * len(mail.addresses) for mail in mails),
        dead=sum(mail.times for mail in mails if mail.ends == "dead-lettered"),
        tasks=sum(len(mail.addresses) for mail in recorded),
    )


@dataclass(frozen=True, slots=True)
class RecordedMail:
    """An item of the table that records a mail for one tenant."""

    address: str
    object_key: str
    subject: str
    kind: str
    order_id: str
    attachments: tuple[str, ...]
    duplicates: tuple[str, ...]
    task_arn: str = ""


@dataclass(frozen=True, slots=True)
class StoredMail:
    """An object, and the mail that was accepted as it (no name: none was).

    `is_clean`: it holds SES's trace header fields, then the mail's bytes, and nothing else.
    """

    key: str
    mail_name: str
    is_clean: bool


@dataclass
class Findings:
    """What was found at the end. `ends` says for each object's key what became of its mail."""

    counts: Counts
    objects: list[StoredMail] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class DeployedSystem:
    """Reads the state of one deployment."""

    def __init__(self, session: LocalSession, deployment: Deployment) -> None:
        self._deployment = deployment
        self._s3 = session.client("s3")
        self._sqs = session.client("sqs")
        self._dynamodb = session.client("dynamodb")
        self._ecs = session.client("ecs")

    def counts(self, addresses: Iterable[str]) -> Counts:
        """How far the mails to these tenants have come."""
        items = [item for address in addresses for item in self._items(address)]
        mails = [item for item in items if item["entry"]["S"].startswith("mail#")]
        waiting, in_flight = self._depths(self._deployment.queue_url)
        return Counts(
            recorded=len(mails),
            duplicates=sum(len(mail.get("duplicates", {}).get("SS", ())) for mail in mails),
            statuses=len(items) - len(mails),
            waiting=waiting,
            in_flight=in_flight,
            dead=self._depths(self._deployment.dead_letter_queue_url)[0],
            tasks=len(
                self.ended_tasks(mail["task_arn"]["S"] for mail in mails if "task_arn" in mail)
            ),
        )

    def ended_tasks(self, task_arns: Iterable[str]) -> dict[str, str]:
        """How the tasks among these that have ended did: `exit 0`, or what went wrong."""
        arns, ended = sorted(set(task_arns)), {}
        for first in range(0, len(arns), DESCRIBED_MAX):
            answer = self._ecs.describe_tasks(
                cluster=self._deployment.cluster, tasks=arns[first : first + DESCRIBED_MAX]
            )
            for task in answer["tasks"]:
                if task["lastStatus"] == "STOPPED":
                    ended[str(task["taskArn"])] = _end_of_task(task)
        return ended

    def _items(self, address: str) -> list[dict[str, dict[str, str]]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._deployment.table,
            KeyConditionExpression="address = :address",
            ExpressionAttributeValues={":address": {"S": address}},
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]

    def _depths(self, queue_url: str) -> tuple[int, int]:
        """Messages that are visible, and in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
        return int(answer["Attributes"][names[0]]), int(answer["Attributes"][names[1]])

    def recorded_mails(self, address: str) -> list[RecordedMail]:
        """The mails recorded for one tenant."""
        return [
            _recorded_mail(item)
            for item in self._items(address)
            if item["entry"]["S"].startswith("mail#")
        ]

    def stored_mails(self, accepted: Mapping[str, Mail]) -> list[StoredMail]:
        """Every object under the prefix, compared with the mail that was accepted as its key."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._deployment.bucket, Prefix=self._deployment.prefix
        )
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        return [
            self._stored_mail(key, accepted.get(key))
            for key in keys
            if not key.endswith(SETUP_OBJECT)
        ]

    def _stored_mail(self, key: str, mail: Mail | None) -> StoredMail:
        if mail is None:
            return StoredMail(key, "", is_clean=False)
        answer = self._s3.get_object(Bucket=self._deployment.bucket, Key=key)
        stored, content = bytes(answer["Body"].read()), mail.read()
        added = stored[: len(stored) - len(content)]
        is_clean = stored.endswith(content) and TRACE_FIELDS.fullmatch(added) is not None
        return StoredMail(key, mail.name, is_clean)

    def dead_letters(self) -> list[str]:
        """Keys of the objects that the messages in the dead-letter queue speak of."""
        answer = self._sqs.receive_message(
            QueueUrl=self._deployment.dead_letter_queue_url,
            MaxNumberOfMessages=DEAD_LETTERS_MAX,
            VisibilityTimeout=0,  # look, and leave them for whoever comes after us
        )
        return [_object_key(message["Body"]) for message in answer.get("Messages", ())]

    def proof(self, mails: Sequence[Mail], transactions: Iterable[Sent]) -> Findings:
        """Compare what is there with what the manifest expects of every mail."""
        accepted = {self._deployment.prefix + sent.mail_id: sent.mail for sent in transactions}
        addresses = tenants_of(mails)
        findings = Findings(self.counts(addresses), self.stored_mails(accepted))
        recorded = [mail for address in addresses for mail in self.recorded_mails(address)]
        dead = self.dead_letters()
        _check_counts(findings, expected_counts(mails))
        _check_objects(findings, accepted)
        for mail in mails:
            _check_mail(findings, mail, recorded, dead)
        _check_tasks(findings, recorded, self.ended_tasks(filter(None, map(_task_arn, recorded))))
        return findings


def tenants_of(mails: Iterable[Mail]) -> tuple[str, ...]:
    """The tenants that any of the mails is for."""
    return tuple(dict.fromkeys(address for mail in mails for address in mail.addresses))


def _recorded_mail(item: dict[str, dict[str, str]]) -> RecordedMail:
    attachments = json.loads(json.dumps(item["attachments"]["L"], default=str))
    return RecordedMail(
        address=item["address"]["S"],
        object_key=item["object_key"]["S"],
        subject=item["subject"]["S"],
        kind=item["kind"]["S"],
        order_id=item["order_id"]["S"],
        attachments=tuple(attachment["M"]["name"]["S"] for attachment in attachments),
        duplicates=tuple(item.get("duplicates", {}).get("SS", ())),
        task_arn=item.get("task_arn", {}).get("S", ""),
    )


def _task_arn(mail: RecordedMail) -> str:
    return mail.task_arn


def _end_of_task(task: Mapping[str, object]) -> str:
    """The exit code of a task's one container, or why there is none."""
    containers = task["containers"]
    assert isinstance(containers, list)
    codes = [container["exitCode"] for container in containers if "exitCode" in container]
    return f"exit {codes[0]}" if codes else str(task.get("stoppedReason", "no exit code"))


def _check_tasks(
    findings: Findings, recorded: Sequence[RecordedMail], ended: Mapping[str, str]
) -> None:
    """Each recorded mail has a task of its own, and the task has ended well."""
    seen: set[str] = set()
    for mail in recorded:
        what = f"{mail.object_key} for {mail.address}"
        end = ended.get(mail.task_arn, "has not ended")
        if not mail.task_arn:
            findings.problems.append(f"{what}: recorded, but its task was not started")
        elif mail.task_arn in seen:
            findings.problems.append(f"{what}: shares its task with another mail")
        elif end != WELL_ENDED:
            findings.problems.append(f"{what}: its task did not end well: {end}")
        seen.add(mail.task_arn)


def _object_key(body: str) -> str:
    """The object that a message of SES speaks of, in the envelope of SNS or without."""
    notice = json.loads(body)
    if notice.get("Type") == "Notification":
        notice = json.loads(notice["Message"])
    return str(notice["receipt"]["action"]["objectKey"])


def _check_counts(findings: Findings, expected: Counts) -> None:
    for name in Counts.__dataclass_fields__:
        found, wanted = getattr(findings.counts, name), getattr(expected, name)
        if found != wanted:
            findings.problems.append(f"{name.replace('_', ' ')}: {found}, expected {wanted}")


def _check_objects(findings: Findings, accepted: Mapping[str, Mail]) -> None:
    """One object for each mail that was answered with 250, holding exactly its bytes."""
    missing = accepted.keys() - {stored.key for stored in findings.objects}
    findings.problems += [
        f"{accepted[key].name}: answered with 250, but there is no object {key}"
        for key in sorted(missing)
    ]
    findings.problems += [
        f"object {stored.key}: not the mail that was accepted, byte for byte, after SES's fields"
        for stored in findings.objects
        if not stored.is_clean
    ]


def _check_mail(
    findings: Findings, mail: Mail, recorded: Sequence[RecordedMail], dead: Sequence[str]
) -> None:
    """Where one mail ended: once in the table for each tenant, or in the dead-letter queue."""
    keys = [stored.key for stored in findings.objects if stored.mail_name == mail.name]
    items = [item for item in recorded if item.object_key in keys]
    if mail.ends == "dead-lettered":
        findings.ends.update(dict.fromkeys(keys, "dead-letter queue"))
        if items or sorted(keys) != sorted(dead):
            findings.problems.append(f"{mail.name}: not in the dead-letter queue, or recorded")
        return
    if sorted(item.address for item in items) != sorted(mail.addresses):
        findings.problems.append(f"{mail.name}: not recorded exactly once for each tenant")
    for key in keys:
        findings.ends[key] = _end_of(sum(item.object_key == key for item in items), mail)
    for item in items:
        _check_item(findings, mail, item)


def _end_of(recorded: int, mail: Mail) -> str:
    filtered = len(mail.addresses) - recorded
    if not filtered:
        return "recorded" if recorded == 1 else f"recorded for {recorded} tenants"
    if not recorded:
        return "duplicate, filtered"
    return f"recorded for {recorded}, duplicate for {filtered}"


def _check_item(findings: Findings, mail: Mail, item: RecordedMail) -> None:
    expected = mail.expected
    wanted = (expected.subject, expected.kind, expected.order_id, expected.attachments)
    found = (item.subject, item.kind, item.order_id, item.attachments)
    if found != wanted:
        findings.problems.append(f"{mail.name}: recorded as {found!r}, expected {wanted!r}")
    if len(item.duplicates) != mail.times - 1:
        findings.problems.append(
            f"{mail.name}: {len(item.duplicates)} duplicates counted, expected {mail.times - 1}"
        )

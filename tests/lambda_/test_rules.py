"""The rules of Lambda that need neither a store nor a process."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import orjson
import pytest

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.ids import seeded_ids
from kamome.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    InvalidRequestContentException,
    PolicyLengthExceededException,
    RequestEntityTooLargeException,
    ResourceConflictException,
    ResourceNotFoundException,
    ValidationException,
)
from kamome.services.lambda_.event_source_mappings.batches import (
    Batch,
    batches_of,
    sqs_record,
    verdict,
)
from kamome.services.lambda_.functions import code
from kamome.services.lambda_.functions.code_store import CodeStore
from kamome.services.lambda_.functions.environment import check_variables
from kamome.services.lambda_.functions.function_names import parse_function_arn, parse_function_name
from kamome.services.lambda_.invocation import payloads
from kamome.services.lambda_.monitoring.log_lines import exit_words, report_line
from kamome.services.lambda_.permissions import policies
from kamome.services.lambda_.ports import MessageAttribute, PolledMessage
from kamome.services.lambda_.runtimes.port import Outcome

CTX = RequestContext("111122223333", "eu-west-1", "arn:aws:iam::111122223333:root", "r-1")
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "qualifier", "name", "found"),
    [
        pytest.param("my-fn_1", None, "my-fn_1", "", id="name"),
        pytest.param("my-fn:$LATEST", None, "my-fn", "$LATEST", id="name with qualifier"),
        pytest.param("my-fn", "v1", "my-fn", "v1", id="separate qualifier"),
        pytest.param("my-fn:v1", "v1", "my-fn", "v1", id="the same qualifier twice"),
        pytest.param("111122223333:function:f", None, "f", "", id="partial ARN"),
        pytest.param("function:f", None, "f", "", id="shorter partial ARN"),
        pytest.param("arn:aws:lambda:eu-west-1:111122223333:function:f", None, "f", "", id="ARN"),
        pytest.param(
            "arn:aws:lambda:eu-west-1:111122223333:function:f:7", None, "f", "7", id="version ARN"
        ),
    ],
)
def test_function_is_named_in_every_form(
    text: str, qualifier: str | None, name: str, found: str
) -> None:
    named = parse_function_name(CTX, text, qualifier)

    assert (named.name, named.qualifier) == (name, found)
    assert named.arn == f"arn:aws:lambda:eu-west-1:111122223333:function:{name}"


@pytest.mark.parametrize(
    ("text", "qualifier", "error"),
    [
        pytest.param("no blanks", None, ValidationException, id="blank"),
        pytest.param("", None, ValidationException, id="empty"),
        pytest.param("x" * 65, None, ValidationException, id="65 characters"),
        pytest.param("arn:aws:sqs:eu-west-1:111122223333:f", None, ValidationException, id="sqs"),
        pytest.param("f:1", "2", InvalidParameterValueException, id="two qualifiers"),
        pytest.param(
            "arn:aws:lambda:us-east-1:111122223333:function:f",
            None,
            ResourceNotFoundException,
            id="another Region",
        ),
        pytest.param("999999999999:function:f", None, AccessDeniedException, id="another account"),
    ],
)
def test_bad_function_name_is_refused(
    text: str, qualifier: str | None, error: type[AwsError]
) -> None:
    with pytest.raises(error):
        parse_function_name(CTX, text, qualifier)


def test_full_arn_alone_names_a_function_of_any_account() -> None:
    named = parse_function_arn("arn:aws:lambda:us-east-1:999999999999:function:f:$LATEST")

    assert named is not None
    assert (named.account, named.region, named.qualifier) == (
        "999999999999",
        "us-east-1",
        "$LATEST",
    )
    assert parse_function_arn("f") is None


# ---------------------------------------------------------------------- environment


def test_environment_of_4_kb_fits_and_one_byte_more_does_not() -> None:
    fits = {"NAME": "x" * (4096 - len('{"NAME":""}'))}

    check_variables(fits)

    with pytest.raises(InvalidParameterValueException, match="exceeded the 4KB limit"):
        check_variables({"NAME": fits["NAME"] + "x"})


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        pytest.param({"AWS_REGION": "x"}, InvalidParameterValueException, id="reserved"),
        pytest.param({"_HANDLER": "x"}, ValidationException, id="begins with underscore"),
        pytest.param({"1A": "x"}, ValidationException, id="begins with a digit"),
        pytest.param({"A-B": "x"}, ValidationException, id="hyphen"),
        pytest.param({"NAME": "a\0b"}, InvalidParameterValueException, id="NUL"),
    ],
)
def test_environment_variable_is_refused(variables: dict[str, str], error: type[AwsError]) -> None:
    with pytest.raises(error):
        check_variables(variables)


# ---------------------------------------------------------------------- code


def archive(*entries: tuple[str, bytes], mode: int = stat.S_IFREG | 0o644) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(info, content)
    return file.getvalue()


@pytest.fixture
def code_store(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path / "code", seeded_ids(1).hex)


async def test_archive_is_unpacked_once_and_read_only(code_store: CodeStore) -> None:
    packed = archive(("app.py", b"x = 1\n"), ("package/deep/data.txt", b"data"))

    folder = await code_store.unpack(packed, code.code_sha256(packed))
    again = await code_store.unpack(b"not looked at", code.code_sha256(packed))

    assert folder == again
    assert (folder / "package/deep/data.txt").read_bytes() == b"data"
    assert stat.S_IMODE((folder / "app.py").stat().st_mode) == 0o444
    assert [path.name for path in code_store.folder.iterdir()] == [folder.name]


async def test_executable_stays_executable(code_store: CodeStore) -> None:
    packed = archive(("bin/tool", b"#!/bin/sh\n"), mode=stat.S_IFREG | 0o755)

    folder = await code_store.unpack(packed, code.code_sha256(packed))

    assert stat.S_IMODE((folder / "bin/tool").stat().st_mode) == 0o555


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(b"PK but no zip", id="no zip"),
        pytest.param(archive(("../evil.py", b"")), id="up"),
        pytest.param(archive(("a/../../evil.py", b"")), id="up from below"),
        pytest.param(archive(("/etc/evil", b"")), id="absolute"),
        pytest.param(archive(("..\\evil.py", b"")), id="backslash"),
        pytest.param(archive(("C:/evil.py", b"")), id="drive"),
        pytest.param(archive(("link", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777), id="symlink"),
        pytest.param(archive(("pipe", b""), mode=stat.S_IFIFO | 0o644), id="pipe"),
        pytest.param(archive(("a", b"file"), ("a/b", b"below it")), id="file and folder"),
        pytest.param(archive(("app.py", b"x" * 100))[:-40], id="cut off"),
        pytest.param(archive(("x" * 256, b"")), id="long name"),
        pytest.param(archive(("x/" * 2_000 + "y", b"")), id="long path"),
    ],
)
async def test_archive_is_refused_and_nothing_stays(
    code_store: CodeStore, packed: bytes, tmp_path: Path
) -> None:
    with pytest.raises(InvalidParameterValueException, match="Could not unzip"):
        await code_store.unpack(packed, code.code_sha256(packed))

    assert not [path for path in tmp_path.rglob("*") if path.is_file() or path.is_symlink()]


async def test_archive_of_nothing_is_refused(code_store: CodeStore) -> None:
    with pytest.raises(InvalidParameterValueException, match="must be a non-empty zip"):
        await code_store.unpack(archive(), code.code_sha256(archive()))


async def test_damaged_content_is_refused(code_store: CodeStore) -> None:
    packed = bytearray(archive(("app.py", bytes(range(256)) * 40)))
    packed[60] ^= 0xFF

    with pytest.raises(InvalidParameterValueException, match="Could not unzip"):
        await code_store.unpack(bytes(packed), code.code_sha256(bytes(packed)))


async def test_bomb_is_refused_by_what_it_declares(
    code_store: CodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "CODE_UNZIPPED_BYTES_MAX", 1_000_000)
    packed = archive(*((f"{number}", b"\0" * 100_001) for number in range(10)))
    assert len(packed) < 10_000

    with pytest.raises(InvalidParameterValueException, match="Unzipped size must be smaller"):
        await code_store.unpack(packed, code.code_sha256(packed))


def test_empty_and_oversized_uploads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "CODE_ZIPPED_BYTES_MAX", 10)

    with pytest.raises(InvalidParameterValueException, match="non-empty zip"):
        code.check_upload(b"")
    with pytest.raises(RequestEntityTooLargeException):
        code.check_upload(b"x" * 11)


async def test_unused_code_is_removed(code_store: CodeStore) -> None:
    used, unused = archive(("a", b"1")), archive(("a", b"2"))
    kept = await code_store.unpack(used, code.code_sha256(used))
    await code_store.unpack(unused, code.code_sha256(unused))
    (code_store.folder / "tmp-left-over").mkdir()

    code_store.remove_unused(lambda sha256: sha256 == code.code_sha256(used))

    assert list(code_store.folder.iterdir()) == [kept]


# ---------------------------------------------------------------------- payloads


def test_payload_limits_are_6_mb_and_1_mb() -> None:
    payloads.check_size(b"x" * 6_291_456, "RequestResponse")
    payloads.check_size(b"x" * 1_048_576, "Event")

    with pytest.raises(RequestEntityTooLargeException, match=r"limit 6291456 bytes"):
        payloads.check_size(b"x" * 6_291_457, "RequestResponse")
    with pytest.raises(RequestEntityTooLargeException, match=r"Event invocation type"):
        payloads.check_size(b"x" * 1_048_577, "Event")


def test_no_payload_is_an_empty_event_and_no_json_is_refused() -> None:
    assert payloads.event_of(b"") == b"{}"
    assert payloads.event_of(b"null") == b"null"
    with pytest.raises(InvalidRequestContentException, match="Could not parse request body"):
        payloads.event_of(b"{'a': 1}")


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        pytest.param("", "", id="none"),
        pytest.param(
            "eyJjdXN0b20iOiB7ImEiOiAi5rOoIn19", '{"custom": {"a": "\\u6ce8"}}', id="ASCII"
        ),
    ],
)
def test_client_context_goes_as_ascii_json(encoded: str, decoded: str) -> None:
    assert payloads.client_context_of(encoded) == decoded


@pytest.mark.parametrize("encoded", ["%%%", "WzFd", "e30=" * 1000], ids=["base64", "list", "long"])
def test_bad_client_context_is_refused(encoded: str) -> None:
    with pytest.raises(InvalidRequestContentException, match="Client context"):
        payloads.client_context_of(encoded)


@pytest.mark.parametrize(
    ("outcome", "error_type", "message"),
    [
        pytest.param(
            Outcome("timed_out", error_type="Sandbox.Timedout"),
            "Sandbox.Timedout",
            "RequestId: r Error: Task timed out after 3.00 seconds",
            id="timeout",
        ),
        pytest.param(
            Outcome("exited", error_type="Runtime.ExitError", exit_code=0),
            "Runtime.ExitError",
            "RequestId: r Error: Runtime exited without providing a reason",
            id="exit 0",
        ),
        pytest.param(
            Outcome("exited", error_type="Runtime.ExitError", exit_code=-9),
            "Runtime.ExitError",
            "RequestId: r Error: Runtime exited with error: signal: killed",
            id="killed",
        ),
        pytest.param(
            Outcome("too_large", error_type="Function.ResponseSizeTooLarge"),
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            id="too large",
        ),
    ],
)
def test_failure_has_the_error_document(outcome: Outcome, error_type: str, message: str) -> None:
    result = payloads.result_of("r", outcome, b"", 3)

    assert result.function_error == "Unhandled"
    document = orjson.loads(result.payload)
    assert document == {"errorType": error_type, "errorMessage": message}


def test_exit_status_is_told() -> None:
    assert exit_words(1) == "Runtime exited with error: exit status 1"
    assert exit_words(-2) == "Runtime exited with error: signal: interrupt"


def test_report_line_has_the_fields_of_a_cold_start() -> None:
    line = report_line(
        "r",
        Outcome("response"),
        duration_ms=1.234,
        init_duration_ms=100.5,
        memory_mb=128,
        max_memory_mb=33,
    )

    assert line == (
        "REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 102 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 33 MB\tInit Duration: 100.50 ms\t\n"
    )


# ---------------------------------------------------------------------- batches


def message(number: int, body: str = "hello") -> PolledMessage:
    return PolledMessage(
        f"id-{number}",
        f"handle-{number}",
        body,
        {"ApproximateReceiveCount": "1", "SentTimestamp": "1760000000000"},
        md5_of_body="5d41402abc4b2a76b9719d911017c592",
    )


def test_record_is_as_aws_documents_it() -> None:
    with_attributes = PolledMessage(
        "059f36b4",
        "AQEBwJnK",
        "test",
        {"ApproximateReceiveCount": "1", "SenderId": "A", "AWSTraceHeader": "Root=1-0-0"},
        {
            "text": MessageAttribute("String", string_value="注文"),
            "bytes": MessageAttribute("Binary", binary_value=b"\x00\xff"),
        },
        "098f6bcd4621d373cade4e832627b4f6",
        "e4e68fb7bd0e697a0ae8f1bb342846b3",
    )

    assert sqs_record(QUEUE, with_attributes) == {
        "messageId": "059f36b4",
        "receiptHandle": "AQEBwJnK",
        "body": "test",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SenderId": "A",
            "AWSTraceHeader": "Root=1-0-0",
        },
        "messageAttributes": {
            "text": {
                "stringValue": "注文",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            },
            "bytes": {
                "binaryValue": "AP8=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "md5OfBody": "098f6bcd4621d373cade4e832627b4f6",
        "md5OfMessageAttributes": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": "eu-west-1",
    }


def test_messages_over_6_mb_together_go_in_several_batches() -> None:
    messages = [message(number, "x" * 2_500_000) for number in range(5)]

    batches = list(batches_of(QUEUE, messages))

    assert [len(batch.messages) for batch in batches] == [2, 2, 1]
    assert all(len(batch.payload) <= 6_291_456 for batch in batches)
    records = orjson.loads(batches[1].payload)["Records"]
    assert [record["messageId"] for record in records] == ["id-2", "id-3"]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        pytest.param(b"null", "", id="null answer"),
        pytest.param(b"", "", id="no answer"),
        pytest.param(b'""', "", id="empty string"),
        pytest.param(b"{}", "", id="empty answer"),
        pytest.param(b'{"batchItemFailures":[]}', "", id="empty list"),
        pytest.param(b'{"batchItemFailures":null}', "", id="null list"),
        pytest.param(b'{"batchItemFailures":[{"itemIdentifier":"id-1"}]}', "1", id="one"),
        pytest.param(
            b'{"batchItemFailures":[{"itemIdentifier":"id-1"},{"itemIdentifier":"id-1"}]}',
            "1",
            id="one twice",
        ),
        pytest.param(
            b'{"batchItemFailures":[{"itemIdentifier":"id-2"},{"itemIdentifier":"id-0"}]}',
            "02",
            id="two",
        ),
        pytest.param(b'{"batchItemFailures":[{"itemIdentifier":""}]}', "012", id="empty id"),
        pytest.param(b'{"batchItemFailures":[{"itemIdentifier":null}]}', "012", id="null id"),
        pytest.param(b'{"batchItemFailures":[{"itemIdentifier":"id-9"}]}', "012", id="unknown id"),
        pytest.param(b'{"batchItemFailures":[{"messageId":"id-1"}]}', "012", id="bad key"),
        pytest.param(b'{"batchItemFailures":["id-1"]}', "012", id="bare ids"),
        pytest.param(b'{"batchItemFailures":{}}', "012", id="no list"),
        pytest.param(b'{"batchItemFailures":[', "012", id="not JSON"),
        pytest.param(b'"done"', "012", id="a string"),
        pytest.param(None, "012", id="function failed"),
    ],
)
def test_answer_with_batch_item_failures(answer: bytes | None, failed: str) -> None:
    batch = Batch(tuple(message(number) for number in range(3)), b"")

    judged = verdict(batch, answer, reports_failures=True)

    assert "".join(found.message_id[-1] for found in judged.failed) == failed
    assert len(judged.done) + len(judged.failed) == 3


def test_without_reporting_any_answer_is_success() -> None:
    batch = Batch((message(0),), b"")

    judged = verdict(
        batch, b'{"batchItemFailures":[{"itemIdentifier":"id-0"}]}', reports_failures=False
    )

    assert judged.done == batch.messages


# ---------------------------------------------------------------------- policies


def test_statement_carries_principal_and_conditions() -> None:
    statement = policies.new_statement(
        {
            "FunctionName": "f",
            "StatementId": "s3",
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
            "SourceArn": "arn:aws:s3:::bucket",
            "SourceAccount": "111122223333",
        },
        "arn:aws:lambda:eu-west-1:111122223333:function:f",
    )

    assert statement == {
        "Sid": "s3",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "111122223333"},
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
        },
    }
    assert policies.allows_service(
        [statement],
        "s3.amazonaws.com",
        source_arn="arn:aws:s3:::bucket",
        source_account="111122223333",
    )


@pytest.mark.parametrize(
    ("service", "arn", "account"),
    [
        pytest.param("sns.amazonaws.com", "arn:aws:s3:::b-1", "111122223333", id="service"),
        pytest.param("s3.amazonaws.com", "arn:aws:s3:::other", "111122223333", id="resource"),
        pytest.param("s3.amazonaws.com", "arn:aws:s3:::b-1", "999999999999", id="account"),
    ],
)
def test_policy_denies_what_its_conditions_do_not_name(
    service: str, arn: str, account: str
) -> None:
    statement = {
        "Sid": "1",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b-*"},
            "StringEquals": {"AWS:SourceAccount": "111122223333"},
        },
    }

    assert not policies.allows_service([statement], service, source_arn=arn, source_account=account)


def test_policy_refuses_a_second_statement_of_the_same_id_and_growth_past_20_kb() -> None:
    statements = policies.with_statement([], {"Sid": "a"})

    with pytest.raises(ResourceConflictException):
        policies.with_statement(statements, {"Sid": "a"})
    with pytest.raises(PolicyLengthExceededException):
        policies.with_statement(statements, {"Sid": "b", "Resource": "x" * 20_480})


@pytest.mark.parametrize("principal", ["nobody", "12345", "arn:aws:sqs:x:y:z"])
def test_principal_that_is_none_is_refused(principal: str) -> None:
    with pytest.raises(InvalidParameterValueException, match="provided principal was invalid"):
        policies.new_statement(
            {"FunctionName": "f", "StatementId": "a", "Action": "*", "Principal": principal}, "arn"
        )

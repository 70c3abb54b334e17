"""Anything may arrive: only refusals with a 4xx status may come out of decoding, and quickly."""

from __future__ import annotations

import sys
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamome.errors import AwsError
from kamome.protocols import protocol, text
from kamome.protocols.constraints import violations
from kamome.protocols.model import load_model
from kamome.protocols.operation_table import match
from kamome.wire import HttpRequest

SPEAKS = [
    ("sqs", "json"),
    ("sqs", "query"),
    ("sns", "query"),
    ("ses", "query"),
    ("dynamodb", "json"),
    ("lambda", "rest-json"),
    ("s3", "rest-xml"),
]
PUNCTUATION = list("{}[]\":,\\<>/&;=?!%+.#-_ '\n\0")
VOCABULARY = [
    *PUNCTUATION,
    *("null", "true", "0", "-1", "1e999", "NaN", "9" * 30, "\\ud800", "\\u0000", "é", "{}", "[]"),
    *("QueueUrl", "MessageBody", "Entries", "Item", "AttributeName", "Key", "S", "M", "L", "B"),
    *("Message.1.Name", "Attribute.1", "Attribute.x", "Tags.member.1.Key", "member", "entry"),
    *("<a>", "</a>", "<!DOCTYPE a>", "]]>", "<?xml version='1.0' encoding='x'?>", "&#0;", "&lt;"),
    *("<CreateBucketConfiguration>", "</CreateBucketConfiguration>", "xmlns:a=", "%ff", "%zz"),
]
CHUNKS = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(VOCABULARY), max_size=40).map(lambda words: "".join(words).encode()),
)
LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
DEEP = 10_000
# Calls and returns that a body may cost; the most elements that a document may have take 2 million.
CALLS_MAX = 2_500_000


def decode(model: str, protocol_name: str, name: str, request: HttpRequest) -> AwsError | None:
    """The refusal of decoding, None where it went well; anything else fails the test."""
    operation = load_model(model).operation(name)
    try:
        decoded = protocol(protocol_name).decode(operation, request)
    except AwsError as error:
        assert 400 <= error.status < 500
        assert error.message
        return error
    violations(operation, decoded)
    return None


@pytest.mark.parametrize(("model", "protocol_name"), SPEAKS)
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_request_decodes_or_is_refused_with_4xx(
    model: str, protocol_name: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(load_model(model).operation_names))
    operation = load_model(model).operation(name)
    members = operation.input.members.values() if operation.input else []
    known = [m.wire_name.lower() for m in members if m.location.startswith("header")]
    headers = st.lists(st.tuples(st.sampled_from([*known, "x"]), LATIN), max_size=4)
    request = HttpRequest(
        operation.http_method,
        data.draw(st.one_of(st.just(operation.http_uri), LATIN.map(lambda path: "/" + path))),
        data.draw(st.one_of(st.just(""), LATIN)),
        data.draw(headers),
        body=data.draw(CHUNKS),
    )

    decode(model, protocol_name, name, request)


@pytest.mark.parametrize("model", ["s3", "lambda"])
@given(method=st.sampled_from(["GET", "PUT", "POST", "HEAD", "x", ""]), path=LATIN, query=LATIN)
@settings(max_examples=300, deadline=None)
def test_any_path_names_an_operation_or_none(
    model: str, method: str, path: str, query: str
) -> None:
    found = match(load_model(model), HttpRequest(method, "/" + path, query, []))

    assert found is None or found in load_model(model).operation_names


@pytest.mark.parametrize(
    ("model", "protocol_name", "operation", "path", "body"),
    [
        pytest.param(
            "dynamodb",
            "json",
            "PutItem",
            "/",
            b'{"Item":{"a":' + b'{"L":[' * DEEP + b"]}" * DEEP + b"}}",
            id="json-deeper-than-the-parser-reads",
        ),
        pytest.param(
            "dynamodb",
            "json",
            "PutItem",
            "/",
            b'{"Item":{"a":' + b'{"L":[' * 200 + b"]}" * 200 + b"}}",
            id="json-deeper-than-we-read",
        ),
        pytest.param(
            "s3",
            "rest-xml",
            "CreateBucket",
            "/bucket",
            b"<CreateBucketConfiguration>" * DEEP + b"</CreateBucketConfiguration>" * DEEP,
            id="xml-deep",
        ),
        pytest.param(
            "s3",
            "rest-xml",
            "CreateBucket",
            "/bucket",
            b'<!DOCTYPE a [<!ENTITY b "c">]><CreateBucketConfiguration>&b;'
            b"</CreateBucketConfiguration>",
            id="xml-with-document-type",
        ),
        pytest.param(
            "sqs", "query", "SendMessage", "/", b"a=b&" * 30_000, id="form-with-too-many-parameters"
        ),
        pytest.param(
            "s3",
            "rest-xml",
            "CreateBucket",
            "/bucket",
            b"<CreateBucketConfiguration>" + b"<a/>" * 500_000 + b"</CreateBucketConfiguration>",
            id="xml-of-too-many-elements",
        ),
        pytest.param(
            "sns",
            "query",
            "CreateTopic",
            "/",
            b"&".join(b"%d%s=1" % (number, b".a" * 60) for number in range(10_000)),
            id="form-of-too-many-levels",
        ),
        pytest.param("sns", "query", "CreateTopic", "/", b"Name=%ff", id="form-that-is-not-utf-8"),
        pytest.param(
            "lambda", "rest-json", "CreateFunction", "/2015-03-31/functions", b"[1]", id="json-list"
        ),
    ],
)
def test_hostile_body_is_refused_before_it_has_cost_much(
    model: str, protocol_name: str, operation: str, path: str, body: bytes
) -> None:
    events = 0

    def count(*_: object) -> None:
        nonlocal events
        events += 1

    sys.setprofile(count)
    try:
        error = decode(model, protocol_name, operation, HttpRequest("PUT", path, "", [], body=body))
    finally:
        sys.setprofile(None)

    assert error is not None
    assert events < CALLS_MAX


def test_form_with_a_deep_name_is_read_without_recursion() -> None:
    body = ("Tags" + ".member.1" * DEEP + "=x").encode()

    error = decode("sns", "query", "CreateTopic", HttpRequest("POST", "/", "", [], body=body))

    assert error is None


def test_nested_item_within_dynamodbs_32_levels_is_read() -> None:
    body = b'{"TableName":"t","Item":{"a":' + b'{"L":[' * 32 + b"]}" * 32 + b"}}"

    assert decode("dynamodb", "json", "PutItem", HttpRequest("POST", "/", "", [], body)) is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"Item":{"a":{"N":5}}}', "NUMBER_VALUE cannot be converted to String"),
        (b'{"TableName":{}}', "Start of structure or map found where not expected."),
        (b'{"TableName":[]}', "Start of list found where not expected"),
        (b'{"Item":{"a":{"NULL":"x"}}}', "STRING_VALUE cannot be converted to Boolean"),
        (b'{"Item":{"a":{"B":"%%"}}}', "STRING_VALUE is not valid base64"),
        (b'{"Item":{"a":{"L":{}}}}', "Start of structure or map found where not expected."),
        (b'{"Item":{"a":{"L":"x"}}}', "Expected list or null"),
    ],
)
def test_value_of_another_type_is_worded_as_aws_words_it(body: bytes, sentence: str) -> None:
    error = decode("dynamodb", "json", "PutItem", HttpRequest("POST", "/", "", [], body))

    assert error is not None
    assert (error.code, error.message) == ("SerializationException", sentence)


def test_unreadable_xml_is_s3s_malformed_xml() -> None:
    request = HttpRequest("PUT", "/bucket", "", [], body=b"<Other/>")

    error = decode("s3", "rest-xml", "CreateBucket", request)

    assert error is not None
    assert error.code == "MalformedXML"


def test_key_that_is_not_utf_8_is_s3s_invalid_uri() -> None:
    error = decode("s3", "rest-xml", "GetObject", HttpRequest("GET", "/bucket/%ff", "", []))

    assert error is not None
    assert error.code == "InvalidURI"


def test_parameter_of_another_type_is_s3s_invalid_argument() -> None:
    request = HttpRequest("GET", "/bucket", "list-type=2&max-keys=many", [])

    error = decode("s3", "rest-xml", "ListObjectsV2", request)

    assert error is not None
    assert error.code == "InvalidArgument"


def test_unreadable_json_is_lambdas_invalid_request_content() -> None:
    request = HttpRequest("POST", "/2015-03-31/functions", "", [], body=b"{")

    error = decode("lambda", "rest-json", "CreateFunction", request)

    assert error is not None
    assert error.code == "InvalidRequestContentException"
    assert error.message.startswith("Could not parse request body into json: ")


def test_plus_in_a_key_is_a_plus() -> None:
    request = HttpRequest("GET", f"/bucket/{quote('a b')}+c%2Fd", "", [])

    decoded = protocol("rest-xml").decode(load_model("s3").operation("GetObject"), request)

    assert decoded == {"Bucket": "bucket", "Key": "a b+c/d"}


@pytest.mark.parametrize("number", ["1e400", "-1e999", "9" * 41])
def test_number_beyond_what_a_double_holds_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        text.read_float(number)

"""SPF records: how they are read, what following them costs, what is said of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.preflight import spf
from kamome.mail.preflight.findings import Finding, Severity
from kamome.mail.preflight.lookups import Found
from kamome.mail.preflight.spf_record import Questions, Walk, walk

ADDRESS = "203.0.113.7"


async def walked(record: str, zone: dict[str, str] | None = None) -> Walk:
    """`zone`: name to SPF record; names under `.host` have an address, others none."""
    records = zone or {}

    async def texts(name: str) -> Found:
        if name == "broken.test":
            return Found(name, failure="SERVFAIL")
        return Found(name, (records[name],) if name in records else ())

    async def hosts(name: str) -> Found:
        return Found(name, (ADDRESS,) if name.endswith(".host") else ())

    return await walk("example.com", record, Questions(texts, hosts, hosts))


async def judged(record: str, result: str = "pass", **zone: str) -> list[Finding]:
    done = await walked(record, {name.replace("_", "."): text for name, text in zone.items()})
    return spf.judge("example.com", record, done, {ADDRESS: result})


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 ip4:300.1.1.1 -all",
        "v=spf1 ip4:2001:db8::1 -all",
        "v=spf1 include: -all",
        "v=spf1 inlcude:x.test -all",
        "v=spf1 a/33 -all",
        "v=spf1 redirect=a.test redirect=b.test",
    ],
)
async def test_a_record_that_cannot_be_read_is_an_error_that_names_the_term(record: str) -> None:
    [finding] = await judged(record)

    assert finding.severity is Severity.ERROR
    assert finding.summary.startswith("The record of example.com cannot be read: ")


@given(st.text(max_size=60))
async def test_any_text_is_judged(text: str) -> None:
    assert await judged("v=spf1 " + text)


@pytest.mark.parametrize(
    ("record", "lookups"),
    [
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all", 0),
        ("v=spf1 a mx a:x.host -all", 3),
        ("v=spf1 include:one.test -all", 4),
        ("v=spf1 exists:%{i}.x.test ptr -all", 2),
        ("v=spf1 redirect=two.test", 2),
        ("v=spf1 -all redirect=two.test", 0),
    ],
)
async def test_look_ups_are_counted_through_includes(record: str, lookups: int) -> None:
    zone = {
        "one.test": "v=spf1 a:x.host include:two.test -all",
        "two.test": "v=spf1 mx:x.host -all",
    }

    assert (await walked(record, zone)).lookups == lookups


async def test_ten_look_ups_are_allowed_and_eleven_are_not() -> None:
    ten = "v=spf1 " + " ".join(f"a:h{number}.host" for number in range(10)) + " -all"
    eleven = ten.replace(" -all", " a:last.host -all")

    assert Severity.ERROR not in {each.severity for each in await judged(ten)}
    [error] = [each for each in await judged(eleven) if each.severity is Severity.ERROR]
    assert "11 look-ups; 10 are allowed" in error.summary


async def test_three_look_ups_that_find_nothing_are_an_error() -> None:
    record = "v=spf1 exists:a.test exists:b.test exists:c.test -all"

    findings = await judged(record)

    assert any("3 look-ups" in each.summary for each in findings)


async def test_an_include_of_a_domain_without_record_breaks_the_record() -> None:
    findings = await judged("v=spf1 include:nowhere.test -all")

    assert findings[0].severity is Severity.ERROR
    assert "nowhere.test has no SPF record" in findings[0].summary


async def test_a_record_that_includes_itself_ends_and_is_an_error() -> None:
    findings = await judged(
        "v=spf1 include:a.test -all", a_test="v=spf1 include:b.test", b_test="v=spf1 include:a.test"
    )

    assert any("back to itself" in each.summary for each in findings)


async def test_a_very_wide_record_is_followed_for_a_bounded_time() -> None:
    wide = "v=spf1 " + " ".join(f"include:h{number}.test" for number in range(150)) + " -all"

    done = await walked(wide)

    assert (done.lookups, done.void_lookups) == (150, 40)


async def test_an_include_that_is_not_answered_is_unknown() -> None:
    findings = await judged("v=spf1 include:broken.test -all")

    assert [each.severity for each in findings] == [Severity.UNKNOWN]


async def test_an_address_that_is_not_permitted_is_put_into_the_record() -> None:
    [finding] = await judged("v=spf1 mx:x.host -all", "fail")

    assert finding.severity is Severity.ERROR
    assert finding.records[0].value == f"v=spf1 ip4:{ADDRESS} mx:x.host -all"


@pytest.mark.parametrize(
    ("record", "severity", "word"),
    [
        ("v=spf1 a:x.host +all", Severity.ERROR, "everybody"),
        ("v=spf1 a:x.host ?all", Severity.WARNING, "everybody"),
        ("v=spf1 a:x.host", Severity.WARNING, "does not end with all"),
        ("v=spf1 -all a:x.host", Severity.WARNING, "never looked at"),
        ("v=spf1 ptr -all", Severity.WARNING, "uses ptr"),
        ("v=spf1 ip4:192.0.2.1 -all", Severity.OK, "0 of 10"),
        ("v=spf1 " + "ip4:192.0.2.100 " * 30 + "-all", Severity.NOTE, "octets"),
    ],
)
async def test_records_are_judged(record: str, severity: Severity, word: str) -> None:
    findings = await judged(record)

    assert any(each.severity is severity and word in each.summary for each in findings)


def test_several_records_are_merged_into_one() -> None:
    found = Found("example.com", ("v=spf1 a:x.host -all", "v=spf1 include:y.test a:x.host ~all"))

    record, [finding] = spf.judge_records(found, [ADDRESS, "2001:db8::1"])

    assert record is None
    assert finding.records[0].value == (
        f"v=spf1 ip4:{ADDRESS} ip6:2001:db8::1 a:x.host include:y.test ~all"
    )


def test_other_texts_are_no_spf_records() -> None:
    found = Found("example.com", ("v=spf1x", "google-site-verification=1", "v=spf1 -all"))

    assert spf.judge_records(found, [])[0] == "v=spf1 -all"

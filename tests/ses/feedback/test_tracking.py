"""Opens, clicks and unsubscribing, from the mail to the event.

AWS: SES Developer Guide, Amazon SES email sending metrics FAQs; Using subscription management.
"""

from __future__ import annotations

import base64
import quopri
import re
from typing import TYPE_CHECKING, Any

import pytest

from kamome.services.ses.feedback.engagement import prepared
from kamome.services.ses.feedback.tracking import answer
from kamome.services.ses.sending.outgoing_mail import content_of
from kamome.services.ses.sending.raw_mail import parse
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

    from kamome.services.ses.sending.compose import Draft
    from kamome.services.ses.sending.sent_mails import SentMail

HTML = '<p><a href="https://example.com/x" ses:tags="kind:book">go</a></p>'
MIXED = (
    "From: sender@example.com\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nhttps://example.com/ {{amazonSESUnsubscribeUrl}}\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    "{html}\r\n"
    "--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n"
    '<a href="https://example.com/attached">\r\n--b--\r\n'
)


def mail(html: str = HTML, encoding: str = "7bit") -> bytes:
    return MIXED.replace("{html}", html).replace("{encoding}", encoding).encode()


async def ready(sender: Sender, raw: bytes, *types: str, **changes: object) -> tuple[SentMail, str]:
    """A mail of a set that wants these types, as it leaves."""
    await sender.destination(*types or ("SEND",))
    sent = await sender.send("to@example.net", configuration_set="set", **changes)
    ready = prepared(sender.world.ses, sent, parse(raw))
    return sent, as_text(ready.draft)


def as_text(draft: Draft) -> str:
    return content_of(draft).decode()


def links(text: str, kind: str) -> list[str]:
    return re.findall(rf"http://localhost:4566(/_kamome/ses/{kind}/[\w-]+)", text)


async def visit(sender: Sender, path: str, method: str = "GET", body: bytes = b"") -> HttpResponse:
    request = HttpRequest(
        method, path, "", [("user-agent", "Mozilla/5.0")], body=body, client_ip="192.0.2.1"
    )
    return await answer(sender.world.ses, request)


def header(response: HttpResponse, name: str) -> str:
    return dict(response.headers)[name]


async def test_a_click_leads_on_and_is_told(sender: Sender) -> None:
    sent, text = await ready(sender, mail(), "CLICK")

    response = await visit(sender, links(text, "L0")[0])

    told = sender.told()[0]
    assert (response.status, header(response, "location")) == (302, "https://example.com/x")
    assert told["mail"]["messageId"] == sent.message_id
    assert told["click"]["link"] == "https://example.com/x"
    assert told["click"]["linkTags"] == {"kind": ["book"]}
    assert told["click"]["ipAddress"] == "192.0.2.1"


async def test_an_open_shows_a_pixel_and_is_told(sender: Sender) -> None:
    _, text = await ready(sender, mail(), "OPEN")

    response = await visit(sender, links(text, "I0")[0])

    assert isinstance(response.body, bytes)
    assert response.body.startswith(b"GIF89a")
    assert sender.told()[0]["open"]["userAgent"] == "Mozilla/5.0"


async def test_a_mail_that_is_opened_without_end_is_remembered_a_thousand_times(
    sender: Sender,
) -> None:
    sent, text = await ready(sender, mail(), "OPEN")

    for _ in range(1_010):
        await visit(sender, links(text, "I0")[0])

    assert len(sender.remembered(sent)) == 1_000
    assert len(sender.told()) == 1_010


async def test_only_the_html_that_is_shown_is_changed(sender: Sender) -> None:
    _, text = await ready(sender, mail(), "CLICK", "OPEN")

    assert len(links(text, "L0")) == 1
    assert '<a href="https://example.com/attached">' in text
    assert "\r\n\r\nhttps://example.com/ {{" in text


async def test_a_set_that_wants_neither_leaves_the_mail_alone(sender: Sender) -> None:
    _, text = await ready(sender, mail(), "SEND", "BOUNCE")

    assert text.encode() == mail()


@pytest.mark.parametrize(
    ("encoding", "encoded", "decode"),
    [
        ("base64", base64.encodebytes(HTML.encode()).decode(), base64.b64decode),
        ("quoted-printable", quopri.encodestring(HTML.encode()).decode(), quopri.decodestring),
    ],
    ids=["base64", "quoted-printable"],
)
async def test_a_text_keeps_its_encoding(
    sender: Sender, encoding: str, encoded: str, decode: Any
) -> None:
    _, text = await ready(sender, mail(encoded, encoding), "CLICK")

    body = text.partition(f"Encoding: {encoding}\r\n\r\n")[2].partition("\r\n--b")[0]
    assert len(links(decode(body.encode()).decode(), "L0")) == 1


async def test_a_mail_that_its_author_has_signed_is_not_changed(sender: Sender) -> None:
    signed = b"DKIM-Signature: v=1\r\n" + mail()

    _, text = await ready(sender, signed, "CLICK", "OPEN")

    assert text.encode() == signed


@pytest.mark.parametrize(
    "path",
    [
        "/_kamome/ses/L0/",
        "/_kamome/ses/L0/aHR0cHM6Ly9leGFtcGxlLmNvbS8",
        "/_kamome/ses/L0/%%%",
        "/_kamome/ses/nothing/x",
    ],
)
async def test_a_link_that_is_not_signed_leads_nowhere(sender: Sender, path: str) -> None:
    await ready(sender, mail(), "CLICK")

    assert (await visit(sender, path)).status == 404


async def test_a_link_that_would_be_too_long_for_a_line_is_not_tracked(sender: Sender) -> None:
    url = "https://example.com/" + "x" * 900

    _, text = await ready(sender, mail(f'<a href="{url}">x</a>'), "CLICK")

    assert url in text
    assert max(map(len, text.split("\r\n"))) <= 998


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-2022-jp", "ご注文 <a href='https://example.com/'>"),
        ("punycode", HTML),
        ("no-such", HTML),
    ],
)
async def test_html_in_any_charset_is_tracked(sender: Sender, charset: str, text: str) -> None:
    codec = charset if charset == "iso-2022-jp" else "utf-8"
    raw = mail("{}").replace(b"charset=utf-8", f"charset={charset}".encode())

    _, left = await ready(sender, raw.replace(b"{}", text.encode(codec)), "CLICK")

    assert len(links(left, "L0")) == 1
    assert codec == "utf-8" or "ご注文" in left.encode().decode(codec, "ignore")


async def test_a_token_of_one_kind_is_none_of_another(sender: Sender) -> None:
    _, text = await ready(sender, mail(), "CLICK")
    token = links(text, "L0")[0].rpartition("/")[2]

    assert (await visit(sender, f"/_kamome/ses/unsubscribe/{token}")).status == 404
    assert (await visit(sender, f"/_kamome/ses/L0/{token[:-2]}AA")).status == 404


async def test_a_scanners_question_is_no_click(sender: Sender) -> None:
    _, text = await ready(sender, mail(), "CLICK")

    response = await visit(sender, links(text, "L0")[0], "HEAD")

    assert response.status == 302
    assert not sender.told()


async def test_after_60_days_clicks_lead_on_and_are_not_counted(sender: Sender) -> None:
    _, text = await ready(sender, mail(), "CLICK")
    await sender.world.clock.advance(61 * 24 * 3600_000)

    response = await visit(sender, links(text, "L0")[0])

    assert response.status == 302
    assert not sender.told()


async def test_links_lead_to_the_domain_of_the_set(sender: Sender) -> None:
    await sender.v1("VerifyDomainIdentity", Domain="example.com")
    await sender.destination("CLICK", "OPEN")
    await sender.v2(
        "PutConfigurationSetTrackingOptions",
        ConfigurationSetName="set",
        CustomRedirectDomain="click.example.com",
        HttpsPolicy="REQUIRE_OPEN_ONLY",
    )
    sent = await sender.send("to@example.net", configuration_set="set")
    plain = mail('<a href="http://example.com/">x</a>')

    text = as_text(prepared(sender.world.ses, sent, parse(plain)).draft)

    assert 'href="http://click.example.com/_kamome/ses/L0/' in text
    assert 'src="https://click.example.com/_kamome/ses/I0/' in text


# ---------------------------------------------------------------------- contact lists


@pytest.fixture
async def news(sender: Sender) -> None:
    topics = [
        {"TopicName": "sports", "DisplayName": "Sports <b>", "DefaultSubscriptionStatus": "OPT_IN"},
        {"TopicName": "arts", "DisplayName": "Arts", "DefaultSubscriptionStatus": "OPT_OUT"},
    ]
    await sender.v2("CreateContactList", ContactListName="news", Topics=topics)


def unsubscribe_path(text: str) -> str:
    return links(text, "unsubscribe")[0]


@pytest.mark.usefixtures("news")
async def test_one_click_unsubscribes_from_the_topic_of_the_mail(sender: Sender) -> None:
    _, text = await ready(sender, mail(), "SUBSCRIPTION", list_name="news", topic_name="sports")

    response = await visit(sender, unsubscribe_path(text), "POST", b"List-Unsubscribe=One-Click")

    contact = await sender.v2("GetContact", ContactListName="news", EmailAddress="to@example.net")
    told = sender.told()[0]["subscription"]
    assert response.status == 200
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in text
    assert contact["TopicPreferences"] == [{"TopicName": "sports", "SubscriptionStatus": "OPT_OUT"}]
    assert told["source"] == "UnsubscribeHeader"
    assert told["newTopicPreferences"]["topicSubscriptionStatus"][0] == {
        "topicName": "sports",
        "subscriptionStatus": "OptOut",
    }


@pytest.mark.usefixtures("news")
async def test_one_click_may_come_as_a_multipart_form(sender: Sender) -> None:
    _, text = await ready(sender, mail(), list_name="news", topic_name="sports")
    form = (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
        b"One-Click\r\n--x--\r\n"
    )

    await visit(sender, unsubscribe_path(text), "POST", form)

    contact = await sender.v2("GetContact", ContactListName="news", EmailAddress="to@example.net")
    assert contact["TopicPreferences"][0]["SubscriptionStatus"] == "OPT_OUT"


@pytest.mark.usefixtures("news")
async def test_a_mail_without_topic_unsubscribes_from_the_whole_list(sender: Sender) -> None:
    _, text = await ready(sender, mail(), list_name="news")

    await visit(sender, unsubscribe_path(text), "POST", b"List-Unsubscribe=One-Click")

    contact = await sender.v2("GetContact", ContactListName="news", EmailAddress="to@example.net")
    assert contact["UnsubscribeAll"] is True


@pytest.mark.usefixtures("news")
async def test_looking_at_the_page_changes_nothing(sender: Sender) -> None:
    _, text = await ready(sender, mail(), list_name="news", topic_name="sports")

    response = await visit(sender, unsubscribe_path(text))

    contact = await sender.v2("GetContact", ContactListName="news", EmailAddress="to@example.net")
    assert isinstance(response.body, bytes)
    assert b"Sports &lt;b&gt;" in response.body
    assert contact["TopicPreferences"] == []


@pytest.mark.usefixtures("news")
async def test_the_page_sets_all_topics_as_they_are_ticked(sender: Sender) -> None:
    _, text = await ready(sender, mail(), list_name="news", topic_name="sports")

    await visit(sender, unsubscribe_path(text), "POST", b"topic-1=1")

    contact = await sender.v2("GetContact", ContactListName="news", EmailAddress="to@example.net")
    assert contact["TopicPreferences"] == [
        {"TopicName": "sports", "SubscriptionStatus": "OPT_OUT"},
        {"TopicName": "arts", "SubscriptionStatus": "OPT_IN"},
    ]


@pytest.mark.usefixtures("news")
async def test_placeholders_are_replaced_twice_at_most(sender: Sender) -> None:
    html = "{{amazonSESUnsubscribeUrl}} " * 3

    _, text = await ready(sender, mail(html), list_name="news", topic_name="sports")

    assert text.count("{{amazonSESUnsubscribeUrl}}") == 1
    assert len(set(links(text, "unsubscribe"))) == 1


@pytest.mark.usefixtures("news")
async def test_a_mail_to_an_unsubscribed_contact_bounces(sender: Sender) -> None:
    await sender.v2(
        "CreateContact",
        ContactListName="news",
        EmailAddress="to@example.net",
        TopicPreferences=[{"TopicName": "sports", "SubscriptionStatus": "OPT_OUT"}],
    )

    sent = await sender.send("To@example.net", list_name="news", topic_name="sports")

    events = [(event.type, event.detail.get("bounceSubType")) for event in sender.remembered(sent)]
    assert events[1] == ("Bounce", "UnsubscribedRecipient")


@pytest.mark.usefixtures("news")
async def test_what_is_shown_of_a_contact_can_be_put_when_a_topic_is_gone(sender: Sender) -> None:
    contact = {"ContactListName": "news", "EmailAddress": "to@example.net"}
    said = [{"TopicName": name, "SubscriptionStatus": "OPT_IN"} for name in ("sports", "arts")]
    await sender.v2("CreateContact", **contact, TopicPreferences=said)
    arts = {"TopicName": "arts", "DisplayName": "Arts", "DefaultSubscriptionStatus": "OPT_OUT"}
    await sender.v2("UpdateContactList", ContactListName="news", Topics=[arts])

    shown = (await sender.v2("GetContact", **contact))["TopicPreferences"]
    await sender.v2("UpdateContact", **contact, TopicPreferences=shown)

    assert shown == said[1:]


@pytest.mark.usefixtures("news")
async def test_a_recipient_who_is_not_on_the_list_comes_on_it(sender: Sender) -> None:
    await sender.send("New@example.net", list_name="news", topic_name="sports")

    listed = await sender.v2("ListContacts", ContactListName="news")

    assert [contact["EmailAddress"] for contact in listed["Contacts"]] == ["new@example.net"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["a", "b", "c", "d"]),
        ({"FilteredStatus": "OPT_IN"}, ["a", "b", "c"]),
        ({"FilteredStatus": "OPT_OUT"}, ["d"]),
        ({"FilteredStatus": "OPT_IN", "TopicFilter": {"TopicName": "sports"}}, ["a"]),
        (
            {
                "FilteredStatus": "OPT_IN",
                "TopicFilter": {
                    "TopicName": "sports",
                    "UseDefaultIfPreferenceUnavailable": True,
                },
            },
            ["a", "c"],
        ),
        ({"FilteredStatus": "OPT_OUT", "TopicFilter": {"TopicName": "sports"}}, ["b", "d"]),
    ],
)
@pytest.mark.usefixtures("news")
async def test_contacts_are_filtered_by_what_they_want(
    sender: Sender, wanted: dict[str, Any], expected: list[str]
) -> None:
    said = {"a": "OPT_IN", "b": "OPT_OUT"}
    for name in ("a", "b", "c", "d"):
        preferences = [{"TopicName": "sports", "SubscriptionStatus": said.get(name, "")}]
        await sender.v2(
            "CreateContact",
            ContactListName="news",
            EmailAddress=f"{name}@example.net",
            TopicPreferences=preferences if name in said else [],
            UnsubscribeAll=name == "d",
        )

    listed = await sender.v2("ListContacts", ContactListName="news", Filter=wanted)

    assert [contact["EmailAddress"][0] for contact in listed["Contacts"]] == expected

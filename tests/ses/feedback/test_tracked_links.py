"""Links and the pixel in HTML. AWS: SES Developer Guide, email sending metrics FAQs."""

from __future__ import annotations

import pytest

from kamome.services.ses.feedback.tracked_links import (
    Link,
    link_tags,
    with_pixel,
    with_tracked_links,
)


def tracked(text: str) -> tuple[str, list[Link]]:
    found: list[Link] = []

    def track(link: Link) -> str:
        found.append(link)
        return f"https://t/{len(found)}"

    return with_tracked_links(text, track).replace("\r\n", ""), found


def test_link_is_led_through_the_tracker() -> None:
    text, links = tracked('<p><a class="x" href="https://example.com/?a=1&amp;b=2">go</a></p>')

    assert text == '<p><a class="x" href="https://t/1">go</a></p>'
    assert links == [Link("https://example.com/?a=1&b=2", {})]


@pytest.mark.parametrize(
    "anchor",
    [
        '<a href="mailto:a@example.com">',
        '<a href="#top">',
        '<a href="http://example.com/?name=John Doe">',
        '<a href="{{amazonSESUnsubscribeUrl}}">',
        '<a name="here">',
        "<abbr href='https://example.com/'>",
        "<!-- <a href='https://example.com/'> -->",
        "<script>'<a href=\"https://example.com/\">'</script>",
        "<!-- <a href='https://example.com/'>",
        '<a href="https://example.com/',
    ],
    ids=[
        *("mail", "fragment", "not encoded", "placeholder", "no link", "other tag"),
        *("comment", "script", "open comment", "open tag"),
    ],
)
def test_what_is_no_link_to_the_web_stays_as_it_is(anchor: str) -> None:
    assert tracked(anchor) == (anchor, [])


def test_no_track_keeps_the_link_and_goes() -> None:
    text, links = tracked('<a ses:no-track href="https://example.com/">go</a>')

    assert text == '<a  href="https://example.com/">go</a>'
    assert not links


def test_tags_of_a_link_go_with_it_and_not_with_the_mail() -> None:
    text, links = tracked('<a ses:tags="product:book;genre:fiction;" href=https://example.com/x>')

    assert "ses:tags" not in text
    assert links[0].tags == {"product": ("book",), "genre": ("fiction",)}


def test_tags_in_another_form_are_left_out() -> None:
    assert link_tags("a:b;c;d e:f;a:g") == {"a": ("b", "g")}


def test_no_more_than_250_links_are_tracked() -> None:
    _, links = tracked('<a href="https://example.com/">' * 251)

    assert len(links) == 250


def test_hostile_html_takes_no_long_time() -> None:
    text = '<a "' * 100_000 + "<!--" * 100_000

    assert tracked(text) == (text, [])


def test_pixel_stands_at_the_bottom_of_the_body() -> None:
    text = with_pixel("<body><p>hi</p></body></html>", "https://t/o")

    assert text.index("<p>hi</p>") < text.index("https://t/o") < text.index("</body>")


def test_pixel_stands_at_its_placeholder() -> None:
    text = with_pixel("<p>{{ses:openTracker}}</p><p>{{ses:openTracker}}</p>", "https://t/o")

    assert text.startswith("<p><img ")
    assert text.count("<img") == 1

"""Templates as SES renders them."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.services.ses.templates.template_rendering import (
    AttributeMissing,
    DataInvalid,
    read_data,
    render,
)
from kamome.services.ses.templates.template_syntax import TemplateInvalid

DATA = {
    "name": "Ada",
    "html": "<b>&</b>",
    "meta": {"userId": "51806220607", "tags": ["a", "b"]},
    "subscription": [{"interest": "Sports"}, {"interest": "Travel"}],
    "is": True,
    "no": False,
    "none": [],
    "zero": 0,
    "half": 0.5,
    "null": None,
}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("Dear {{name}},", "Dear Ada,"),
        ("{{ name }}{{{name}}}{{&name}}", "AdaAdaAda"),
        ("{{html}}", "<b>&</b>"),
        ("{{meta.userId}} {{meta.tags.[1]}} {{meta.tags.length}}", "51806220607 b 2"),
        ("{{zero}} {{half}} {{is}} [{{null}}]", "0 0.5 true []"),
        ("{{#if is}}yes{{else}}no{{/if}}", "yes"),
        ("{{#if no}}yes{{else}}no{{/if}}", "no"),
        ("{{#if missing}}yes{{/if}}", ""),
        ("{{#if zero}}yes{{else if none}}maybe{{else if is}}so{{else}}no{{/if}}", "so"),
        ("{{#unless no}}shown{{/unless}}", "shown"),
        ("{{#each subscription}}<li>{{interest}}</li>{{/each}}", "<li>Sports</li><li>Travel</li>"),
        ("{{#each subscription}}{{@index}}{{#unless @last}},{{/unless}}{{/each}}", "0,1"),
        ("{{#each meta.tags}}{{this}}{{#if @first}}!{{/if}}{{/each}}", "a!b"),
        ("{{#each meta}}{{@key}} {{/each}}", "userId tags "),
        ("{{#each none}}x{{else}}nothing{{/each}}", "nothing"),
        ("{{#each subscription}}{{../name}} {{name}};{{/each}}", "Ada Ada;Ada Ada;"),
        ("{{#with meta}}{{userId}}{{/with}}", "51806220607"),
        (
            "{{#subscription}}{{interest}} {{/subscription}}{{^none}}none{{/none}}",
            "Sports Travel none",
        ),
        ('{{#* inline "who"}}{{name}}!{{/inline}}Hi {{> who}} {{> who}}', "Hi Ada! Ada!"),
        ("{{! a comment }}{{!-- {{name}} --}}x", "x"),
        ("a \n {{~name~}} \n b", "aAdab"),
        ("a\n  {{#if is}}\nb\n  {{/if}}\nc\n", "a\nb\nc\n"),
        ("{ {name} } }}", "{ {name} } }}"),
    ],
)
def test_template_is_filled(template: str, rendered: str) -> None:
    assert render(template, DATA) == rendered


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{{nobody}}", "nobody"),
        ("{{meta.nothing}}", "meta.nothing"),
        ("{{name.first}}", "name.first"),
        ("{{../../name}}", "../../name"),
        ("{{#each subscription}}{{this.name}}{{/each}}", "this.name"),
    ],
)
def test_attribute_that_is_missing_fails(template: str, path: str) -> None:
    with pytest.raises(AttributeMissing) as caught:
        render(template, DATA)

    assert str(caught.value) == f"Attribute '{path}' is not present in the rendering data."


@pytest.mark.parametrize(
    "template",
    [
        "{{name",
        "{{{name}}",
        "{{}}",
        "{{#if is}}x",
        "{{#if is}}x{{/each}}",
        "{{/if}}",
        "{{else}}",
        "{{lookup map key}}",
        "{{#if is}}a{{else what is}}b{{/if}}",
        "{{> nobody}}",
        '{{#* inline "a"}}{{> a}}{{/inline}}{{> a}}',
        "{{#if is}}" * 60 + "{{/if}}" * 60,
    ],
)
def test_template_that_is_none_is_refused(template: str) -> None:
    with pytest.raises(TemplateInvalid):
        render(template, DATA)


def test_template_cannot_grow_without_end() -> None:
    loops = "{{#each l}}" * 8 + "x" * 1_000 + "{{/each}}" * 8

    with pytest.raises(TemplateInvalid):
        render(loops, {"l": [1] * 10})


def test_unclosed_tags_take_no_long_time() -> None:
    with pytest.raises(TemplateInvalid):
        render("{{" * 250_000, {})


@pytest.mark.parametrize("text", ["[]", "1", "{", '"x"', "{'a': 1}"])
def test_data_are_a_json_object(text: str) -> None:
    with pytest.raises(DataInvalid):
        read_data(text)


@given(st.text(st.sampled_from("{}#/^!>~ abc.@[]\n\"'*"), max_size=40))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    try:
        rendered = render(text, DATA)
    except (TemplateInvalid, AttributeMissing):
        return

    assert "{{" in text or rendered == text


@given(st.dictionaries(st.text(st.sampled_from("abc"), min_size=1), st.text()))
def test_values_are_put_in_as_they_are(data: dict[str, str]) -> None:
    kept = read_data(orjson.dumps(data).decode())
    template = "".join(f"{{{{{name}}}}}|" for name in data)

    assert render(template, kept) == "".join(f"{value}|" for value in data.values())

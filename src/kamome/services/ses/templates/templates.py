"""Templates of mails: rules for both APIs, and what a template makes of data.

AWS: SES Developer Guide, Using templates to send personalized email.
"""

from __future__ import annotations

import re

import msgspec

from kamome.services.ses.limits import TEMPLATE_BYTES_MAX
from kamome.services.ses.slice import Ses
from kamome.services.ses.templates.template_rendering import (
    AttributeMissing,
    DataInvalid,
    read_data,
    render,
)
from kamome.services.ses.templates.template_store import Template, TemplateStore
from kamome.services.ses.templates.template_syntax import TemplateInvalid, parse_template

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class TemplateRefused(ValueError):
    """A template that is not kept; the sentence says why."""


class Rendered(msgspec.Struct, frozen=True):
    """The parts of a mail out of a template."""

    subject: str
    text: str | None
    html: str | None


def templates_of(ses: Ses) -> TemplateStore:
    """The rows of templates."""
    return TemplateStore(ses.store.engine)


def check_template(template: Template) -> None:
    """Refuse a template that cannot be kept.

    Raises:
        TemplateRefused: its name, its size or its syntax is not allowed, or a part is missing.

    AWS: SES API Reference, Template; SES Developer Guide, Service quotas.
    """
    if not _NAME.fullmatch(template.name):
        raise TemplateRefused(f"Invalid template name <{template.name[:64]}>.")
    if not (template.subject or "").strip():
        raise TemplateRefused("The subject must be specified.")
    if template.text is None and template.html is None:
        raise TemplateRefused("A text or an HTML part must be specified.")
    parts = [part or "" for part in (template.subject, template.text, template.html)]
    if sum(len(part.encode()) for part in parts) > TEMPLATE_BYTES_MAX:
        raise TemplateRefused(f"A template has {TEMPLATE_BYTES_MAX} bytes at most.")
    for part in parts:
        try:
            parse_template(part)
        except TemplateInvalid as error:
            raise TemplateRefused(f"Template syntax: {error}.") from None


def rendered(template: Template, *data: str) -> Rendered:
    """A template with data in it; of several data, the later ones replace attributes.

    Raises:
        DataInvalid: the data are no JSON object.
        AttributeMissing: they lack what the template shows.
        TemplateInvalid: the template cannot be rendered; its subject would end its header.

    AWS: SES API Reference, SendBulkTemplatedEmail (ReplacementTemplateData).
    """
    merged: dict[str, object] = {}
    for text in data:
        merged |= read_data(text)
    subject = render(template.subject or "", merged)
    if any((character < " " and character != "\t") or character == "\x7f" for character in subject):
        raise TemplateInvalid("the subject holds control characters")
    return Rendered(
        subject,
        None if template.text is None else render(template.text, merged),
        None if template.html is None else render(template.html, merged),
    )


__all__ = [
    "AttributeMissing",
    "DataInvalid",
    "Rendered",
    "TemplateInvalid",
    "TemplateRefused",
    "check_template",
    "rendered",
    "templates_of",
]

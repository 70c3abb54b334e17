"""The mail that a template makes of data, to be looked at: no sender, no recipients."""

from __future__ import annotations

from kamome.context import RequestContext
from kamome.services.ses.addresses import Mailbox
from kamome.services.ses.sending.compose import Draft, Letter, Part, compose
from kamome.services.ses.sending.outgoing_mail import Stamp, completed, content_of
from kamome.services.ses.sending.sent_mails import new_message_id
from kamome.services.ses.slice import Ses
from kamome.services.ses.templates.template_store import Template
from kamome.services.ses.templates.templates import rendered

_SHOWN = frozenset({"date", "message-id", "subject", "mime-version"})


def preview(ses: Ses, ctx: RequestContext, template: Template, data: str) -> str:
    """The mail's text: Date, Message-ID, Subject, and the parts.

    Raises:
        DataInvalid: the data are no JSON object.
        AttributeMissing: they lack what the template shows.
        TemplateInvalid: the template cannot be rendered.

    AWS: SES API Reference, TestRenderTemplate (RenderedTemplate).
    """
    parts = rendered(template, data)
    letter = Letter(
        source=Mailbox("", "preview@example.com"),
        to=(),
        cc=(),
        reply_to=(),
        subject=Part(parts.subject),
        text=None if parts.text is None else Part(parts.text),
        html=None if parts.html is None else Part(parts.html),
    )
    now_ms = ses.clock.now_ms()
    message_id = new_message_id(ses.ids, now_ms)
    draft = completed(compose(letter, ses.ids), Stamp(message_id, ctx.account, ctx.region, now_ms))
    fields = tuple(field for field in draft.fields if _is_shown(field[0]))
    return content_of(Draft(fields, draft.body)).decode("utf-8", "replace")


def _is_shown(name: str) -> bool:
    return name.lower() in _SHOWN or name.lower().startswith("content-")

"""Templates by the first API, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors import (
    AlreadyExists,
    InvalidParameterValue,
    InvalidRenderingParameter,
    InvalidTemplate,
    LimitExceeded,
    MissingRenderingAttribute,
    TemplateDoesNotExist,
)
from kamome.services.ses.limits import LIST_TEMPLATES_MAX, TEMPLATES_MAX
from kamome.services.ses.pages import after_token_v1, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import forget_tags
from kamome.services.ses.templates.template_preview import preview
from kamome.services.ses.templates.template_store import Template
from kamome.services.ses.templates.templates import (
    AttributeMissing,
    DataInvalid,
    TemplateInvalid,
    TemplateRefused,
    check_template,
    templates_of,
)

if TYPE_CHECKING:
    from kamome.services.ses import shapes

# AWS: SES API Reference, ListTemplates (MaxItems): 10 where it is left out.
_LIST_DEFAULT = 10


async def create_template(
    ses: Ses, ctx: RequestContext, request: shapes.CreateTemplateRequest
) -> shapes.CreateTemplateResult:
    """Keep a new template.

    Raises:
        AlreadyExists: there is one of its name.
        InvalidTemplate: it cannot be read, or lacks a part.
        LimitExceeded: the account has 20,000 templates in the region.

    AWS: SES API Reference, CreateTemplate.
    """
    owner = Owner(ctx.account, ctx.region)
    template = _checked(request["Template"])
    if templates_of(ses).count(owner) >= TEMPLATES_MAX:
        raise LimitExceeded(f"Maximum number of templates ({TEMPLATES_MAX}) reached.")
    if not templates_of(ses).add(owner, template, ses.clock.now_ms()):
        message = f"Template {template.name} already exists for account id {ctx.account}"
        raise AlreadyExists(message, {"Name": template.name})
    return {}


async def delete_template(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteTemplateRequest
) -> shapes.DeleteTemplateResult:
    """Forget a template, with the tags it has by the other API; one that is not there is no error.

    AWS: SES API Reference, DeleteTemplate.
    """
    name = request["TemplateName"]
    with ses.store.engine.atomic():
        templates_of(ses).delete(Owner(ctx.account, ctx.region), name)
        forget_tags(ses, ctx.arn("ses", f"template/{name}"))
    return {}


async def get_template(
    ses: Ses, ctx: RequestContext, request: shapes.GetTemplateRequest
) -> shapes.GetTemplateResult:
    """A template as it was kept.

    Raises:
        TemplateDoesNotExist: there is none of this name.

    AWS: SES API Reference, GetTemplate.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    shown: shapes.Template = {"TemplateName": template.name}
    if template.subject is not None:
        shown["SubjectPart"] = template.subject
    if template.text is not None:
        shown["TextPart"] = template.text
    if template.html is not None:
        shown["HtmlPart"] = template.html
    return {"Template": shown}


async def list_templates(
    ses: Ses, ctx: RequestContext, request: shapes.ListTemplatesRequest
) -> shapes.ListTemplatesResult:
    """Names of templates, 10 at a time or `MaxItems`, 100 at most, whatever it says.

    Raises:
        InvalidParameterValue: `MaxItems` is less than 1, or the token cannot be used.

    AWS: SES API Reference, ListTemplates.
    """
    limit = min(request.get("MaxItems", _LIST_DEFAULT), LIST_TEMPLATES_MAX)
    if limit < 1:
        raise InvalidParameterValue("MaxItems must be at least 1.")
    after = after_token_v1(request.get("NextToken", ""))
    found = templates_of(ses).page(Owner(ctx.account, ctx.region), after, limit + 1)
    shown: list[shapes.TemplateMetadata] = [
        {"Name": name, "CreatedTimestamp": at_ms / 1000} for name, at_ms in found[:limit]
    ]
    if len(found) <= limit:
        return {"TemplatesMetadata": shown}
    return {"TemplatesMetadata": shown, "NextToken": next_token(found[limit - 1][0])}


async def test_render_template(
    ses: Ses, ctx: RequestContext, request: shapes.TestRenderTemplateRequest
) -> shapes.TestRenderTemplateResult:
    """The mail that a template and data make, without sender and recipients.

    Raises:
        TemplateDoesNotExist: there is none of this name.
        InvalidRenderingParameter: the data are no JSON object.
        MissingRenderingAttribute: the data lack what the template shows.

    AWS: SES API Reference, TestRenderTemplate.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    try:
        return {"RenderedTemplate": preview(ses, ctx, template, request["TemplateData"])}
    except AttributeMissing as error:
        raise MissingRenderingAttribute(str(error), _t(template.name)) from None
    except (DataInvalid, TemplateInvalid) as error:
        raise InvalidRenderingParameter(str(error), _t(template.name)) from None


async def update_template(
    ses: Ses, ctx: RequestContext, request: shapes.UpdateTemplateRequest
) -> shapes.UpdateTemplateResult:
    """Replace a template.

    Raises:
        TemplateDoesNotExist: there is none of this name.
        InvalidTemplate: it cannot be read, or lacks a part.

    AWS: SES API Reference, UpdateTemplate.
    """
    template = _checked(request["Template"])
    if not templates_of(ses).change(Owner(ctx.account, ctx.region), template):
        raise _missing(template.name)
    return {}


def _checked(given: shapes.Template) -> Template:
    template = Template(
        given["TemplateName"],
        given.get("SubjectPart"),
        given.get("TextPart"),
        given.get("HtmlPart"),
    )
    try:
        check_template(template)
    except TemplateRefused as error:
        raise InvalidTemplate(str(error), _t(template.name)) from None
    return template


def _existing(ses: Ses, ctx: RequestContext, name: str) -> Template:
    template = templates_of(ses).find(Owner(ctx.account, ctx.region), name)
    if template is None:
        raise _missing(name)
    return template


def _missing(name: str) -> TemplateDoesNotExist:
    return TemplateDoesNotExist(f"Template {name} does not exist", _t(name))


def _t(name: str) -> dict[str, object]:
    return {"TemplateName": name}

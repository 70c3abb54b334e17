"""Templates by the SES API v2, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors_v2 import (
    AlreadyExistsException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from kamome.services.ses.limits import LIST_TEMPLATES_MAX, TEMPLATES_MAX
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import add_tags, forget_tags, tags_of
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
    from kamome.services.ses import shapes_v2

# AWS: SES API v2 Reference, ListEmailTemplates (PageSize): 1 to 100, 10 where it is left out.
_LIST_DEFAULT = 10


async def create_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateEmailTemplateRequest
) -> shapes_v2.CreateEmailTemplateResult:
    """Keep a new template.

    Raises:
        AlreadyExistsException: there is one of its name.
        BadRequestException: it cannot be read, or lacks a part; a tag cannot be used.
        LimitExceededException: the account has 20,000 templates in the region.

    AWS: SES API v2 Reference, CreateEmailTemplate.
    """
    owner = Owner(ctx.account, ctx.region)
    template = _checked(request["TemplateName"], request["TemplateContent"])
    if templates_of(ses).count(owner) >= TEMPLATES_MAX:
        raise LimitExceededException(f"Maximum number of templates ({TEMPLATES_MAX}) reached.")
    with ses.store.engine.atomic():
        if not templates_of(ses).add(owner, template, ses.clock.now_ms()):
            raise AlreadyExistsException(f"Template {template.name} already exists.")
        add_tags(ses, _arn(ctx, template.name), request.get("Tags", []))
    return {}


async def delete_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteEmailTemplateRequest
) -> shapes_v2.DeleteEmailTemplateResult:
    """Forget a template.

    Raises:
        NotFoundException: there is none of this name.

    AWS: SES API v2 Reference, DeleteEmailTemplate.
    """
    name = request["TemplateName"]
    with ses.store.engine.atomic():
        if not templates_of(ses).delete(Owner(ctx.account, ctx.region), name):
            raise _missing(name)
        forget_tags(ses, _arn(ctx, name))
    return {}


async def get_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetEmailTemplateRequest
) -> shapes_v2.GetEmailTemplateResult:
    """A template as it was kept.

    Raises:
        NotFoundException: there is none of this name.

    AWS: SES API v2 Reference, GetEmailTemplate.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    content: shapes_v2.EmailTemplateContent = {}
    if template.subject is not None:
        content["Subject"] = template.subject
    if template.text is not None:
        content["Text"] = template.text
    if template.html is not None:
        content["Html"] = template.html
    tags = tags_of(ses, _arn(ctx, template.name))
    return {"TemplateName": template.name, "TemplateContent": content, "Tags": tags}


async def list_email_templates(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListEmailTemplatesRequest
) -> shapes_v2.ListEmailTemplatesResult:
    """Names of templates, 10 at a time or `PageSize`, 100 at most.

    Raises:
        BadRequestException: `PageSize` cannot be used.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListEmailTemplates.
    """
    limit = request.get("PageSize", _LIST_DEFAULT)
    if not 1 <= limit <= LIST_TEMPLATES_MAX:
        raise BadRequestException(f"PageSize must be between 1 and {LIST_TEMPLATES_MAX}.")
    after = after_token(request.get("NextToken", ""))
    found = templates_of(ses).page(Owner(ctx.account, ctx.region), after, limit + 1)
    shown: list[shapes_v2.EmailTemplateMetadata] = [
        {"TemplateName": name, "CreatedTimestamp": at_ms / 1000} for name, at_ms in found[:limit]
    ]
    if len(found) <= limit:
        return {"TemplatesMetadata": shown}
    return {"TemplatesMetadata": shown, "NextToken": next_token(found[limit - 1][0])}


async def test_render_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.TestRenderEmailTemplateRequest
) -> shapes_v2.TestRenderEmailTemplateResult:
    """The mail that a template and data make, without sender and recipients.

    Raises:
        NotFoundException: there is none of this name.
        BadRequestException: the data are no JSON object, or lack what the template shows.

    AWS: SES API v2 Reference, TestRenderEmailTemplate.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    try:
        return {"RenderedTemplate": preview(ses, ctx, template, request["TemplateData"])}
    except (AttributeMissing, DataInvalid, TemplateInvalid) as error:
        raise BadRequestException(str(error)) from None


async def update_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.UpdateEmailTemplateRequest
) -> shapes_v2.UpdateEmailTemplateResult:
    """Replace a template.

    Raises:
        NotFoundException: there is none of this name.
        BadRequestException: it cannot be read, or lacks a part.

    AWS: SES API v2 Reference, UpdateEmailTemplate.
    """
    template = _checked(request["TemplateName"], request["TemplateContent"])
    if not templates_of(ses).change(Owner(ctx.account, ctx.region), template):
        raise _missing(template.name)
    return {}


def _checked(name: str, content: shapes_v2.EmailTemplateContent) -> Template:
    template = Template(name, content.get("Subject"), content.get("Text"), content.get("Html"))
    try:
        check_template(template)
    except TemplateRefused as error:
        raise BadRequestException(str(error)) from None
    return template


def _existing(ses: Ses, ctx: RequestContext, name: str) -> Template:
    template = templates_of(ses).find(Owner(ctx.account, ctx.region), name)
    if template is None:
        raise _missing(name)
    return template


def _missing(name: str) -> NotFoundException:
    return NotFoundException(f"Template {name} does not exist.")


def _arn(ctx: RequestContext, name: str) -> str:
    return ctx.arn("ses", f"template/{name}")

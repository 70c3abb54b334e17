"""Custom verification mails by the SES API v2, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors import InvalidParameterValue, LimitExceeded
from kamome.services.ses.errors_v2 import (
    AlreadyExistsException,
    BadRequestException,
    LimitExceededException,
    MessageRejected,
    NotFoundException,
)
from kamome.services.ses.identities.custom_verification import (
    ContentInvalid,
    SourceNotVerified,
    check_custom,
    described,
    send_custom,
)
from kamome.services.ses.limits import (
    CUSTOM_VERIFICATION_TEMPLATES_MAX,
    LIST_CUSTOM_VERIFICATION_TEMPLATES_MAX,
)
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.sending.quotas import is_sandboxed
from kamome.services.ses.sending.refusals import SendRefused, error_v2
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import add_tags, forget_tags, tags_of
from kamome.services.ses.templates.template_store import CustomVerificationTemplate
from kamome.services.ses.templates.templates import templates_of

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2


async def create_custom_verification_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateCustomVerificationEmailTemplateRequest
) -> shapes_v2.CreateCustomVerificationEmailTemplateResult:
    """Keep a new template.

    Raises:
        AlreadyExistsException: there is one of its name.
        BadRequestException: it cannot be sent; its sender is not verified; a tag cannot be used.
        LimitExceededException: the account has 50 of them in the region.

    AWS: SES API v2 Reference, CreateCustomVerificationEmailTemplate.
    """
    owner = Owner(ctx.account, ctx.region)
    template = _checked(ses, ctx, request)
    if templates_of(ses).count_custom(owner) >= CUSTOM_VERIFICATION_TEMPLATES_MAX:
        raise LimitExceededException(
            f"Maximum number of templates ({CUSTOM_VERIFICATION_TEMPLATES_MAX}) reached."
        )
    with ses.store.engine.atomic():
        if not templates_of(ses).add_custom(owner, template):
            raise AlreadyExistsException(f"Template {template.name} already exists.")
        add_tags(ses, _arn(ctx, template.name), request.get("Tags", []))
    return {}


async def delete_custom_verification_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteCustomVerificationEmailTemplateRequest
) -> shapes_v2.DeleteCustomVerificationEmailTemplateResult:
    """Forget a template.

    Raises:
        NotFoundException: there is none of this name.

    AWS: SES API v2 Reference, DeleteCustomVerificationEmailTemplate.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    with ses.store.engine.atomic():
        templates_of(ses).delete_custom(Owner(ctx.account, ctx.region), template.name)
        forget_tags(ses, _arn(ctx, template.name))
    return {}


async def get_custom_verification_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetCustomVerificationEmailTemplateRequest
) -> shapes_v2.GetCustomVerificationEmailTemplateResult:
    """A template as it was kept.

    Raises:
        NotFoundException: there is none of this name.

    AWS: SES API v2 Reference, GetCustomVerificationEmailTemplate.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    tags = tags_of(ses, _arn(ctx, template.name))
    return {**described(template), "TemplateContent": template.content, "Tags": tags}


async def list_custom_verification_email_templates(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListCustomVerificationEmailTemplatesRequest
) -> shapes_v2.ListCustomVerificationEmailTemplatesResult:
    """Templates without their contents, 50 at a time or `PageSize`.

    Raises:
        BadRequestException: `PageSize` cannot be used.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListCustomVerificationEmailTemplates.
    """
    limit = request.get("PageSize", LIST_CUSTOM_VERIFICATION_TEMPLATES_MAX)
    if not 1 <= limit <= LIST_CUSTOM_VERIFICATION_TEMPLATES_MAX:
        raise BadRequestException(
            f"PageSize must be between 1 and {LIST_CUSTOM_VERIFICATION_TEMPLATES_MAX}."
        )
    after = after_token(request.get("NextToken", ""))
    found = templates_of(ses).page_custom(Owner(ctx.account, ctx.region), after, limit + 1)
    shown: list[shapes_v2.CustomVerificationEmailTemplateMetadata] = [
        described(template) for template in found[:limit]
    ]
    if len(found) <= limit:
        return {"CustomVerificationEmailTemplates": shown}
    last = found[limit - 1].name
    return {"CustomVerificationEmailTemplates": shown, "NextToken": next_token(last)}


async def send_custom_verification_email(
    ses: Ses, ctx: RequestContext, request: shapes_v2.SendCustomVerificationEmailRequest
) -> shapes_v2.SendCustomVerificationEmailResult:
    """Make an address an identity, and send it the template with the link that verifies it.

    Raises:
        NotFoundException: there is no such template or configuration set.
        MessageRejected: the account is in the sandbox; the sender is no longer verified.
        BadRequestException: it is no address.

    AWS: SES API v2 Reference, SendCustomVerificationEmail.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    if is_sandboxed(ses, Owner(ctx.account, ctx.region)):
        raise MessageRejected("Production access is not granted to this account.")
    name = request.get("ConfigurationSetName", "")
    try:
        return {"MessageId": await send_custom(ses, ctx, template, request["EmailAddress"], name)}
    except SendRefused as refused:
        raise error_v2(refused) from None
    except InvalidParameterValue as error:
        raise BadRequestException(error.message) from None
    except LimitExceeded as error:
        raise LimitExceededException(error.message) from None


async def update_custom_verification_email_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.UpdateCustomVerificationEmailTemplateRequest
) -> shapes_v2.UpdateCustomVerificationEmailTemplateResult:
    """Replace a template.

    Raises:
        NotFoundException: there is none of this name.
        BadRequestException: it cannot be sent; its sender is not verified.

    AWS: SES API v2 Reference, UpdateCustomVerificationEmailTemplate.
    """
    _existing(ses, ctx, request["TemplateName"])
    template = _checked(ses, ctx, request)
    templates_of(ses).change_custom(Owner(ctx.account, ctx.region), template)
    return {}


def _checked(
    ses: Ses,
    ctx: RequestContext,
    request: shapes_v2.CreateCustomVerificationEmailTemplateRequest
    | shapes_v2.UpdateCustomVerificationEmailTemplateRequest,
) -> CustomVerificationTemplate:
    template = CustomVerificationTemplate(
        name=request["TemplateName"],
        source=request["FromEmailAddress"],
        subject=request["TemplateSubject"],
        content=request["TemplateContent"],
        success_url=request["SuccessRedirectionURL"],
        failure_url=request["FailureRedirectionURL"],
    )
    try:
        check_custom(ses, ctx, template)
    except (ContentInvalid, SourceNotVerified) as error:
        raise BadRequestException(str(error)) from None
    return template


def _existing(ses: Ses, ctx: RequestContext, name: str) -> CustomVerificationTemplate:
    template = templates_of(ses).find_custom(Owner(ctx.account, ctx.region), name)
    if template is None:
        raise NotFoundException(f"Custom verification email template {name} does not exist.")
    return template


def _arn(ctx: RequestContext, name: str) -> str:
    return ctx.arn("ses", f"custom-verification-email-template/{name}")

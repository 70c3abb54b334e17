"""Custom verification mails by the first API, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors import (
    CustomVerificationEmailInvalidContent,
    CustomVerificationEmailTemplateAlreadyExists,
    CustomVerificationEmailTemplateDoesNotExist,
    FromEmailAddressNotVerified,
    InvalidParameterValue,
    LimitExceeded,
    ProductionAccessNotGranted,
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
from kamome.services.ses.pages import after_token_v1, next_token
from kamome.services.ses.sending.quotas import is_sandboxed
from kamome.services.ses.sending.refusals import SendRefused, error_v1
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import forget_tags
from kamome.services.ses.templates.template_store import CustomVerificationTemplate
from kamome.services.ses.templates.templates import templates_of

if TYPE_CHECKING:
    from kamome.services.ses import shapes

_MEMBER = "CustomVerificationEmailTemplateName"


async def create_custom_verification_email_template(
    ses: Ses, ctx: RequestContext, request: shapes.CreateCustomVerificationEmailTemplateRequest
) -> None:
    """Keep a new template.

    Raises:
        CustomVerificationEmailTemplateAlreadyExists: there is one of its name.
        CustomVerificationEmailInvalidContent: it cannot be sent.
        FromEmailAddressNotVerified: its sender is not verified.
        LimitExceeded: the account has 50 of them in the region.

    AWS: SES API Reference, CreateCustomVerificationEmailTemplate.
    """
    owner = Owner(ctx.account, ctx.region)
    template = CustomVerificationTemplate(
        name=request["TemplateName"],
        source=request["FromEmailAddress"],
        subject=request["TemplateSubject"],
        content=request["TemplateContent"],
        success_url=request["SuccessRedirectionURL"],
        failure_url=request["FailureRedirectionURL"],
    )
    _check(ses, ctx, template)
    if templates_of(ses).count_custom(owner) >= CUSTOM_VERIFICATION_TEMPLATES_MAX:
        raise LimitExceeded(
            f"Maximum number of templates ({CUSTOM_VERIFICATION_TEMPLATES_MAX}) reached."
        )
    if not templates_of(ses).add_custom(owner, template):
        raise CustomVerificationEmailTemplateAlreadyExists(
            f"Custom verification email template {template.name} already exists.",
            {_MEMBER: template.name},
        )


async def delete_custom_verification_email_template(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteCustomVerificationEmailTemplateRequest
) -> None:
    """Forget a template, with the tags it has by the other API; one that is not there is no error.

    AWS: SES API Reference, DeleteCustomVerificationEmailTemplate.
    """
    name = request["TemplateName"]
    with ses.store.engine.atomic():
        templates_of(ses).delete_custom(Owner(ctx.account, ctx.region), name)
        forget_tags(ses, ctx.arn("ses", f"custom-verification-email-template/{name}"))


async def get_custom_verification_email_template(
    ses: Ses, ctx: RequestContext, request: shapes.GetCustomVerificationEmailTemplateRequest
) -> shapes.GetCustomVerificationEmailTemplateResult:
    """A template as it was kept.

    Raises:
        CustomVerificationEmailTemplateDoesNotExist: there is none of this name.

    AWS: SES API Reference, GetCustomVerificationEmailTemplate.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    return {**described(template), "TemplateContent": template.content}


async def list_custom_verification_email_templates(
    ses: Ses, ctx: RequestContext, request: shapes.ListCustomVerificationEmailTemplatesRequest
) -> shapes.ListCustomVerificationEmailTemplatesResult:
    """Templates without their contents, 50 at a time or `MaxResults`.

    Raises:
        InvalidParameterValue: `MaxResults` or the token cannot be used.

    AWS: SES API Reference, ListCustomVerificationEmailTemplates.
    """
    limit = request.get("MaxResults", LIST_CUSTOM_VERIFICATION_TEMPLATES_MAX)
    if not 1 <= limit <= LIST_CUSTOM_VERIFICATION_TEMPLATES_MAX:
        raise InvalidParameterValue(
            f"MaxResults must be between 1 and {LIST_CUSTOM_VERIFICATION_TEMPLATES_MAX}."
        )
    after = after_token_v1(request.get("NextToken", ""))
    found = templates_of(ses).page_custom(Owner(ctx.account, ctx.region), after, limit + 1)
    shown: list[shapes.CustomVerificationEmailTemplate] = [
        described(template) for template in found[:limit]
    ]
    if len(found) <= limit:
        return {"CustomVerificationEmailTemplates": shown}
    last = found[limit - 1].name
    return {"CustomVerificationEmailTemplates": shown, "NextToken": next_token(last)}


async def send_custom_verification_email(
    ses: Ses, ctx: RequestContext, request: shapes.SendCustomVerificationEmailRequest
) -> shapes.SendCustomVerificationEmailResult:
    """Make an address an identity, and send it the template with the link that verifies it.

    Raises:
        CustomVerificationEmailTemplateDoesNotExist: there is none of this name.
        FromEmailAddressNotVerified: its sender is no longer verified.
        ProductionAccessNotGranted: the account is in the sandbox.
        MessageRejected, ConfigurationSetDoesNotExist, InvalidParameterValue: as for SendEmail.

    AWS: SES API Reference, SendCustomVerificationEmail.
    """
    template = _existing(ses, ctx, request["TemplateName"])
    if is_sandboxed(ses, Owner(ctx.account, ctx.region)):
        raise ProductionAccessNotGranted("Production access is not granted to this account.")
    _check(ses, ctx, template)
    name = request.get("ConfigurationSetName", "")
    try:
        return {"MessageId": await send_custom(ses, ctx, template, request["EmailAddress"], name)}
    except SendRefused as refused:
        raise error_v1(refused) from None


async def update_custom_verification_email_template(
    ses: Ses, ctx: RequestContext, request: shapes.UpdateCustomVerificationEmailTemplateRequest
) -> None:
    """Change a template; what is left out stays.

    Raises:
        CustomVerificationEmailTemplateDoesNotExist: there is none of this name.
        CustomVerificationEmailInvalidContent: it cannot be sent.
        FromEmailAddressNotVerified: its sender is not verified.

    AWS: SES API Reference, UpdateCustomVerificationEmailTemplate.
    """
    known = _existing(ses, ctx, request["TemplateName"])
    template = CustomVerificationTemplate(
        name=known.name,
        source=request.get("FromEmailAddress", known.source),
        subject=request.get("TemplateSubject", known.subject),
        content=request.get("TemplateContent", known.content),
        success_url=request.get("SuccessRedirectionURL", known.success_url),
        failure_url=request.get("FailureRedirectionURL", known.failure_url),
    )
    _check(ses, ctx, template)
    templates_of(ses).change_custom(Owner(ctx.account, ctx.region), template)


def _check(ses: Ses, ctx: RequestContext, template: CustomVerificationTemplate) -> None:
    try:
        check_custom(ses, ctx, template)
    except ContentInvalid as error:
        raise CustomVerificationEmailInvalidContent(str(error)) from None
    except SourceNotVerified as error:
        members = {"FromEmailAddress": template.source}
        raise FromEmailAddressNotVerified(str(error), members) from None


def _existing(ses: Ses, ctx: RequestContext, name: str) -> CustomVerificationTemplate:
    template = templates_of(ses).find_custom(Owner(ctx.account, ctx.region), name)
    if template is None:
        raise CustomVerificationEmailTemplateDoesNotExist(
            f"Custom verification email template {name} does not exist.", {_MEMBER: name}
        )
    return template

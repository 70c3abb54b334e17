"""Identities by the SES API v2, in the order of its reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.ses.addresses import AddressInvalid, check_address
from kamome.services.ses.configuration_sets import configuration_sets
from kamome.services.ses.errors import LimitExceeded
from kamome.services.ses.errors_v2 import (
    AlreadyExistsException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from kamome.services.ses.identities.identities import forget_identity, known_or_new, restarted
from kamome.services.ses.identities.identity_dkim import (
    HOSTED_ZONE,
    STATUS_V2,
    dkim_of,
    existing,
    with_easy_dkim,
    with_signing_attributes,
)
from kamome.services.ses.identities.identity_mail_from import BEHAVIOR_V2
from kamome.services.ses.identities.identity_names import DOMAIN, normal_identity
from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.identities.verification_mail import send_verification_mail
from kamome.services.ses.limits import IDENTITIES_MAX
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.receiving.rule_validation import is_domain
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import add_tags, tags_of

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2

# AWS: SES API v2 Reference, ListEmailIdentities, PageSize.
_PAGE_MAX = 1_000
_TYPE_V2 = {"Domain": "DOMAIN", "EmailAddress": "EMAIL_ADDRESS"}
# AWS: SES API v2 Reference, IdentityType.
_TYPES_V2 = frozenset({"DOMAIN", "EMAIL_ADDRESS", "MANAGED_DOMAIN"})


async def create_email_identity(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateEmailIdentityRequest
) -> shapes_v2.CreateEmailIdentityResult:
    """Add a domain, with Easy DKIM or an own key, or an address, which is sent a mail.

    Raises:
        AlreadyExistsException: there is such an identity.
        BadRequestException: the name, the key or a tag cannot be used.
        LimitExceededException: the account has 10,000 identities in the region.
        NotFoundException: there is no such configuration set.

    AWS: SES API v2 Reference, CreateEmailIdentity.
    """
    owner = Owner(ctx.account, ctx.region)
    name = _checked(request["EmailIdentity"])
    if ses.identities.find(owner, name) is not None:
        raise AlreadyExistsException(f"Email identity {name} already exist.")
    configuration_set = request.get("ConfigurationSetName", "")
    _check_configuration_set(ses, owner, configuration_set)
    try:
        identity = known_or_new(ses, owner, name)
    except LimitExceeded as error:
        raise LimitExceededException(error.message) from None
    identity = replace(identity, configuration_set=configuration_set)
    with ses.store.engine.atomic():
        identity = _begun(ses, ctx, identity, request.get("DkimSigningAttributes"))
        ses.identities.put(owner, identity)
        add_tags(ses, ctx.arn("ses", f"identity/{name}"), request.get("Tags", []))
    return {
        "IdentityType": _TYPE_V2[identity.type],
        "VerifiedForSendingStatus": identity.is_verified,
        "DkimAttributes": _dkim(ses, owner, identity),
    }


async def delete_email_identity(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteEmailIdentityRequest
) -> shapes_v2.DeleteEmailIdentityResult:
    """Remove an identity with all that belongs to it.

    Raises:
        NotFoundException: there is no such identity.

    AWS: SES API v2 Reference, DeleteEmailIdentity.
    """
    identity = existing(ses, Owner(ctx.account, ctx.region), request["EmailIdentity"])
    forget_identity(ses, ctx, identity.identity)
    return {}


async def get_email_identity(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetEmailIdentityRequest
) -> shapes_v2.GetEmailIdentityResult:
    """All there is to know of an identity.

    Raises:
        NotFoundException: there is no such identity.

    AWS: SES API v2 Reference, GetEmailIdentity.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    feedback = configuration_sets.store_of(ses).feedback(owner, identity.identity)
    info: shapes_v2.VerificationInfo = {}
    if identity.checked_at_ms:
        info["LastCheckedTimestamp"] = identity.checked_at_ms / 1000
    if identity.verified_at_ms:
        info["LastSuccessTimestamp"] = identity.verified_at_ms / 1000
    if identity.error:
        info["ErrorType"] = identity.error
    answer: shapes_v2.GetEmailIdentityResult = {
        "IdentityType": _TYPE_V2[identity.type],
        "FeedbackForwardingStatus": feedback is None or feedback.is_forwarded,
        "VerifiedForSendingStatus": identity.is_verified,
        "DkimAttributes": _dkim(ses, owner, identity),
        "MailFromAttributes": _mail_from(identity),
        "Policies": ses.identities.policies(owner, identity.identity),
        "Tags": tags_of(ses, ctx.arn("ses", f"identity/{identity.identity}")),
        "VerificationStatus": STATUS_V2[identity.status],
        "VerificationInfo": info,
    }
    if identity.configuration_set:
        answer["ConfigurationSetName"] = identity.configuration_set
    return answer


async def list_email_identities(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListEmailIdentitiesRequest
) -> shapes_v2.ListEmailIdentitiesResult:
    """The account's identities by name, or those that a filter lets pass, 1,000 at a time.

    Raises:
        BadRequestException: `PageSize` is not 0 to 1,000; there is no such type or status.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListEmailIdentities.
    """
    limit = request.get("PageSize") or _PAGE_MAX
    if not 1 <= limit <= _PAGE_MAX:
        raise BadRequestException(f"PageSize must be between 0 and {_PAGE_MAX}.")
    after = after_token(request.get("NextToken", ""))
    wanted = _wanted(request.get("Filter", {}))
    # All that an account may have: they are not so many that a filter would have to stop early.
    rows = IDENTITIES_MAX if wanted else limit + 1
    found = ses.identities.page(Owner(ctx.account, ctx.region), after, rows)
    found = [identity for identity in found if _passes(identity, wanted)][: limit + 1]
    shown: list[shapes_v2.IdentityInfo] = [
        {
            "IdentityType": _TYPE_V2[identity.type],
            "IdentityName": identity.identity,
            "SendingEnabled": identity.is_verified,
            "VerificationStatus": STATUS_V2[identity.status],
        }
        for identity in found[:limit]
    ]
    if len(found) <= limit:
        return {"EmailIdentities": shown}
    return {"EmailIdentities": shown, "NextToken": next_token(found[limit - 1].identity)}


def _wanted(filter_: Mapping[str, str]) -> Mapping[str, str]:
    """The filter of a list, whose values are known ones. AWS: IdentityFilterKey."""
    known = {"IDENTITY_TYPE": _TYPES_V2, "VERIFICATION_STATUS": frozenset(STATUS_V2.values())}
    for key, value in filter_.items():
        if key in known and value not in known[key]:
            raise BadRequestException(f"Invalid value <{value}> of the filter {key}.")
    return filter_


def _passes(identity: Identity, wanted: Mapping[str, str]) -> bool:
    type_, status = _TYPE_V2[identity.type], STATUS_V2[identity.status]
    return (
        wanted.get("IDENTITY_NAME_CONTAINS", "") in identity.identity
        and wanted.get("IDENTITY_TYPE", type_) == type_
        and wanted.get("VERIFICATION_STATUS", status) == status
    )


async def put_email_identity_configuration_set_attributes(
    ses: Ses,
    ctx: RequestContext,
    request: shapes_v2.PutEmailIdentityConfigurationSetAttributesRequest,
) -> shapes_v2.PutEmailIdentityConfigurationSetAttributesResult:
    """The set of mails from this identity that name none; without a name, none.

    Raises:
        NotFoundException: there is no such identity, or no such set.

    AWS: SES API v2 Reference, PutEmailIdentityConfigurationSetAttributes.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    name = request.get("ConfigurationSetName", "")
    _check_configuration_set(ses, owner, name)
    ses.identities.put(owner, replace(identity, configuration_set=name))
    return {}


def _checked(name: str) -> str:
    normal = normal_identity(name)
    if "@" not in normal:
        if not is_domain(normal):
            raise BadRequestException(f"Invalid domain name {name}.")
        return normal
    try:
        check_address(normal)
    except AddressInvalid as error:
        raise BadRequestException(f"Invalid email address<{name}>. ({error})") from None
    return normal


def _check_configuration_set(ses: Ses, owner: Owner, name: str) -> None:
    if name and configuration_sets.find(ses, owner, name) is None:
        raise NotFoundException(f"Configuration set <{name}> does not exist.")


def _begun(
    ses: Ses,
    ctx: RequestContext,
    identity: Identity,
    attributes: shapes_v2.DkimSigningAttributes | None,
) -> Identity:
    """The identity with its verification begun."""
    if identity.type != DOMAIN:
        if attributes:
            raise BadRequestException("DKIM signing attributes are for domain identities only.")
        started = restarted(ses, identity)
        if not started.is_verified:
            send_verification_mail(ses, ctx, identity.identity)
        return started
    owner = Owner(ctx.account, ctx.region)
    if not attributes:
        return with_easy_dkim(ses, owner, identity)
    default = "EXTERNAL" if "DomainSigningPrivateKey" in attributes else "AWS_SES"
    origin = attributes.get("DomainSigningAttributesOrigin", default)
    return with_signing_attributes(ses, owner, identity, attributes, origin=origin)


def _dkim(ses: Ses, owner: Owner, identity: Identity) -> shapes_v2.DkimAttributes:
    dkim = dkim_of(ses, owner, identity)
    shown: shapes_v2.DkimAttributes = {
        "SigningEnabled": dkim.is_enabled and (identity.type == DOMAIN or dkim.status == "Success"),
        "Status": STATUS_V2[dkim.status],
        "SigningAttributesOrigin": dkim.origin,
    }
    if dkim.origin == "EXTERNAL":
        shown["Tokens"] = [dkim.selector]
        return shown
    shown["Tokens"] = list(dkim.tokens)
    shown["NextSigningKeyLength"] = dkim.next_key_length
    shown["CurrentSigningKeyLength"] = dkim.key_length
    shown["SigningHostedZone"] = HOSTED_ZONE
    if dkim.key_made_at_ms:
        shown["LastKeyGenerationTimestamp"] = dkim.key_made_at_ms / 1000
    return shown


def _mail_from(identity: Identity) -> shapes_v2.MailFromAttributes:
    mail_from = identity.mail_from
    shown: shapes_v2.MailFromAttributes = {
        "BehaviorOnMxFailure": BEHAVIOR_V2[mail_from.behavior],
        "MailFromDomain": mail_from.domain,
        "MailFromDomainStatus": STATUS_V2[mail_from.status] if mail_from.domain else "FAILED",
    }
    if not mail_from.domain:
        return {"BehaviorOnMxFailure": shown["BehaviorOnMxFailure"]}  # type: ignore[typeddict-item] # AWS leaves out what is not set
    return shown

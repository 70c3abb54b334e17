"""Where an identity's bounces, complaints and deliveries are told: operations of both APIs.

AWS: SES Developer Guide, Configuring Amazon SNS notifications for Amazon SES.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.services.ses.configuration_sets.configuration_set_store import IdentityFeedback
from kamome.services.ses.configuration_sets.configuration_sets import store_of
from kamome.services.ses.configuration_sets.event_destinations import is_topic
from kamome.services.ses.errors import InvalidParameterValue
from kamome.services.ses.errors_v2 import NotFoundException
from kamome.services.ses.feedback.topic_access import refusal_for_identity
from kamome.services.ses.limits import IDENTITIES_PER_REQUEST_MAX
from kamome.services.ses.receiving.recipients import normal_domain
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes, shapes_v2


async def get_identity_notification_attributes(
    ses: Ses, ctx: RequestContext, request: shapes.GetIdentityNotificationAttributesRequest
) -> shapes.GetIdentityNotificationAttributesResult:
    """Topics, headers and forwarding of identities, by their names as asked.

    Raises:
        InvalidParameterValue: more than 100 are asked for.

    AWS: SES API Reference, GetIdentityNotificationAttributes.
    """
    asked, owner = request["Identities"], Owner(ctx.account, ctx.region)
    if len(asked) > IDENTITIES_PER_REQUEST_MAX:
        raise InvalidParameterValue(
            f"At most {IDENTITIES_PER_REQUEST_MAX} identities can be asked for at a time."
        )
    found: dict[str, shapes.IdentityNotificationAttributes] = {}
    for name in asked:
        identity = _known(ses, owner, name)
        if identity:
            found[name] = _described(_settings(ses, owner, identity))
    return {"NotificationAttributes": found}


async def put_email_identity_feedback_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutEmailIdentityFeedbackAttributesRequest
) -> shapes_v2.PutEmailIdentityFeedbackAttributesResult:
    """Switch forwarding of bounces and complaints by mail on or off.

    Raises:
        NotFoundException: no such identity.

    AWS: SES API v2 Reference, PutEmailIdentityFeedbackAttributes.
    """
    owner, name = Owner(ctx.account, ctx.region), request["EmailIdentity"]
    identity = _known(ses, owner, name)
    if not identity:
        raise NotFoundException(f"Email identity {name} does not exist.")
    settings = _settings(ses, owner, identity)
    is_forwarded = request.get("EmailForwardingEnabled", False)
    _put(ses, owner, identity, msgspec.structs.replace(settings, is_forwarded=is_forwarded))
    return {}


async def set_identity_feedback_forwarding_enabled(
    ses: Ses, ctx: RequestContext, request: shapes.SetIdentityFeedbackForwardingEnabledRequest
) -> shapes.SetIdentityFeedbackForwardingEnabledResult:
    """Switch forwarding of bounces and complaints by mail on or off.

    Raises:
        InvalidParameterValue: no such identity, or it is to be switched off although bounces and
            complaints do not both have a topic.

    AWS: SES API Reference, SetIdentityFeedbackForwardingEnabled.
    """
    owner = Owner(ctx.account, ctx.region)
    identity, settings = _of_request(ses, owner, request["Identity"])
    is_forwarded = request["ForwardingEnabled"]
    if not is_forwarded and not {"Bounce", "Complaint"} <= settings.topics.keys():
        raise InvalidParameterValue(
            f"Identity <{request['Identity']}> must have bounce and complaint topics before"
            " feedback forwarding can be disabled."
        )
    _put(ses, owner, identity, msgspec.structs.replace(settings, is_forwarded=is_forwarded))
    return {}


async def set_identity_headers_in_notifications_enabled(
    ses: Ses, ctx: RequestContext, request: shapes.SetIdentityHeadersInNotificationsEnabledRequest
) -> shapes.SetIdentityHeadersInNotificationsEnabledResult:
    """Say whether a topic's notifications have the mail's headers.

    Raises:
        InvalidParameterValue: no such identity, or there is no topic whose notifications could
            have them.

    AWS: SES API Reference, SetIdentityHeadersInNotificationsEnabled (Enabled).
    """
    owner, kind = Owner(ctx.account, ctx.region), request["NotificationType"]
    identity, settings = _of_request(ses, owner, request["Identity"])
    if request["Enabled"] and kind not in settings.topics:
        raise InvalidParameterValue(f"Identity <{identity}> has no topic for {kind}.")
    others = tuple(name for name in settings.with_headers if name != kind)
    with_headers = (*others, kind) if request["Enabled"] else others
    _put(ses, owner, identity, msgspec.structs.replace(settings, with_headers=with_headers))
    return {}


async def set_identity_notification_topic(
    ses: Ses, ctx: RequestContext, request: shapes.SetIdentityNotificationTopicRequest
) -> shapes.SetIdentityNotificationTopicResult:
    """Name the topic that is told of a kind of event; without `SnsTopic`, none is.

    Where bounces or complaints lose their topic, they are forwarded by mail again.

    Raises:
        InvalidParameterValue: no such identity or topic, a FIFO topic, or one that refuses SES.

    AWS: SES API Reference, SetIdentityNotificationTopic.
    """
    owner, kind = Owner(ctx.account, ctx.region), request["NotificationType"]
    identity, settings = _of_request(ses, owner, request["Identity"])
    topics = {name: arn for name, arn in settings.topics.items() if name != kind}
    topic = request.get("SnsTopic", "")
    if topic:
        if not is_topic(ses, topic):
            raise InvalidParameterValue(f"Invalid SNS topic <{topic}>.")
        if settings.topics.get(kind) != topic:
            refusal = refusal_for_identity(ses, ctx, identity, kind, topic)
            if refusal:
                raise InvalidParameterValue(refusal)
        topics[kind] = topic
    is_forwarded = settings.is_forwarded or (not topic and kind != "Delivery")
    changed = msgspec.structs.replace(settings, topics=topics, is_forwarded=is_forwarded)
    _put(ses, owner, identity, changed)
    return {}


def _known(ses: Ses, owner: Owner, name: str) -> str:
    """The identity of this name as it is kept; empty where there is none."""
    local, _, domain = name.rpartition("@")
    normal = f"{local}@{normal_domain(domain)}" if local else normal_domain(domain)
    for candidate in (normal, name, name.lower()):
        found = ses.identities.find(owner, candidate)
        if found is not None:
            return found.identity
    return ""


def _of_request(ses: Ses, owner: Owner, name: str) -> tuple[str, IdentityFeedback]:
    identity = _known(ses, owner, name)
    if not identity:
        raise InvalidParameterValue(f"Identity <{name}> does not exist.")
    return identity, _settings(ses, owner, identity)


def _settings(ses: Ses, owner: Owner, identity: str) -> IdentityFeedback:
    return store_of(ses).feedback(owner, identity) or IdentityFeedback()


def _put(ses: Ses, owner: Owner, identity: str, settings: IdentityFeedback) -> None:
    store_of(ses).put_feedback(owner, identity, settings)


def _described(settings: IdentityFeedback) -> shapes.IdentityNotificationAttributes:
    """Topics that are not set are left out, as AWS leaves them empty."""
    shown: shapes.IdentityNotificationAttributes = {
        "BounceTopic": settings.topics.get("Bounce", ""),
        "ComplaintTopic": settings.topics.get("Complaint", ""),
        "DeliveryTopic": settings.topics.get("Delivery", ""),
        "ForwardingEnabled": settings.is_forwarded,
        "HeadersInBounceNotificationsEnabled": "Bounce" in settings.with_headers,
        "HeadersInComplaintNotificationsEnabled": "Complaint" in settings.with_headers,
        "HeadersInDeliveryNotificationsEnabled": "Delivery" in settings.with_headers,
    }
    return shown

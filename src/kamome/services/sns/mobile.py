"""Mobile push: platform applications and endpoints, kept with all that is published to them.

Nothing leaves the machine; `GET /_kamome/sns/application` shows what would have been pushed.
Credentials of push services are kept but never shown or checked.

AWS: SNS Developer Guide, Mobile push notifications.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.sns.envelope import Attribute
from kamome.services.sns.errors import (
    AuthorizationError,
    EndpointDisabled,
    NotFound,
    PlatformApplicationDisabled,
    invalid,
)
from kamome.services.sns.limits import CUSTOM_USER_DATA_BYTES_MAX, PAGE_ITEMS_MAX
from kamome.services.sns.paging import next_token, position
from kamome.services.sns.platforms import PLATFORMS
from kamome.services.sns.record_store import Record
from kamome.services.sns.slice import Sns

if TYPE_CHECKING:
    from kamome.services.sns import shapes

APPLICATION = "application"
_APPLICATIONS = "platform_application"
_ENDPOINTS = "platform_endpoint"
_TOKENS = "platform_token"
_APPLICATION_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_SECRETS = frozenset({"PlatformCredential", "PlatformPrincipal"})
_APPLICATION_ATTRIBUTES = frozenset(
    {
        *_SECRETS,
        "AllowEndpointPolicies",
        "ApplePlatformBundleID",
        "ApplePlatformTeamID",
        "Enabled",
        "EventDeliveryFailure",
        "EventEndpointCreated",
        "EventEndpointDeleted",
        "EventEndpointUpdated",
        "FailureFeedbackRoleArn",
        "SuccessFeedbackRoleArn",
        "SuccessFeedbackSampleRate",
    }
)
_ENDPOINT_ATTRIBUTES = frozenset({"ChannelId", "CustomUserData", "Enabled", "Token", "UserId"})


def publish_to_endpoint(
    sns: Sns,
    ctx: RequestContext,
    endpoint_arn: str,
    texts: Mapping[str, str],
    carried: Mapping[str, Attribute],
) -> str:
    """Keep what would be pushed to a device; returns the MessageId.

    Raises:
        InvalidParameter: there is no such endpoint.
        EndpointDisabled, PlatformApplicationDisabled: it takes no messages.

    AWS: SNS API Reference, Publish (TargetArn).
    """
    message_id = sns.ids.uuid()
    push(sns, ctx, endpoint_arn, {"MessageId": message_id}, texts, carried)
    return message_id


def push(
    sns: Sns,
    ctx: RequestContext,
    endpoint_arn: str,
    members: Mapping[str, object],
    texts: Mapping[str, str],
    carried: Mapping[str, Attribute],
) -> None:
    """Keep a push as a record; the text of the endpoint's platform comes before the default.

    Raises:
        InvalidParameter: there is no such endpoint.
        EndpointDisabled, PlatformApplicationDisabled: it takes no messages.

    AWS: SNS Developer Guide, Publishing messages to mobile devices.
    """
    arn = parse_arn(endpoint_arn)
    endpoint = None
    if arn is not None and arn.resource.startswith("endpoint/"):
        resource = arn.resource.removeprefix("endpoint/")
        endpoint = sns.record_store.get((arn.account, arn.region, _ENDPOINTS), resource)
    if arn is None or endpoint is None:
        raise invalid("TargetArn", "No endpoint found for the target arn specified")
    if endpoint["Enabled"] != "true":
        raise EndpointDisabled("Endpoint is disabled")
    platform, name, _ = resource.split("/", 2)
    place = (arn.account, arn.region, _APPLICATIONS)
    application = sns.record_store.get(place, f"{platform}/{name}")
    if application is None or application.get("Enabled", "true") != "true":
        raise PlatformApplicationDisabled("Platform application is disabled")
    document = {
        **members,
        "EndpointArn": endpoint_arn,
        "Platform": platform,
        "Token": endpoint["Token"],
        "Message": texts.get(platform, texts.get(APPLICATION, texts["default"])),
        "MessageAttributes": carried,
        "Status": "kept, not sent",
    }
    sns.record_store.keep(
        Record(sns.clock.now_ms(), ctx.account, ctx.region, APPLICATION, endpoint_arn, document)
    )


async def create_platform_application(
    sns: Sns, ctx: RequestContext, request: shapes.CreatePlatformApplicationRequest
) -> shapes.CreatePlatformApplicationResult:
    """Create an application of a push notification service; returns its ARN.

    Raises:
        InvalidParameter: name, platform or attributes are not valid.

    AWS: SNS API Reference, CreatePlatformApplication.
    """
    name, platform = request["Name"], request["Platform"]
    if not _APPLICATION_NAME.fullmatch(name):
        raise invalid(
            "Name", f"{name[:300]} must contain only characters 'a'-'z', 'A'-'Z', '0'-'9'"
        )
    if platform not in PLATFORMS:
        raise invalid("Platform", f"{platform[:100]} is not supported")
    attributes = _application_attributes(request["Attributes"])
    if "PlatformCredential" not in attributes:
        raise invalid("PlatformCredential", "no value for required parameter")
    place = (ctx.account, ctx.region, _APPLICATIONS)
    existing = sns.record_store.get(place, f"{platform}/{name}")
    if existing is None:
        sns.record_store.put(place, f"{platform}/{name}", {"Enabled": "true", **attributes})
    else:
        sns.record_store.put(place, f"{platform}/{name}", {**existing, **attributes})
    return {"PlatformApplicationArn": ctx.arn("sns", f"app/{platform}/{name}")}


async def create_platform_endpoint(
    sns: Sns, ctx: RequestContext, request: shapes.CreatePlatformEndpointRequest
) -> shapes.CreatePlatformEndpointResult:
    """Create the endpoint of a device, or find the one with this token and attributes.

    Raises:
        InvalidParameter: an endpoint with the token exists with other attributes, or attributes
            are not valid.
        NotFound: there is no such application.

    AWS: SNS API Reference, CreatePlatformEndpoint.
    """
    application = _application_id(ctx, request["PlatformApplicationArn"])
    _application(sns, ctx, application)
    given = _endpoint_attributes(
        {
            **request.get("Attributes", {}),
            **(
                {"CustomUserData": request["CustomUserData"]} if "CustomUserData" in request else {}
            ),
        }
    )
    token = request["Token"]
    if not token:
        raise invalid("Token", "no value for required parameter")
    attributes = {"Enabled": "true", **given, "Token": token}
    tokens = (ctx.account, ctx.region, _TOKENS)
    known = sns.record_store.get(tokens, _token_id(application, token))
    if known is not None:
        arn = ctx.arn("sns", f"endpoint/{known['Endpoint']}")
        existing = _endpoint(sns, ctx, known["Endpoint"])
        if any(existing.get(name) != value for name, value in attributes.items()):
            raise invalid(
                "Token",
                f"Endpoint {arn} already exists with the same Token, but different attributes.",
            )
        return {"EndpointArn": arn}
    endpoint = f"{application}/{sns.ids.uuid()}"
    with sns.store.engine.atomic():
        sns.record_store.put((ctx.account, ctx.region, _ENDPOINTS), endpoint, attributes)
        sns.record_store.put(tokens, _token_id(application, token), {"Endpoint": endpoint})
    return {"EndpointArn": ctx.arn("sns", f"endpoint/{endpoint}")}


async def delete_endpoint(
    sns: Sns, ctx: RequestContext, request: shapes.DeleteEndpointRequest
) -> shapes.DeleteEndpointResult:
    """Delete the endpoint of a device; no error where there is none.

    Raises:
        InvalidParameter: the ARN is not an endpoint's.

    AWS: SNS API Reference, DeleteEndpoint.
    """
    endpoint = _endpoint_id(ctx, request["EndpointArn"])
    _delete_endpoint(sns, ctx, endpoint)
    return {}


async def delete_platform_application(
    sns: Sns, ctx: RequestContext, request: shapes.DeletePlatformApplicationRequest
) -> shapes.DeletePlatformApplicationResult:
    """Delete an application; its endpoints stay, and take no messages. No error where none is.

    Raises:
        InvalidParameter: the ARN is not an application's.

    AWS: SNS API Reference, DeletePlatformApplication.
    """
    application = _application_id(ctx, request["PlatformApplicationArn"])
    sns.record_store.delete((ctx.account, ctx.region, _APPLICATIONS), application)
    return {}


async def get_endpoint_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.GetEndpointAttributesRequest
) -> shapes.GetEndpointAttributesResult:
    """Token, state and user data of a device's endpoint.

    Raises:
        InvalidParameter: the ARN is not an endpoint's.
        NotFound: there is no such endpoint.

    AWS: SNS API Reference, GetEndpointAttributes.
    """
    return {"Attributes": _endpoint(sns, ctx, _endpoint_id(ctx, request["EndpointArn"]))}


async def get_platform_application_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.GetPlatformApplicationAttributesRequest
) -> shapes.GetPlatformApplicationAttributesResult:
    """Attributes of an application, without its credentials.

    Raises:
        InvalidParameter: the ARN is not an application's.
        NotFound: there is no such application.

    AWS: SNS API Reference, GetPlatformApplicationAttributes.
    """
    application = _application_id(ctx, request["PlatformApplicationArn"])
    return {"Attributes": _public(_application(sns, ctx, application))}


async def list_endpoints_by_platform_application(
    sns: Sns, ctx: RequestContext, request: shapes.ListEndpointsByPlatformApplicationRequest
) -> shapes.ListEndpointsByPlatformApplicationResult:
    """Endpoints of an application, 100 a page.

    Raises:
        InvalidParameter: the ARN is not an application's, or the token not one of ours.
        NotFound: there is no such application.

    AWS: SNS API Reference, ListEndpointsByPlatformApplication.
    """
    application = _application_id(ctx, request["PlatformApplicationArn"])
    _application(sns, ctx, application)
    (after,) = position(request.get("NextToken"), 1)
    # "0" follows "/" in ASCII: the ids in between begin with the application's.
    found = sns.record_store.after(
        (ctx.account, ctx.region, _ENDPOINTS),
        max(after, f"{application}/"),
        f"{application}0",
        PAGE_ITEMS_MAX + 1,
    )
    endpoints: list[shapes.Endpoint] = [
        {"EndpointArn": ctx.arn("sns", f"endpoint/{endpoint}"), "Attributes": attributes}
        for endpoint, attributes in found[:PAGE_ITEMS_MAX]
    ]
    result: shapes.ListEndpointsByPlatformApplicationResult = {"Endpoints": endpoints}
    if len(found) > PAGE_ITEMS_MAX:
        result["NextToken"] = next_token(found[PAGE_ITEMS_MAX - 1][0])
    return result


async def list_platform_applications(
    sns: Sns, ctx: RequestContext, request: shapes.ListPlatformApplicationsRequest
) -> shapes.ListPlatformApplicationsResult:
    """Applications of the account in this region, 100 a page.

    Raises:
        InvalidParameter: the token is not one of ours.

    AWS: SNS API Reference, ListPlatformApplications.
    """
    (after,) = position(request.get("NextToken"), 1)
    found = sns.record_store.after(
        (ctx.account, ctx.region, _APPLICATIONS), after, "~", PAGE_ITEMS_MAX + 1
    )
    applications: list[shapes.PlatformApplication] = [
        {
            "PlatformApplicationArn": ctx.arn("sns", f"app/{application}"),
            "Attributes": _public(attributes),
        }
        for application, attributes in found[:PAGE_ITEMS_MAX]
    ]
    result: shapes.ListPlatformApplicationsResult = {"PlatformApplications": applications}
    if len(found) > PAGE_ITEMS_MAX:
        result["NextToken"] = next_token(found[PAGE_ITEMS_MAX - 1][0])
    return result


async def set_endpoint_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.SetEndpointAttributesRequest
) -> shapes.SetEndpointAttributesResult:
    """Change attributes of a device's endpoint; those not named stay.

    Raises:
        InvalidParameter: the ARN is not an endpoint's, or attributes are not valid.
        NotFound: there is no such endpoint.

    AWS: SNS API Reference, SetEndpointAttributes.
    """
    endpoint = _endpoint_id(ctx, request["EndpointArn"])
    existing = _endpoint(sns, ctx, endpoint)
    attributes = {**existing, **_endpoint_attributes(request["Attributes"])}
    application, _, _ = endpoint.rpartition("/")
    tokens = (ctx.account, ctx.region, _TOKENS)
    with sns.store.engine.atomic():
        if attributes["Token"] != existing["Token"]:
            sns.record_store.delete(tokens, _token_id(application, existing["Token"]))
            new_id = _token_id(application, attributes["Token"])
            sns.record_store.put(tokens, new_id, {"Endpoint": endpoint})
        sns.record_store.put((ctx.account, ctx.region, _ENDPOINTS), endpoint, attributes)
    return {}


async def set_platform_application_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.SetPlatformApplicationAttributesRequest
) -> shapes.SetPlatformApplicationAttributesResult:
    """Change attributes of an application; those not named stay.

    Raises:
        InvalidParameter: the ARN is not an application's, or attributes are not valid.
        NotFound: there is no such application.

    AWS: SNS API Reference, SetPlatformApplicationAttributes.
    """
    application = _application_id(ctx, request["PlatformApplicationArn"])
    existing = _application(sns, ctx, application)
    attributes = {**existing, **_application_attributes(request["Attributes"])}
    sns.record_store.put((ctx.account, ctx.region, _APPLICATIONS), application, attributes)
    return {}


# ---------------------------------------------------------------------- rules


def _application_attributes(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if name not in _APPLICATION_ATTRIBUTES:
            raise invalid("Attributes", f"Invalid attribute name: {name[:100]}")
        if name == "Enabled" and value.lower() not in ("true", "false"):
            raise invalid("Enabled", "Must be true or false")
    return {name: value.lower() if name == "Enabled" else value for name, value in given.items()}


def _endpoint_attributes(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if name not in _ENDPOINT_ATTRIBUTES:
            raise invalid("Attributes", f"Invalid attribute name: {name[:100]}")
        if name == "CustomUserData" and len(value.encode()) > CUSTOM_USER_DATA_BYTES_MAX:
            raise invalid(
                "CustomUserData", f"must be at most {CUSTOM_USER_DATA_BYTES_MAX} bytes long"
            )
        if name == "Enabled" and value.lower() not in ("true", "false"):
            raise invalid("Enabled", "Must be true or false")
        if name == "Token" and not value:
            raise invalid("Token", "no value for required parameter")
    return {name: value.lower() if name == "Enabled" else value for name, value in given.items()}


def _public(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name not in _SECRETS}


def _application_id(ctx: RequestContext, text: str) -> str:
    return _resource(ctx, text, "app/", "PlatformApplicationArn", parts=2)


def _endpoint_id(ctx: RequestContext, text: str) -> str:
    return _resource(ctx, text, "endpoint/", "EndpointArn", parts=3)


def _resource(ctx: RequestContext, text: str, kind: str, parameter: str, *, parts: int) -> str:
    arn = parse_arn(text)
    if arn is None or arn.service != "sns" or not arn.resource.startswith(kind):
        raise invalid(parameter)
    resource = arn.resource.removeprefix(kind)
    if len(resource.split("/")) != parts or arn.region != ctx.region:
        raise invalid(parameter)
    if arn.account != ctx.account:
        raise AuthorizationError(
            f"User: {ctx.principal} is not authorized to use the resource {text}"
        )
    return resource


def _application(sns: Sns, ctx: RequestContext, application: str) -> dict[str, str]:
    found = sns.record_store.get((ctx.account, ctx.region, _APPLICATIONS), application)
    if found is None:
        raise NotFound("PlatformApplication does not exist")
    return found


def _endpoint(sns: Sns, ctx: RequestContext, endpoint: str) -> dict[str, str]:
    found = sns.record_store.get((ctx.account, ctx.region, _ENDPOINTS), endpoint)
    if found is None:
        raise NotFound("Endpoint does not exist")
    return found


def _delete_endpoint(sns: Sns, ctx: RequestContext, endpoint: str) -> None:
    place = (ctx.account, ctx.region, _ENDPOINTS)
    found = sns.record_store.get(place, endpoint)
    if found is None:
        return
    application, _, _ = endpoint.rpartition("/")
    with sns.store.engine.atomic():
        sns.record_store.delete(place, endpoint)
        sns.record_store.delete(
            (ctx.account, ctx.region, _TOKENS), _token_id(application, found["Token"])
        )


def _token_id(application: str, token: str) -> str:
    return f"{application}/{hashlib.sha256(token.encode()).hexdigest()}"

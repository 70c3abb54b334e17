"""Configuration sets by the SES API v2, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.context import RequestContext
from kamome.services.ses.configuration_sets import configuration_sets, dedicated_ips
from kamome.services.ses.configuration_sets.configuration_set_store import Destination
from kamome.services.ses.configuration_sets.configuration_sets import (
    ConfigurationSet,
    is_name,
    store_of,
)
from kamome.services.ses.configuration_sets.event_destinations import as_v2, refusal
from kamome.services.ses.configuration_sets.redirect_domains import is_verified_domain
from kamome.services.ses.errors_v2 import (
    AlreadyExistsException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from kamome.services.ses.limits import (
    CONFIGURATION_SETS_MAX,
    EVENT_DESTINATIONS_MAX,
    LIST_MAX,
)
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import add_tags, forget_tags, tags_of

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2

_NAME_RULE = (
    "Name must only contain alphanumeric characters, '_' and '-', and be at most 64 characters long"
)


async def create_configuration_set(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateConfigurationSetRequest
) -> shapes_v2.CreateConfigurationSetResult:
    """Make a set with any of its groups of options.

    Raises:
        BadRequestException: the name, a domain, a tag or a combination of options is not allowed.
        AlreadyExistsException: a set of this name exists.
        NotFoundException: there is no such pool of dedicated addresses.
        LimitExceededException: the account has 10,000 sets in the region.

    AWS: SES API v2 Reference, CreateConfigurationSet.
    """
    owner, name = Owner(ctx.account, ctx.region), request["ConfigurationSetName"]
    if not is_name(name):
        raise BadRequestException(f"Invalid configuration set name <{name}>. {_NAME_RULE}.")
    if configuration_sets.find(ses, owner, name) is not None:
        raise AlreadyExistsException(f"Configuration set <{name}> already exists.")
    if store_of(ses).number(owner) >= CONFIGURATION_SETS_MAX:
        raise LimitExceededException("The number of configuration sets is at its maximum.")
    options = request.copy()
    if "MessageSecurityOptions" in options:
        raise BadRequestException("MessageSecurityOptions are not served by Kamome.")
    if options.get("SuppressionOptions", {}).get("SuppressionScope") == "TENANT":
        raise BadRequestException("Tenants are not served by Kamome.")
    _check_tracking(ses, owner, options.get("TrackingOptions"))
    _check_delivery(ses, owner, options.get("DeliveryOptions"))
    tags = options.pop("Tags", [])
    store_of(ses).add(owner, name, orjson.dumps(options), ses.clock.now_ms())
    add_tags(ses, _arn(ctx, name), tags)
    return {}


async def create_configuration_set_event_destination(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateConfigurationSetEventDestinationRequest
) -> shapes_v2.CreateConfigurationSetEventDestinationResult:
    """Add a place that events of a set's mails go to.

    EventBridge, Firehose and Pinpoint are not here: what they would get is kept, and shown by the
    admin API. CloudWatch's metrics are counted.

    Raises:
        NotFoundException: no such set.
        AlreadyExistsException: the set has a destination of this name.
        BadRequestException: the destination cannot be used.
        LimitExceededException: the set has ten of them.

    AWS: SES API v2 Reference, CreateConfigurationSetEventDestination.
    """
    owner, name = Owner(ctx.account, ctx.region), request["EventDestinationName"]
    found = _found(ses, owner, request["ConfigurationSetName"])
    if not is_name(name):
        raise BadRequestException(f"Invalid event destination name <{name}>. {_NAME_RULE}.")
    known = store_of(ses).destinations(owner, found.name)
    if name in [destination.name for destination in known]:
        raise AlreadyExistsException(f"Event destination <{name}> already exists.")
    if len(known) >= EVENT_DESTINATIONS_MAX:
        raise LimitExceededException(
            f"A configuration set has at most {EVENT_DESTINATIONS_MAX} event destinations."
        )
    _put_destination(ses, ctx, found.name, Destination(name, request["EventDestination"]))
    return {}


async def delete_configuration_set(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteConfigurationSetRequest
) -> shapes_v2.DeleteConfigurationSetResult:
    """Forget a set and its destinations.

    Raises:
        NotFoundException: no such set.

    AWS: SES API v2 Reference, DeleteConfigurationSet.
    """
    name = request["ConfigurationSetName"]
    if not store_of(ses).delete(Owner(ctx.account, ctx.region), name):
        raise _no_set(name)
    forget_tags(ses, _arn(ctx, name))
    return {}


async def delete_configuration_set_event_destination(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteConfigurationSetEventDestinationRequest
) -> shapes_v2.DeleteConfigurationSetEventDestinationResult:
    """Take a destination out of a set.

    Raises:
        NotFoundException: no such set or destination.

    AWS: SES API v2 Reference, DeleteConfigurationSetEventDestination.
    """
    owner, name = Owner(ctx.account, ctx.region), request["EventDestinationName"]
    found = _found(ses, owner, request["ConfigurationSetName"])
    if not store_of(ses).delete_destination(owner, found.name, name):
        raise _no_destination(name)
    return {}


async def get_configuration_set(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetConfigurationSetRequest
) -> shapes_v2.GetConfigurationSetResult:
    """A set with its groups of options; what was never set has AWS's defaults.

    Raises:
        NotFoundException: no such set.

    AWS: SES API v2 Reference, GetConfigurationSet.
    """
    found = _found(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    options = found.options
    shown: shapes_v2.GetConfigurationSetResult = {
        "ConfigurationSetName": found.name,
        "DeliveryOptions": {"TlsPolicy": "OPTIONAL", **options.get("DeliveryOptions", {})},
        "ReputationOptions": {
            "ReputationMetricsEnabled": False,
            **options.get("ReputationOptions", {}),
        },
        "SendingOptions": {"SendingEnabled": found.is_sending_enabled},
        "Tags": tags_of(ses, _arn(ctx, found.name)),
    }
    if "TrackingOptions" in options:
        shown["TrackingOptions"] = options["TrackingOptions"]
    if "SuppressionOptions" in options:
        shown["SuppressionOptions"] = options["SuppressionOptions"]
    if "VdmOptions" in options:
        shown["VdmOptions"] = options["VdmOptions"]
    if "ArchivingOptions" in options:
        shown["ArchivingOptions"] = options["ArchivingOptions"]
    return shown


async def get_configuration_set_event_destinations(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetConfigurationSetEventDestinationsRequest
) -> shapes_v2.GetConfigurationSetEventDestinationsResult:
    """The destinations of a set by name.

    Raises:
        NotFoundException: no such set.

    AWS: SES API v2 Reference, GetConfigurationSetEventDestinations.
    """
    owner = Owner(ctx.account, ctx.region)
    found = _found(ses, owner, request["ConfigurationSetName"])
    destinations = store_of(ses).destinations(owner, found.name)
    return {"EventDestinations": [as_v2(destination) for destination in destinations]}


async def list_configuration_sets(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListConfigurationSetsRequest
) -> shapes_v2.ListConfigurationSetsResult:
    """Names of sets, or of those that contain a text, 1,000 at a time or `PageSize`.

    Raises:
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListConfigurationSets.
    """
    limit = page_size(request.get("PageSize"))
    after = after_token(request.get("NextToken", ""))
    wanted = request.get("Filter", {}).get("CONFIGURATION_SET_NAME_CONTAINS", "")
    owner = Owner(ctx.account, ctx.region)
    # All that an account may have: they are few, and names only.
    found = store_of(ses).names(owner, after, CONFIGURATION_SETS_MAX if wanted else limit + 1)
    names = [name for name in found if wanted in name][: limit + 1]
    if len(names) <= limit:
        return {"ConfigurationSets": names}
    return {"ConfigurationSets": names[:limit], "NextToken": next_token(names[limit - 1])}


async def put_configuration_set_archiving_options(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutConfigurationSetArchivingOptionsRequest
) -> shapes_v2.PutConfigurationSetArchivingOptionsResult:
    """Name the archive of a set's mails. Recorded: nothing is archived here.

    Raises:
        NotFoundException: no such set.

    AWS: SES API v2 Reference, PutConfigurationSetArchivingOptions.
    """
    found = _found(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    options = found.options.copy()
    options.pop("ArchivingOptions", None)
    if "ArchiveArn" in request:
        options["ArchivingOptions"] = {"ArchiveArn": request["ArchiveArn"]}
    _change(ses, ctx, found, options)
    return {}


async def put_configuration_set_delivery_options(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutConfigurationSetDeliveryOptionsRequest
) -> shapes_v2.PutConfigurationSetDeliveryOptionsResult:
    """Say whether TLS is required, how long delivery is tried, and from which pool it goes.

    The first two are obeyed; the pool is recorded.

    Raises:
        NotFoundException: no such set or pool.

    AWS: SES API v2 Reference, PutConfigurationSetDeliveryOptions.
    """
    owner = Owner(ctx.account, ctx.region)
    found = _found(ses, owner, request["ConfigurationSetName"])
    delivery: shapes_v2.DeliveryOptions = {}
    if "TlsPolicy" in request:
        delivery["TlsPolicy"] = request["TlsPolicy"]
    if "SendingPoolName" in request:
        delivery["SendingPoolName"] = request["SendingPoolName"]
    if "MaxDeliverySeconds" in request:
        delivery["MaxDeliverySeconds"] = request["MaxDeliverySeconds"]
    _check_delivery(ses, owner, delivery)
    options = found.options.copy()
    options["DeliveryOptions"] = delivery
    _change(ses, ctx, found, options)
    return {}


async def put_configuration_set_reputation_options(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutConfigurationSetReputationOptionsRequest
) -> shapes_v2.PutConfigurationSetReputationOptionsResult:
    """Switch the set's reputation metrics on or off. Recorded.

    Raises:
        NotFoundException: no such set.

    AWS: SES API v2 Reference, PutConfigurationSetReputationOptions.
    """
    found = _found(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    options = found.options.copy()
    options["ReputationOptions"] = {
        **options.get("ReputationOptions", {}),
        "ReputationMetricsEnabled": request.get("ReputationMetricsEnabled", False),
    }
    _change(ses, ctx, found, options)
    return {}


async def put_configuration_set_sending_options(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutConfigurationSetSendingOptionsRequest
) -> shapes_v2.PutConfigurationSetSendingOptionsResult:
    """Switch sending with this set on or off. What is switched on again begins anew.

    Raises:
        NotFoundException: no such set.

    AWS: SES API v2 Reference, PutConfigurationSetSendingOptions; ReputationOptions
    (LastFreshStart).
    """
    found = _found(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    is_enabled = request.get("SendingEnabled", False)
    options = with_sending(ses, found, is_enabled=is_enabled)
    _change(ses, ctx, found, options)
    return {}


async def put_configuration_set_suppression_options(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutConfigurationSetSuppressionOptionsRequest
) -> shapes_v2.PutConfigurationSetSuppressionOptionsResult:
    """Put reasons in place of the account's; an empty list suppresses nothing; none: the account's.

    Raises:
        NotFoundException: no such set.
        BadRequestException: the list of a tenant is asked for; there are no tenants here.

    AWS: SES API v2 Reference, PutConfigurationSetSuppressionOptions.
    """
    found = _found(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    if request.get("SuppressionScope") == "TENANT":
        raise BadRequestException("Tenants are not served by Kamome.")
    suppression: shapes_v2.SuppressionOptions = {}
    if "SuppressedReasons" in request:
        suppression["SuppressedReasons"] = request["SuppressedReasons"]
    if "ValidationOptions" in request:
        suppression["ValidationOptions"] = request["ValidationOptions"]
    options = found.options.copy()
    options.pop("SuppressionOptions", None)
    if suppression:
        options["SuppressionOptions"] = suppression
    _change(ses, ctx, found, options)
    return {}


async def put_configuration_set_tracking_options(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutConfigurationSetTrackingOptionsRequest
) -> shapes_v2.PutConfigurationSetTrackingOptionsResult:
    """Name the domain that tracking links lead to; without one they lead to this server.

    Raises:
        NotFoundException: no such set.
        BadRequestException: the domain is not a verified identity.

    AWS: SES API v2 Reference, PutConfigurationSetTrackingOptions.
    """
    owner = Owner(ctx.account, ctx.region)
    found = _found(ses, owner, request["ConfigurationSetName"])
    options = found.options.copy()
    options.pop("TrackingOptions", None)
    domain = request.get("CustomRedirectDomain", "")
    if domain:
        tracking: shapes_v2.TrackingOptions = {"CustomRedirectDomain": domain}
        if "HttpsPolicy" in request:
            tracking["HttpsPolicy"] = request["HttpsPolicy"]
        _check_tracking(ses, owner, tracking)
        options["TrackingOptions"] = tracking
    _change(ses, ctx, found, options)
    return {}


async def put_configuration_set_vdm_options(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutConfigurationSetVdmOptionsRequest
) -> shapes_v2.PutConfigurationSetVdmOptionsResult:
    """Keep the options of the Virtual Deliverability Manager. Recorded: it is not here.

    Raises:
        NotFoundException: no such set.

    AWS: SES API v2 Reference, PutConfigurationSetVdmOptions.
    """
    found = _found(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    options = found.options.copy()
    options["VdmOptions"] = request.get("VdmOptions", {})
    _change(ses, ctx, found, options)
    return {}


async def update_configuration_set_event_destination(
    ses: Ses, ctx: RequestContext, request: shapes_v2.UpdateConfigurationSetEventDestinationRequest
) -> shapes_v2.UpdateConfigurationSetEventDestinationResult:
    """Put a new definition in place of a destination's.

    Raises:
        NotFoundException: no such set or destination.
        BadRequestException: the destination cannot be used.

    AWS: SES API v2 Reference, UpdateConfigurationSetEventDestination.
    """
    owner, name = Owner(ctx.account, ctx.region), request["EventDestinationName"]
    found = _found(ses, owner, request["ConfigurationSetName"])
    if name not in [known.name for known in store_of(ses).destinations(owner, found.name)]:
        raise _no_destination(name)
    _put_destination(ses, ctx, found.name, Destination(name, request["EventDestination"]))
    return {}


def with_sending(
    ses: Ses, found: ConfigurationSet, *, is_enabled: bool
) -> shapes_v2.CreateConfigurationSetRequest:
    """The options with sending switched; switched on again, the metrics start afresh.

    AWS: SES API v2 Reference, ReputationOptions (LastFreshStart).
    """
    options = found.options.copy()
    if is_enabled and not found.is_sending_enabled:
        options["ReputationOptions"] = {
            **options.get("ReputationOptions", {}),
            "LastFreshStart": ses.clock.now_ms() / 1000,
        }
    options["SendingOptions"] = {"SendingEnabled": is_enabled}
    return options


def page_size(asked: int | None) -> int:
    """How many entries a page has.

    Raises:
        BadRequestException: `PageSize` is not 1 to 1,000.

    AWS: SES API v2 Reference, ListConfigurationSets (PageSize).
    """
    if asked is None:
        return LIST_MAX
    if not 1 <= asked <= LIST_MAX:
        raise BadRequestException(f"PageSize must be between 1 and {LIST_MAX}.")
    return asked


def _found(ses: Ses, owner: Owner, name: str) -> ConfigurationSet:
    found = configuration_sets.find(ses, owner, name)
    if found is None:
        raise _no_set(name)
    return found


def _change(
    ses: Ses,
    ctx: RequestContext,
    found: ConfigurationSet,
    options: shapes_v2.CreateConfigurationSetRequest,
) -> None:
    store_of(ses).change(Owner(ctx.account, ctx.region), found.name, orjson.dumps(options))


def _put_destination(
    ses: Ses, ctx: RequestContext, set_name: str, destination: Destination
) -> None:
    _, reason = refusal(ses, ctx, set_name, destination)
    if reason:
        raise BadRequestException(reason)
    store_of(ses).put_destination(Owner(ctx.account, ctx.region), set_name, destination)


def _check_tracking(ses: Ses, owner: Owner, tracking: shapes_v2.TrackingOptions | None) -> None:
    if tracking is not None and not is_verified_domain(
        ses, owner, tracking["CustomRedirectDomain"]
    ):
        domain = tracking["CustomRedirectDomain"]
        raise BadRequestException(f"The domain <{domain}> is not a verified identity.")


def _check_delivery(ses: Ses, owner: Owner, delivery: shapes_v2.DeliveryOptions | None) -> None:
    name = "" if delivery is None else delivery.get("SendingPoolName", "")
    if name and not dedicated_ips.pool_exists(ses, owner, name):
        raise NotFoundException(f"Dedicated IP pool <{name}> does not exist.")


def _arn(ctx: RequestContext, name: str) -> str:
    return ctx.arn("ses", f"configuration-set/{name}")


def _no_set(name: str) -> NotFoundException:
    return NotFoundException(f"Configuration set <{name}> does not exist.")


def _no_destination(name: str) -> NotFoundException:
    return NotFoundException(f"Event destination <{name}> does not exist.")

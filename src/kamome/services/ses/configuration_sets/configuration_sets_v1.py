"""Configuration sets by the first API, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.context import RequestContext
from kamome.services.ses.configuration_sets import configuration_sets
from kamome.services.ses.configuration_sets.configuration_set_store import Destination
from kamome.services.ses.configuration_sets.configuration_sets import (
    ConfigurationSet,
    is_name,
    store_of,
)
from kamome.services.ses.configuration_sets.configuration_sets_v2 import with_sending
from kamome.services.ses.configuration_sets.event_destinations import (
    CLOUD_WATCH,
    FIREHOSE,
    SNS,
    as_v1,
    of_v1,
    refusal,
)
from kamome.services.ses.configuration_sets.redirect_domains import is_verified_domain
from kamome.services.ses.errors import (
    ConfigurationSetAlreadyExists,
    ConfigurationSetDoesNotExist,
    EventDestinationAlreadyExists,
    EventDestinationDoesNotExist,
    InvalidCloudWatchDestination,
    InvalidConfigurationSet,
    InvalidFirehoseDestination,
    InvalidParameterValue,
    InvalidSNSDestination,
    InvalidTrackingOptions,
    LimitExceeded,
    TrackingOptionsAlreadyExistsException,
    TrackingOptionsDoesNotExistException,
)
from kamome.services.ses.limits import CONFIGURATION_SETS_MAX, EVENT_DESTINATIONS_MAX, LIST_MAX
from kamome.services.ses.pages import after_token_v1, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import forget_tags

if TYPE_CHECKING:
    from kamome.services.ses import shapes

_REFUSALS = {
    CLOUD_WATCH: InvalidCloudWatchDestination,
    FIREHOSE: InvalidFirehoseDestination,
    SNS: InvalidSNSDestination,
}
_TLS_POLICIES = {"Require": "REQUIRE", "Optional": "OPTIONAL"}


async def create_configuration_set(
    ses: Ses, ctx: RequestContext, request: shapes.CreateConfigurationSetRequest
) -> shapes.CreateConfigurationSetResult:
    """Make an empty set.

    Raises:
        InvalidConfigurationSet: the name is not allowed.
        ConfigurationSetAlreadyExists: a set of this name exists.
        LimitExceeded: the account has 10,000 sets in the region.

    AWS: SES API Reference, CreateConfigurationSet.
    """
    owner, name = Owner(ctx.account, ctx.region), request["ConfigurationSet"]["Name"]
    if not is_name(name):
        raise InvalidConfigurationSet(f"Invalid configuration set name <{name}>.")
    if configuration_sets.find(ses, owner, name) is not None:
        raise ConfigurationSetAlreadyExists(
            f"Configuration set <{name}> already exists.", {"ConfigurationSetName": name}
        )
    if store_of(ses).number(owner) >= CONFIGURATION_SETS_MAX:
        raise LimitExceeded("The number of configuration sets is at its maximum.")
    options = {"ConfigurationSetName": name}
    store_of(ses).add(owner, name, orjson.dumps(options), ses.clock.now_ms())
    return {}


async def create_configuration_set_event_destination(
    ses: Ses, ctx: RequestContext, request: shapes.CreateConfigurationSetEventDestinationRequest
) -> shapes.CreateConfigurationSetEventDestinationResult:
    """Add a place that events of a set's mails go to: SNS, CloudWatch or Firehose.

    Raises:
        ConfigurationSetDoesNotExist: no such set.
        EventDestinationAlreadyExists: the set has a destination of this name.
        InvalidSNSDestination: no such topic.
        InvalidCloudWatchDestination: the dimensions cannot be used.
        InvalidFirehoseDestination: the ARNs are none.
        LimitExceeded: the set has ten destinations.

    AWS: SES API Reference, CreateConfigurationSetEventDestination.
    """
    owner, given = Owner(ctx.account, ctx.region), request["EventDestination"]
    found = _found(ses, owner, request["ConfigurationSetName"])
    known = store_of(ses).destinations(owner, found.name)
    if given["Name"] in [destination.name for destination in known]:
        raise EventDestinationAlreadyExists(
            f"Event destination <{given['Name']}> already exists.", _names(found.name, given)
        )
    if len(known) >= EVENT_DESTINATIONS_MAX:
        raise LimitExceeded(
            f"A configuration set has at most {EVENT_DESTINATIONS_MAX} event destinations."
        )
    _put_destination(ses, ctx, found.name, given)
    return {}


async def create_configuration_set_tracking_options(
    ses: Ses, ctx: RequestContext, request: shapes.CreateConfigurationSetTrackingOptionsRequest
) -> shapes.CreateConfigurationSetTrackingOptionsResult:
    """Name the domain that tracking links lead to.

    Raises:
        ConfigurationSetDoesNotExist: no such set.
        TrackingOptionsAlreadyExistsException: the set has a domain.
        InvalidTrackingOptions: it is not a verified identity.

    AWS: SES API Reference, CreateConfigurationSetTrackingOptions.
    """
    found = _found(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    if "TrackingOptions" in found.options:
        raise TrackingOptionsAlreadyExistsException(
            f"Tracking options for configuration set <{found.name}> already exist.",
            {"ConfigurationSetName": found.name},
        )
    _track(ses, ctx, found, request["TrackingOptions"])
    return {}


async def delete_configuration_set(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteConfigurationSetRequest
) -> shapes.DeleteConfigurationSetResult:
    """Forget a set and its destinations.

    Raises:
        ConfigurationSetDoesNotExist: no such set.

    AWS: SES API Reference, DeleteConfigurationSet.
    """
    name = request["ConfigurationSetName"]
    if not store_of(ses).delete(Owner(ctx.account, ctx.region), name):
        raise _no_set(name)
    forget_tags(ses, ctx.arn("ses", f"configuration-set/{name}"))
    return {}


async def delete_configuration_set_event_destination(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteConfigurationSetEventDestinationRequest
) -> shapes.DeleteConfigurationSetEventDestinationResult:
    """Take a destination out of a set.

    Raises:
        ConfigurationSetDoesNotExist: no such set.
        EventDestinationDoesNotExist: no such destination.

    AWS: SES API Reference, DeleteConfigurationSetEventDestination.
    """
    owner, name = Owner(ctx.account, ctx.region), request["EventDestinationName"]
    found = _found(ses, owner, request["ConfigurationSetName"])
    if not store_of(ses).delete_destination(owner, found.name, name):
        raise _no_destination(found.name, name)
    return {}


async def delete_configuration_set_tracking_options(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteConfigurationSetTrackingOptionsRequest
) -> shapes.DeleteConfigurationSetTrackingOptionsResult:
    """Let tracking links lead to this server again.

    Raises:
        ConfigurationSetDoesNotExist: no such set.
        TrackingOptionsDoesNotExistException: the set has no domain.

    AWS: SES API Reference, DeleteConfigurationSetTrackingOptions.
    """
    found = _tracked(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    options = found.options.copy()
    del options["TrackingOptions"]
    store_of(ses).change(Owner(ctx.account, ctx.region), found.name, orjson.dumps(options))
    return {}


async def describe_configuration_set(
    ses: Ses, ctx: RequestContext, request: shapes.DescribeConfigurationSetRequest
) -> shapes.DescribeConfigurationSetResult:
    """A set, with those of its parts that are asked for.

    Destinations that only the second API knows (EventBridge, Pinpoint) are left out.

    Raises:
        ConfigurationSetDoesNotExist: no such set.

    AWS: SES API Reference, DescribeConfigurationSet.
    """
    owner = Owner(ctx.account, ctx.region)
    found = _found(ses, owner, request["ConfigurationSetName"])
    asked = request.get("ConfigurationSetAttributeNames", [])
    shown: shapes.DescribeConfigurationSetResult = {"ConfigurationSet": {"Name": found.name}}
    if "eventDestinations" in asked:
        known = [as_v1(each) for each in store_of(ses).destinations(owner, found.name)]
        shown["EventDestinations"] = [destination for destination in known if destination]
    if "trackingOptions" in asked and found.redirect_domain:
        shown["TrackingOptions"] = {"CustomRedirectDomain": found.redirect_domain}
    if "deliveryOptions" in asked:
        shown["DeliveryOptions"] = {"TlsPolicy": "Require" if found.requires_tls else "Optional"}
    if "reputationOptions" in asked:
        reputation = found.options.get("ReputationOptions", {})
        shown["ReputationOptions"] = {
            "SendingEnabled": found.is_sending_enabled,
            "ReputationMetricsEnabled": reputation.get("ReputationMetricsEnabled", False),
        }
        if "LastFreshStart" in reputation:
            shown["ReputationOptions"]["LastFreshStart"] = reputation["LastFreshStart"]
    return shown


async def list_configuration_sets(
    ses: Ses, ctx: RequestContext, request: shapes.ListConfigurationSetsRequest
) -> shapes.ListConfigurationSetsResult:
    """Sets by name, 1,000 at a time or `MaxItems`.

    Raises:
        InvalidParameterValue: `MaxItems` is not 1 to 1,000, or the token is not ours.

    AWS: SES API Reference, ListConfigurationSets.
    """
    limit = request.get("MaxItems", LIST_MAX)
    if not 1 <= limit <= LIST_MAX:
        raise InvalidParameterValue(f"MaxItems must be between 1 and {LIST_MAX}.")
    after = after_token_v1(request.get("NextToken", ""))
    names = store_of(ses).names(Owner(ctx.account, ctx.region), after, limit + 1)
    shown: shapes.ListConfigurationSetsResult = {
        "ConfigurationSets": [{"Name": name} for name in names[:limit]]
    }
    if len(names) > limit:
        shown["NextToken"] = next_token(names[limit - 1])
    return shown


async def put_configuration_set_delivery_options(
    ses: Ses, ctx: RequestContext, request: shapes.PutConfigurationSetDeliveryOptionsRequest
) -> shapes.PutConfigurationSetDeliveryOptionsResult:
    """Say whether mails go over TLS only.

    Raises:
        ConfigurationSetDoesNotExist: no such set.

    AWS: SES API Reference, PutConfigurationSetDeliveryOptions.
    """
    owner = Owner(ctx.account, ctx.region)
    found = _found(ses, owner, request["ConfigurationSetName"])
    policy = request.get("DeliveryOptions", {}).get("TlsPolicy", "Optional")
    options = found.options.copy()
    options["DeliveryOptions"] = {
        **options.get("DeliveryOptions", {}),
        "TlsPolicy": _TLS_POLICIES[policy],
    }
    store_of(ses).change(owner, found.name, orjson.dumps(options))
    return {}


async def update_configuration_set_event_destination(
    ses: Ses, ctx: RequestContext, request: shapes.UpdateConfigurationSetEventDestinationRequest
) -> shapes.UpdateConfigurationSetEventDestinationResult:
    """Put a new definition in place of a destination's.

    Raises:
        ConfigurationSetDoesNotExist: no such set.
        EventDestinationDoesNotExist: no such destination.
        InvalidSNSDestination, InvalidCloudWatchDestination, InvalidFirehoseDestination: it cannot
            be used.

    AWS: SES API Reference, UpdateConfigurationSetEventDestination.
    """
    owner, given = Owner(ctx.account, ctx.region), request["EventDestination"]
    found = _found(ses, owner, request["ConfigurationSetName"])
    if given["Name"] not in [known.name for known in store_of(ses).destinations(owner, found.name)]:
        raise _no_destination(found.name, given["Name"])
    _put_destination(ses, ctx, found.name, given)
    return {}


async def update_configuration_set_reputation_metrics_enabled(
    ses: Ses,
    ctx: RequestContext,
    request: shapes.UpdateConfigurationSetReputationMetricsEnabledRequest,
) -> None:
    """Switch the set's reputation metrics on or off. Recorded.

    Raises:
        ConfigurationSetDoesNotExist: no such set.

    AWS: SES API Reference, UpdateConfigurationSetReputationMetricsEnabled.
    """
    owner = Owner(ctx.account, ctx.region)
    found = _found(ses, owner, request["ConfigurationSetName"])
    options = found.options.copy()
    options["ReputationOptions"] = {
        **options.get("ReputationOptions", {}),
        "ReputationMetricsEnabled": request["Enabled"],
    }
    store_of(ses).change(owner, found.name, orjson.dumps(options))


async def update_configuration_set_sending_enabled(
    ses: Ses, ctx: RequestContext, request: shapes.UpdateConfigurationSetSendingEnabledRequest
) -> None:
    """Switch sending with this set on or off.

    Raises:
        ConfigurationSetDoesNotExist: no such set.

    AWS: SES API Reference, UpdateConfigurationSetSendingEnabled.
    """
    owner = Owner(ctx.account, ctx.region)
    found = _found(ses, owner, request["ConfigurationSetName"])
    options = with_sending(ses, found, is_enabled=request["Enabled"])
    store_of(ses).change(owner, found.name, orjson.dumps(options))


async def update_configuration_set_tracking_options(
    ses: Ses, ctx: RequestContext, request: shapes.UpdateConfigurationSetTrackingOptionsRequest
) -> shapes.UpdateConfigurationSetTrackingOptionsResult:
    """Put another domain in place of the one that tracking links lead to.

    Raises:
        ConfigurationSetDoesNotExist: no such set.
        TrackingOptionsDoesNotExistException: the set has no domain.
        InvalidTrackingOptions: the new one is not a verified identity.

    AWS: SES API Reference, UpdateConfigurationSetTrackingOptions.
    """
    found = _tracked(ses, Owner(ctx.account, ctx.region), request["ConfigurationSetName"])
    _track(ses, ctx, found, request["TrackingOptions"])
    return {}


def _found(ses: Ses, owner: Owner, name: str) -> ConfigurationSet:
    found = configuration_sets.find(ses, owner, name)
    if found is None:
        raise _no_set(name)
    return found


def _tracked(ses: Ses, owner: Owner, name: str) -> ConfigurationSet:
    found = _found(ses, owner, name)
    if "TrackingOptions" not in found.options:
        raise TrackingOptionsDoesNotExistException(
            f"Tracking options for configuration set <{name}> do not exist.",
            {"ConfigurationSetName": name},
        )
    return found


def _track(
    ses: Ses, ctx: RequestContext, found: ConfigurationSet, tracking: shapes.TrackingOptions
) -> None:
    owner, domain = Owner(ctx.account, ctx.region), tracking.get("CustomRedirectDomain", "")
    if not is_verified_domain(ses, owner, domain):
        raise InvalidTrackingOptions(f"The domain <{domain}> is not a verified identity.")
    options = found.options.copy()
    options["TrackingOptions"] = {"CustomRedirectDomain": domain}
    store_of(ses).change(owner, found.name, orjson.dumps(options))


def _put_destination(
    ses: Ses, ctx: RequestContext, set_name: str, given: shapes.EventDestination
) -> None:
    if not is_name(given["Name"]):
        raise InvalidParameterValue(f"Invalid event destination name <{given['Name']}>.")
    destination = Destination(given["Name"], of_v1(given))
    kind, reason = refusal(ses, ctx, set_name, destination)
    if reason and kind in _REFUSALS:
        raise _REFUSALS[kind](reason, _names(set_name, given))
    if reason:
        raise InvalidParameterValue(reason)
    store_of(ses).put_destination(Owner(ctx.account, ctx.region), set_name, destination)


def _names(set_name: str, given: shapes.EventDestination) -> dict[str, object]:
    return {"ConfigurationSetName": set_name, "EventDestinationName": given["Name"]}


def _no_set(name: str) -> ConfigurationSetDoesNotExist:
    members = {"ConfigurationSetName": name}
    return ConfigurationSetDoesNotExist(f"Configuration set <{name}> does not exist.", members)


def _no_destination(set_name: str, name: str) -> EventDestinationDoesNotExist:
    members = {"ConfigurationSetName": set_name, "EventDestinationName": name}
    return EventDestinationDoesNotExist(f"Event destination <{name}> does not exist.", members)

"""Configuration sets: what they say about the mails that name them.

One set serves both APIs; its options are kept in the words of the second. The operations stand in
`configuration_sets_v1.py` and `configuration_sets_v2.py`.

AWS: SES Developer Guide, Using configuration sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
import orjson

from kamome.services.ses.configuration_sets.configuration_set_store import ConfigurationSetStore
from kamome.services.ses.limits import NAME_CHARACTERS_MAX

if TYPE_CHECKING:
    from kamome.services.ses.shapes_v2 import CreateConfigurationSetRequest
    from kamome.services.ses.slice import Ses
    from kamome.services.ses.store import Owner

_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
# AWS: SES API v2 Reference, DeliveryOptions (MaxDeliverySeconds): 14 hours without it.
DELIVERY_MS = 50_400_000


class ConfigurationSet(msgspec.Struct, frozen=True):
    """A set by its name. `options` has the groups of CreateConfigurationSet in the API v2."""

    name: str
    options: CreateConfigurationSetRequest

    @property
    def is_sending_enabled(self) -> bool:
        """Whether mails may be sent with it."""
        return self.options.get("SendingOptions", {}).get("SendingEnabled", True)

    @property
    def requires_tls(self) -> bool:
        """Whether mails go over TLS or not at all."""
        return self.options.get("DeliveryOptions", {}).get("TlsPolicy") == "REQUIRE"

    @property
    def max_delivery_ms(self) -> int:
        """How long delivery is tried."""
        options = self.options.get("DeliveryOptions", {})
        seconds = options.get("MaxDeliverySeconds")
        return DELIVERY_MS if seconds is None else seconds * 1000

    @property
    def suppressed_reasons(self) -> tuple[str, ...] | None:
        """The reasons that stand in place of the account's; None: the account's hold."""
        options = self.options.get("SuppressionOptions")
        if options is None or "SuppressedReasons" not in options:
            return None
        return tuple(options["SuppressedReasons"])

    @property
    def redirect_domain(self) -> str:
        """The host of tracking links; empty: the server's own."""
        options = self.options.get("TrackingOptions")
        return "" if options is None else options["CustomRedirectDomain"]


def find(ses: Ses, owner: Owner, name: str) -> ConfigurationSet | None:
    """A set by its name; None where there is none, or no name.

    AWS: SES Developer Guide, Specifying a configuration set when you send email.
    """
    options = store_of(ses).options(owner, name) if name else None
    if options is None:
        return None
    return ConfigurationSet(name, cast("CreateConfigurationSetRequest", orjson.loads(options)))


def store_of(ses: Ses) -> ConfigurationSetStore:
    """The rows of configuration sets."""
    return ConfigurationSetStore(ses.store.engine)


def is_name(name: str) -> bool:
    """Whether a set or destination may be called so.

    AWS: SES API Reference, ConfigurationSet (Name): letters, digits, `_` and `-`, at most 64.
    """
    return 0 < len(name) <= NAME_CHARACTERS_MAX and _NAME_CHARACTERS.issuperset(name)

"""`Ses`: what the operations, the sending and the receiving of mail work with."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.ses.identities.identity_store import IdentityStore
from kamome.services.ses.ports import SesPorts
from kamome.services.ses.sending.sent_store import SentStore
from kamome.services.ses.store import SesStore
from kamome.storage.blobs import Blobs
from kamome.storage.outbox import Outbox


def _nowhere() -> str:
    return "http://localhost:4566"


class SesSettings(msgspec.Struct, frozen=True):
    """What SES is told of the server's settings.

    `are_identities_verified_at_once` is the mode of development: an identity is verified when it is
    asked for. Otherwise a domain is verified by DNS and an address by the link it is sent.
    `is_sandboxed` is where an account begins. `mail_from_domain` is the domain of return paths for
    identities without a custom MAIL FROM domain; empty: Amazon's own, as AWS does. `mail_hostname`
    is the name of our mail server, `own_url` where links in mails lead.
    """

    are_identities_verified_at_once: bool = True
    is_sandboxed: bool = False
    mail_from_domain: str = ""
    mail_hostname: str = "localhost"
    own_url: Callable[[], str] = _nowhere


class Ses(msgspec.Struct, frozen=True):
    """The slice. Its state is all in the store."""

    store: SesStore
    outbox: Outbox
    journeys: Journeys
    clock: Clock
    ids: Ids
    ports: SesPorts
    sent: SentStore
    blobs: Blobs
    identities: IdentityStore
    settings: SesSettings = SesSettings()

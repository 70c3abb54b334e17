"""The suppression list: whom mails do not go to, and who comes on it.

AWS: SES Developer Guide, Using the Amazon SES account-level suppression list; Using configuration
set-level suppression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ses.configuration_sets import configuration_sets
from kamome.services.ses.feedback.simulated_addresses import is_simulated
from kamome.services.ses.feedback.suppression_store import Suppressed, SuppressionStore
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses

BOUNCE = "BOUNCE"
COMPLAINT = "COMPLAINT"


def normal_address(address: str) -> str:
    """The form in which addresses are compared: lower case.

    AWS: SES API v2 Reference, PutSuppressedDestination: the list does not tell cases apart.
    """
    return address.strip().lower()


def reasons_for(ses: Ses, owner: Owner, configuration_set: str) -> tuple[str, ...]:
    """The reasons that hold for mails of a set: its own where it has any group of them.

    AWS: SES Developer Guide, Enabling configuration set-level suppression.
    """
    found = configuration_sets.find(ses, owner, configuration_set)
    own = None if found is None else found.suppressed_reasons
    return store_of(ses).attributes(owner).reasons if own is None else own


def suppressed(ses: Ses, sent: SentMail) -> dict[str, str]:
    """The recipients of a mail that it does not go to, and why (`BOUNCE` or `COMPLAINT`)."""
    owner = Owner(sent.account, sent.region)
    reasons = reasons_for(ses, owner, sent.configuration_set)
    if not reasons:
        return {}
    kept = store_of(ses)
    found: dict[str, str] = {}
    for address in sent.destinations:
        entry = kept.find(owner, normal_address(address))
        if entry is not None and entry.reason in reasons:
            found[address] = entry.reason
    return found


def suppress(ses: Ses, sent: SentMail, address: str, reason: str, feedback_id: str) -> bool:
    """A hard bounce or a complaint puts the address on the list, where that reason holds.

    The simulator's addresses never come on it. Returns whether it was put there.

    AWS: SES Developer Guide, Using the Amazon SES account-level suppression list.
    """
    owner = Owner(sent.account, sent.region)
    if is_simulated(address) or reason not in reasons_for(ses, owner, sent.configuration_set):
        return False
    now_ms = ses.clock.now_ms()
    entry = Suppressed(normal_address(address), reason, now_ms, sent.message_id, feedback_id)
    store_of(ses).put(owner, entry)
    return True


def store_of(ses: Ses) -> SuppressionStore:
    """The rows of the list."""
    return SuppressionStore(ses.store.engine)

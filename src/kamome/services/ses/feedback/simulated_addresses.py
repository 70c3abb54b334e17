"""The addresses of the mailbox simulator, and what each of them does.

AWS: SES Developer Guide, Using the mailbox simulator manually.
"""

from __future__ import annotations

DOMAIN = "simulator.amazonses.com"

SUCCESS = "success"
BOUNCE = "bounce"
OUT_OF_OFFICE = "ooto"
COMPLAINT = "complaint"
SUPPRESSION_LIST = "suppressionlist"
_SCENARIOS = frozenset({SUCCESS, BOUNCE, OUT_OF_OFFICE, COMPLAINT, SUPPRESSION_LIST})


def is_simulated(address: str) -> bool:
    """Whether an address belongs to the simulator: it may be written to from the sandbox."""
    return address.rpartition("@")[2].lower() == DOMAIN


def scenario_of(address: str) -> str | None:
    """What the simulator does with a mail to this address, whatever its label (`bounce+label@…`).

    An address that it does not know bounces as any unknown user does. None: not of the simulator.
    """
    if not is_simulated(address):
        return None
    name = address.partition("@")[0].partition("+")[0].lower()
    return name if name in _SCENARIOS else BOUNCE

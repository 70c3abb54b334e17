"""The outbox entries of SNS: one call names all their handlers.

AWS: SNS Developer Guide, Amazon SNS message delivery retries.
"""

from __future__ import annotations

from kamome.services.sns import confirmations, deliveries, http_deliveries, replays
from kamome.services.sns.slice import Sns


def register(sns: Sns) -> None:
    """Name the handlers of SNS's outbox entries. Call it before the outbox starts.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    deliveries.register(sns)
    http_deliveries.register(sns)
    confirmations.register(sns)
    replays.register(sns)

"""SNS delivers to queues, functions, mailboxes and HTTP endpoints."""

from __future__ import annotations

from kamome.services.sns.ports import SnsPorts
from kamome.services.sns.slice import Sns, make_sns
from kamome.services.sns.store import SnsStore
from kamome.wiring.kernel import Kernel
from kamome.wiring.offers import Offers
from kamome.wiring.settings import SliceSettings


def make(kernel: Kernel, settings: SliceSettings, offers: Offers) -> Sns:
    """The slice with its ports."""
    return make_sns(
        SnsStore(kernel.engine),
        kernel.clock,
        kernel.ids,
        kernel.outbox,
        ports=SnsPorts(
            offers.send_to_queue, offers.invoke_event, offers.send_mail, offers.hand_overs.post
        ),
        journeys=kernel.journeys,
        certificate_base=settings.sns_certificate_base,
    )

"""What the account has sent in the last two weeks. AWS: SES API Reference, GetSendStatistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.feedback.event_store import STATISTICS_MS, EventStore
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes


async def get_send_statistics(
    ses: Ses, ctx: RequestContext, _request: object
) -> shapes.GetSendStatisticsResult:
    """Attempts, bounces, complaints and rejects for each quarter of an hour of two weeks.

    Quarters in which nothing happened are left out. The simulator's bounces and complaints do not
    count.

    AWS: SES API Reference, GetSendStatistics.
    """
    owner, kept = Owner(ctx.account, ctx.region), EventStore(ses.store.engine)
    since_ms = ses.clock.now_ms() - STATISTICS_MS
    points: list[shapes.SendDataPoint] = [
        {
            "Timestamp": period.at_ms / 1000,
            "DeliveryAttempts": period.delivery_attempts,
            "Bounces": period.bounces,
            "Complaints": period.complaints,
            "Rejects": period.rejects,
        }
        for period in kept.statistics(owner, since_ms)
    ]
    return {"SendDataPoints": points}

"""The Virtual Deliverability Manager's metrics: what is counted of an event, and asking for it.

Mails to the mailbox simulator and to more than one recipient are not counted, nor is what comes of
the suppression list instead of a server. An open or a click counts once for each mail.

AWS: SES API v2 Reference, BatchGetMetricDataQuery (Metric).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors_v2 import BadRequestException
from kamome.services.ses.feedback import events
from kamome.services.ses.feedback.bounce_types import ON_ACCOUNT_SUPPRESSION_LIST, UNSUBSCRIBED
from kamome.services.ses.feedback.metric_store import DAY_MS, Kept, MetricStore
from kamome.services.ses.feedback.simulated_addresses import is_simulated
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2
    from kamome.services.ses.feedback.events import Event
    from kamome.services.ses.sending.sent_mails import SentMail

_PLAIN = {events.SEND: "SEND", events.OPEN: "OPEN", events.CLICK: "CLICK"}
_BOUNCES = {"Permanent": "PERMANENT_BOUNCE", "Transient": "TRANSIENT_BOUNCE"}
# Bounces and complaints that are SES's own: no server has said anything.
_OWN = frozenset({ON_ACCOUNT_SUPPRESSION_LIST.sub_type, UNSUBSCRIBED.sub_type})
_ANY = "*"


def count(ses: Ses, sent: SentMail, event: Event, *, is_first: bool) -> None:
    """Count an event in its metrics, inside the step that publishes it.

    `is_first` says that the mail has had no event of this type before.

    AWS: SES API v2 Reference, BatchGetMetricDataQuery (Metric).
    """
    if len(sent.destinations) != 1 or is_simulated(sent.destinations[0]):
        return
    owner, kept = Owner(sent.account, sent.region), MetricStore(ses.store.engine)
    apart = Kept(sent.identity, sent.configuration_set)
    for metric in _metrics(sent, event, is_first=is_first):
        kept.count(owner, metric, event.at_ms, apart)


def _metrics(sent: SentMail, event: Event, *, is_first: bool) -> list[str]:
    if event.type == events.DELIVERY:
        tracked = [f"DELIVERY_{kind}" for kind in sent.trackers]
        # Here every provider may send complaints: to the return path.
        return ["DELIVERY", "DELIVERY_COMPLAINT", *tracked]
    if event.type == events.BOUNCE and event.detail["bounceSubType"] not in _OWN:
        metric = _BOUNCES.get(str(event.detail["bounceType"]))
        return [metric] if metric else []
    if event.type == events.COMPLAINT and event.detail["complaintSubType"] not in _OWN:
        return ["COMPLAINT"]
    return [_PLAIN[event.type]] if event.type in _PLAIN and is_first else []


async def batch_get_metric_data(
    ses: Ses, ctx: RequestContext, request: shapes_v2.BatchGetMetricDataRequest
) -> shapes_v2.BatchGetMetricDataResult:
    """Sums by day (UTC) of up to ten metrics; days in which nothing was counted are left out.

    Both dates are inclusive, and mean the whole of their days. At AWS it needs the Virtual
    Deliverability Manager; here it is always on. What was sent in the last 120 days is known.

    Raises:
        BadRequestException: an interval ends before it begins, an id comes twice, or a dimension
            is one that is not known here (ISP, TENANT_NAME).

    AWS: SES API v2 Reference, BatchGetMetricData.
    """
    queries = request["Queries"]
    if len({query["Id"] for query in queries}) != len(queries):
        raise BadRequestException("The ids of queries must be unique.")
    owner = Owner(ctx.account, ctx.region)
    return {"Results": [_result(ses, owner, query) for query in queries], "Errors": []}


def _result(
    ses: Ses, owner: Owner, query: shapes_v2.BatchGetMetricDataQuery
) -> shapes_v2.MetricDataResult:
    start_ms, end_ms = int(query["StartDate"] * 1000), int(query["EndDate"] * 1000)
    if end_ms < start_ms:
        raise BadRequestException(f"Query {query['Id']}: EndDate is before StartDate.")
    between = (start_ms - start_ms % DAY_MS, end_ms)
    apart = _apart(query["Id"], query.get("Dimensions", {}))
    days = MetricStore(ses.store.engine).days(owner, query["Metric"], between, apart)
    return {
        "Id": query["Id"],
        "Timestamps": [day_ms / 1000 for day_ms, _ in days],
        "Values": [count for _, count in days],
    }


def _apart(query_id: str, dimensions: Mapping[str, str]) -> Kept:
    """What is asked for; `*` means all of a dimension, as its absence does."""
    asked = {name: value for name, value in dimensions.items() if value != _ANY}
    identity = asked.pop("EMAIL_IDENTITY", "")
    apart = Kept(identity.rpartition("identity/")[2], asked.pop("CONFIGURATION_SET", ""))
    if asked:
        names = ", ".join(sorted(asked))
        raise BadRequestException(f"Query {query_id}: {names} is not known to Kamome.")
    return apart

"""What an export job writes: a line for each day of metrics, or for each recipient of a mail.

AWS documents what is exported, not how the columns are called; the names here are those of its API.

AWS: SES API v2 Reference, MetricsDataSource, MessageInsightsDataSource.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import orjson

from kamome.services.ses.exports.insight_filters import (
    Insight,
    is_wanted,
    last_delivery_event,
    last_engagement_event,
)
from kamome.services.ses.feedback.event_store import EventStore
from kamome.services.ses.feedback.metric_store import DAY_MS, DaySum, MetricStore
from kamome.services.ses.limits import EXPORTED_INSIGHTS_DEFAULT
from kamome.services.ses.receiving.notifications import timestamp

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses
    from kamome.services.ses.store import Owner

Cell = str | int | float
Line = Mapping[str, Cell]

_PAGE = 200
_ANY = "*"
_DIMENSIONS = ("EMAIL_IDENTITY", "CONFIGURATION_SET")
# Volumes are counts; rates are parts of the sends of the same day and dimensions.
_RATE = "RATE"
_SEND = "SEND"


def metric_lines(ses: Ses, owner: Owner, source: shapes_v2.MetricsDataSource) -> list[Line]:
    """A line for each day and each value of the dimensions asked for, in order.

    AWS: SES API v2 Reference, MetricsDataSource, ExportMetric.
    """
    asked = source["Dimensions"]
    names = [name for name in _DIMENSIONS if name in asked]
    wanted = [metric.get("Name", _SEND) for metric in source["Metrics"]]
    sums: dict[tuple[int, tuple[str, ...]], dict[str, int]] = {}
    start_ms = int(source["StartDate"] * 1000)
    between = (start_ms - start_ms % DAY_MS, int(source["EndDate"] * 1000))
    for metric in dict.fromkeys((*wanted, _SEND)):
        for day in MetricStore(ses.store.engine).sums(owner, metric, between):
            values = _values(day, asked)
            if values is not None:
                counted = sums.setdefault((day.day_ms, values), {})
                counted[metric] = counted.get(metric, 0) + day.count
    return [
        {
            "Date": timestamp(day_ms)[:10],
            **dict(zip(names, values, strict=True)),
            **_measures(counted, source["Metrics"]),
        }
        for (day_ms, values), counted in sorted(sums.items())
    ]


async def insight_lines(
    ses: Ses, owner: Owner, source: shapes_v2.MessageInsightsDataSource
) -> tuple[list[Line], int]:
    """A line for each recipient of the newest mails that are wanted; how many were looked at.

    AWS: SES API v2 Reference, MessageInsightsDataSource.
    """
    start_ms, end_ms = int(source["StartDate"] * 1000), int(source["EndDate"] * 1000)
    limit = source.get("MaxResults", EXPORTED_INSIGHTS_DEFAULT)
    lines: list[Line] = []
    looked_at, place = 0, (end_ms + 1, "")
    while True:
        mails = ses.sent.latest(_PAGE, before=place, owner=(owner.account, owner.region))
        for sent in mails:
            if sent.sent_at_ms < start_ms:
                return lines, looked_at
            for insight in _insights(ses, sent):
                if len(lines) >= limit:
                    return lines, looked_at
                looked_at += 1
                if is_wanted(insight, source):
                    lines.append(_line(insight))
        if len(mails) < _PAGE:
            return lines, looked_at
        place = (mails[-1].sent_at_ms, mails[-1].message_id)
        await asyncio.sleep(0)  # others are served between pages


def written(lines: Sequence[Line], data_format: str) -> bytes:
    """The file: CSV with a first line of names (RFC 4180), or a JSON array of objects.

    AWS: SES API v2 Reference, ExportDestination (DataFormat).
    """
    if data_format == "JSON":
        return orjson.dumps(lines)
    text = io.StringIO(newline="")
    if lines:
        writer = csv.DictWriter(text, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return text.getvalue().encode()


def _values(day: DaySum, asked: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """The day's values of the dimensions asked for; None where it is not asked for."""
    own = {"EMAIL_IDENTITY": day.identity, "CONFIGURATION_SET": day.configuration_set}
    for name, wanted in asked.items():
        if name in own and _ANY not in wanted and own[name] not in wanted:
            return None
    return tuple(own[name] for name in _DIMENSIONS if name in asked)


def _measures(
    counted: Mapping[str, int], metrics: Sequence[shapes_v2.ExportMetric]
) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for metric in metrics:
        name, aggregation = metric.get("Name", _SEND), metric.get("Aggregation", "VOLUME")
        volume, sends = counted.get(name, 0), counted.get(_SEND, 0)
        rate = volume / sends if sends else 0.0
        found[f"{name}_{aggregation}"] = rate if aggregation == _RATE else volume
    return found


def _insights(ses: Ses, sent: SentMail) -> list[Insight]:
    if not sent.identity:  # the service's own mails
        return []
    happened = EventStore(ses.store.engine).events(sent.message_id)
    by_recipient = {
        address: [event for event in happened if event.recipient == address]
        for address in sent.destinations
    }
    return [
        Insight(
            message_id=sent.message_id,
            sent_at_ms=sent.sent_at_ms,
            from_address=sent.source,
            destination=address,
            subject=sent.subject,
            last_delivery_event=last_delivery_event(own),
            last_engagement_event=last_engagement_event(own),
        )
        for address, own in by_recipient.items()
    ]


def _line(insight: Insight) -> Line:
    return {
        "MessageId": insight.message_id,
        "SendTimestamp": timestamp(insight.sent_at_ms),
        "FromEmailAddress": insight.from_address,
        "Destination": insight.destination,
        "Subject": insight.subject,
        "LastDeliveryEvent": insight.last_delivery_event,
        "LastEngagementEvent": insight.last_engagement_event,
    }

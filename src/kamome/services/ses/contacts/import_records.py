"""The lines of an import: suppressed addresses and contacts, as CSV or JSON. Pure.

AWS: SES Developer Guide, Adding email addresses in bulk to the account-level suppression list; Bulk
importing contacts to your contact list.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping

import msgspec
import orjson

from kamome.services.ses.contacts.subscriptions import OPT_IN, OPT_OUT
from kamome.services.ses.feedback.suppression import BOUNCE, COMPLAINT

CSV = "CSV"
_PREFERENCE = "topicPreferences."
_TRUTHS = {"true": True, "false": False, "": False}


class RecordInvalid(ValueError):
    """A line that is no record."""


class SuppressionRecord(msgspec.Struct, frozen=True):
    """An address and why it is suppressed; no reason where it is taken off the list."""

    address: str
    reason: str


class ContactRecord(msgspec.Struct, frozen=True):
    """A contact as it is to be."""

    address: str
    preferences: dict[str, str]
    is_unsubscribed_from_all: bool
    attributes_data: str | None


def suppression_record(line: str, data_format: str, *, has_reason: bool) -> SuppressionRecord:
    """`address,REASON`, or `{"emailAddress": …, "reason": …}`; without reason where none is needed.

    Raises:
        RecordInvalid: it is neither, or the reason is unknown.

    AWS: SES Developer Guide, Adding email addresses in bulk.
    """
    if data_format == CSV:
        cells = [*_cells(line), ""]
        address, reason = cells[0], cells[1]
    else:
        found = _object(line)
        address, reason = str(found.get("emailAddress", "")), str(found.get("reason", ""))
    if not address or (has_reason and reason not in (BOUNCE, COMPLAINT)):
        raise RecordInvalid(line[:80])
    return SuppressionRecord(address.strip(), reason)


def contact_reader(header: str, data_format: str) -> Callable[[str], ContactRecord]:
    """What reads a line, by the first line of a CSV file, which names the columns.

    Raises:
        RecordInvalid: the first line names no `emailAddress`.

    AWS: SES Developer Guide, Bulk importing contacts to your contact list.
    """
    if data_format != CSV:
        return _contact_of_json
    names = [name.strip() for name in _cells(header)]
    if "emailAddress" not in names:
        raise RecordInvalid("The first line does not name the column emailAddress.")

    def read(line: str) -> ContactRecord:
        cells = _cells(line)
        if len(cells) != len(names):
            raise RecordInvalid(line[:80])
        found = dict(zip(names, cells, strict=True))
        preferences = {
            name.removeprefix(_PREFERENCE): status
            for name, status in found.items()
            if name.startswith(_PREFERENCE) and status
        }
        truth = _TRUTHS.get(found.get("unsubscribeAll", "").strip().lower())
        return _contact(
            found["emailAddress"], preferences, truth, found.get("attributesData") or None
        )

    return read


def _contact_of_json(line: str) -> ContactRecord:
    found = _object(line)
    given = found.get("topicPreferences", [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise RecordInvalid(line[:80])
    preferences = {
        str(each.get("topicName", "")): str(each.get("subscriptionStatus", "")) for each in given
    }
    truth, attributes = found.get("unsubscribeAll", False), found.get("attributesData")
    return _contact(
        str(found.get("emailAddress", "")),
        preferences,
        truth if isinstance(truth, bool) else None,
        None if attributes is None else str(attributes),
    )


def _contact(
    address: str, preferences: dict[str, str], truth: bool | None, attributes: str | None
) -> ContactRecord:
    is_good = all(status in (OPT_IN, OPT_OUT) for status in preferences.values())
    if not address or truth is None or not is_good:
        raise RecordInvalid(address[:80])
    return ContactRecord(address.strip(), preferences, truth, attributes)


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error as error:
        raise RecordInvalid(line[:80]) from error


def _object(line: str) -> Mapping[str, object]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RecordInvalid(line[:80]) from error
    if not isinstance(found, dict):
        raise RecordInvalid(line[:80])
    return found

"""What a lifecycle configuration must look like before it is kept.

Types and required members have been checked against the model; here is what S3 words itself.

AWS: S3 API Reference, PutBucketLifecycleConfiguration; S3 User Guide, Lifecycle configuration
elements; Transitioning objects using Amazon S3 Lifecycle, Constraints and considerations.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from kamome.services.s3.buckets.setting_rules import Document, document_of, documents_of
from kamome.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXML
from kamome.services.s3.lifecycle.lifecycle_rules import WATERFALL
from kamome.services.s3.limits import (
    DAYS_BEFORE_INFREQUENT_ACCESS_MIN,
    LIFECYCLE_RULES_MAX,
    NEWER_NONCURRENT_VERSIONS_MAX,
    RULE_ID_CHARACTERS_MAX,
)

_DAY_S = 86_400
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)
_PREDICATES = ("Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_CURRENT, _NONCURRENT = "Transition", "NoncurrentVersionTransition"


def check_lifecycle(configuration: Document) -> None:
    """Whether S3 would keep this configuration.

    Raises:
        MalformedXML, InvalidRequest, InvalidArgument: it would not.

    AWS: S3 API Reference, PutBucketLifecycleConfiguration.
    """
    rules = documents_of(configuration, "Rules")
    if not 1 <= len(rules) <= LIFECYCLE_RULES_MAX:
        raise MalformedXML
    ids = [str(rule["ID"]) for rule in rules if "ID" in rule]
    if len(set(ids)) != len(ids):
        raise InvalidArgument(
            "Rule ID must be unique. Found same ID for more than one rule", "ID", ids[0]
        )
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: Document) -> None:
    rule_id = str(rule.get("ID", ""))
    if len(rule_id) > RULE_ID_CHARACTERS_MAX:
        raise InvalidArgument("ID length should not exceed allowed limit of 255", "ID", rule_id)
    if rule.get("Status") not in ("Enabled", "Disabled"):
        raise MalformedXML
    _check_filter(rule)
    if not any(action in rule for action in _ACTIONS):
        raise InvalidRequest("At least one action needs to be specified in a rule.")
    expiration = document_of(rule, "Expiration")
    if expiration is not None:
        _check_expiration(expiration)
    abort = document_of(rule, "AbortIncompleteMultipartUpload")
    if abort is not None:
        _check_days(
            abort.get("DaysAfterInitiation"),
            "DaysAfterInitiation",
            "AbortIncompleteMultipartUpload",
        )
    _check_filtered(rule)
    _check_noncurrent_expiration(rule)
    _check_transitions(rule)
    _check_noncurrent_transitions(rule)


def _check_filter(rule: Document) -> None:
    """A rule has a filter of one predicate, or the former prefix."""
    if ("Prefix" in rule) == ("Filter" in rule):
        raise MalformedXML
    given = document_of(rule, "Filter") or {}
    if sum(name in given for name in _PREDICATES) > 1:
        raise MalformedXML
    chosen = document_of(given, "And") or given
    above, below = chosen.get("ObjectSizeGreaterThan"), chosen.get("ObjectSizeLessThan")
    if isinstance(above, int) and isinstance(below, int) and below <= above:
        raise InvalidRequest(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'"
        )


def _check_filtered(rule: Document) -> None:
    """Two actions are about no object, and take no filter that looks at one."""
    chosen = document_of(rule, "Filter") or {}
    chosen = document_of(chosen, "And") or chosen
    has_tags = "Tag" in chosen or bool(documents_of(chosen, "Tags"))
    has_sizes = "ObjectSizeGreaterThan" in chosen or "ObjectSizeLessThan" in chosen
    expiration = document_of(rule, "Expiration") or {}
    for name in ("AbortIncompleteMultipartUpload", "ExpiredObjectDeleteMarker"):
        if name not in rule and expiration.get(name) is not True:
            continue
        if has_tags:
            raise InvalidRequest(f"{name} cannot be specified with Tags.")
        if has_sizes:
            raise InvalidRequest(f"{name} cannot be specified with an object size filter.")


def _check_expiration(expiration: Document) -> None:
    given = [name for name in ("Days", "Date", "ExpiredObjectDeleteMarker") if name in expiration]
    if len(given) != 1:
        raise MalformedXML
    if "Days" in expiration:
        _check_days(expiration["Days"], "Days", "Expiration")
    _check_date(expiration.get("Date"))


def _check_noncurrent_expiration(rule: Document) -> None:
    action = document_of(rule, "NoncurrentVersionExpiration")
    if action is None:
        return
    name = "NoncurrentVersionExpiration"
    _check_days(action.get("NoncurrentDays"), "NoncurrentDays", name)
    _check_kept(rule, action, name)


def _check_kept(rule: Document, action: Document, name: str) -> None:
    """How many noncurrent versions stay: 1 to 100, and only in rules with a filter."""
    kept = action.get("NewerNoncurrentVersions")
    if not isinstance(kept, int):
        return
    if "Filter" not in rule:
        raise InvalidRequest("NewerNoncurrentVersions can only be specified with a Filter.")
    if not 1 <= kept <= NEWER_NONCURRENT_VERSIONS_MAX:
        raise InvalidArgument(
            f"'NewerNoncurrentVersions' for {name} action must be an integer between 1 and"
            f" {NEWER_NONCURRENT_VERSIONS_MAX}",
            "NewerNoncurrentVersions",
            kept,
        )


def _check_transitions(rule: Document) -> None:
    transitions = documents_of(rule, "Transitions")
    expiration = document_of(rule, "Expiration") or {}
    days: dict[str, int] = {}
    by_date: dict[str, float] = {}
    for transition in transitions:
        if ("Days" in transition) == ("Date" in transition):
            raise MalformedXML
        date_s = transition.get("Date")
        _check_date(date_s)
        if isinstance(date_s, (int, float)):
            by_date[_class_of(transition)] = date_s
        else:
            days[_class_of(transition)] = _checked_days(transition, "Days", _CURRENT)
    has_days = bool(days) or "Days" in expiration
    has_dates = bool(by_date) or "Date" in expiration
    if transitions and has_days and has_dates:
        raise InvalidRequest(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle"
            f" rule for {_named_filter(rule)}"
        )
    _check_distinct(rule, len(transitions), len(days) + len(by_date), _CURRENT)
    _check_order(rule, days, "Days", _CURRENT)
    end, end_date_s = expiration.get("Days"), expiration.get("Date")
    if days and isinstance(end, int):
        _check_end(rule, max(days.values()), end, ("Days", "Expiration", _CURRENT))
    if by_date and isinstance(end_date_s, (int, float)) and end_date_s <= max(by_date.values()):
        raise InvalidArgument(
            f"'Date' in the Expiration action for {_named_filter(rule)} must be later than 'Date'"
            " in the Transition action",
            "Date",
            end_date_s,
        )


def _check_noncurrent_transitions(rule: Document) -> None:
    transitions = documents_of(rule, "NoncurrentVersionTransitions")
    days: dict[str, int] = {}
    for transition in transitions:
        days[_class_of(transition)] = _checked_days(transition, "NoncurrentDays", _NONCURRENT)
        _check_kept(rule, transition, _NONCURRENT)
    _check_distinct(rule, len(transitions), len(days), _NONCURRENT)
    _check_order(rule, days, "NoncurrentDays", _NONCURRENT)
    action = document_of(rule, "NoncurrentVersionExpiration")
    end = action.get("NoncurrentDays") if action is not None else None
    if days and isinstance(end, int):
        names = ("NoncurrentDays", "NoncurrentVersionExpiration", _NONCURRENT)
        _check_end(rule, max(days.values()), end, names)


def _class_of(transition: Document) -> str:
    if "StorageClass" not in transition:
        raise MalformedXML
    return str(transition["StorageClass"])


def _checked_days(transition: Document, member: str, action: str) -> int:
    days = transition.get(member)
    if not isinstance(days, int):
        raise MalformedXML
    if days < 0:
        raise InvalidArgument(
            f"'{member}' for {action} action must be nonnegative integer", member, days
        )
    storage_class = str(transition["StorageClass"])
    if storage_class in _INFREQUENT and days < DAYS_BEFORE_INFREQUENT_ACCESS_MIN:
        raise InvalidArgument(
            f"'{member}' in {action} action must be greater than or equal to"
            f" {DAYS_BEFORE_INFREQUENT_ACCESS_MIN} for storageClass '{storage_class}'",
            member,
            days,
        )
    return days


def _check_distinct(rule: Document, given: int, classes: int, action: str) -> None:
    if given != classes:
        raise InvalidRequest(
            f"'StorageClass' must be different for '{action}' actions in same 'Rule' with"
            f" {_named_filter(rule)}"
        )


def _check_order(rule: Document, days: Mapping[str, int], member: str, action: str) -> None:
    """Colder classes come later; after infrequent access, 30 days later."""
    ordered = sorted(days, key=WATERFALL.index)
    for warmer, colder in pairwise(ordered):
        apart = DAYS_BEFORE_INFREQUENT_ACCESS_MIN if warmer in _INFREQUENT else 1
        if days[colder] < days[warmer] + apart:
            wanted = "greater than" if apart == 1 else f"at least {apart} days more than"
            raise InvalidArgument(
                f"'{member}' in the '{colder}' {action} action for {_named_filter(rule)} must be"
                f" {wanted} '{member}' in the '{warmer}' {action} action",
                member,
                days[colder],
            )


def _check_end(rule: Document, last: int, end: int, names: tuple[str, str, str]) -> None:
    member, expiration, transition = names
    if end <= last:
        raise InvalidArgument(
            f"'{member}' in the {expiration} action for {_named_filter(rule)} must be greater than"
            f" '{member}' in the {transition} action",
            member,
            end,
        )


def _named_filter(rule: Document) -> str:
    conditions = document_of(rule, "Filter")
    if conditions is None:
        return f"prefix '{rule.get('Prefix', '')}'"
    chosen = document_of(conditions, "And") or conditions
    return f"filter '(prefix={chosen.get('Prefix', '')})'"


def _check_date(date_s: object) -> None:
    if isinstance(date_s, (int, float)) and date_s % _DAY_S:
        raise InvalidArgument("'Date' must be at midnight GMT", "Date", date_s)


def _check_days(days: object, member: str, action: str) -> None:
    if not isinstance(days, int):
        raise MalformedXML
    if days < 1:
        raise InvalidArgument(
            f"'{member}' for {action} action must be a positive integer", member, days
        )

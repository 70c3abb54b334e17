"""Receipt rules as pure functions: which rules take a recipient, what is done with a mail.

AWS: SES Developer Guide, Email receiving concepts (recipient-based control, receipt rules).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kamome.mail.envelope import RecipientVerdict
from kamome.services.ses.receiving.recipients import (
    domain_of,
    is_within,
    normal_conditions,
    satisfiable,
)

if TYPE_CHECKING:
    from kamome.services.ses.shapes import ReceiptAction, ReceiptRule


class RuleSet(msgspec.Struct, frozen=True):
    """The active rule set of an account and region, rules in order, with its verified domains."""

    account: str
    region: str
    name: str
    rules: tuple[ReceiptRule, ...]
    verified_domains: tuple[str, ...]


class AddedHeader(NamedTuple):
    """A header of an AddHeader action: of which rule, and before which planned action it stands."""

    name: str
    value: str
    rule_name: str
    before: int


class PlannedAction(msgspec.Struct, frozen=True):
    """One action of one rule, for the recipients that the rule matched."""

    rule_name: str
    kind: str  # "S3Action", "SNSAction", …
    action: ReceiptAction
    recipients: tuple[str, ...]
    is_scan_enabled: bool
    added_headers: tuple[AddedHeader, ...]  # by the AddHeader actions that came before it


def action_kind(action: ReceiptAction) -> str:
    """Name of the one action that the structure holds."""
    (kind,) = action
    return kind


def matched_recipients(rule: ReceiptRule, recipients: Sequence[str]) -> tuple[str, ...]:
    """The recipients that a rule takes, in their order; all of them where it has no condition."""
    conditions = rule.get("Recipients") or []
    if not conditions:
        return tuple(recipients)
    wanted = normal_conditions(tuple(conditions))
    return tuple(each for each in recipients if not wanted.isdisjoint(satisfiable(each)))


def own_recipients(rule_set: RuleSet, recipients: Sequence[str]) -> tuple[str, ...]:
    """The recipients whose domain this account has verified, itself or as a parent domain."""
    return tuple(
        recipient
        for recipient in recipients
        if any(is_within(domain_of(recipient), domain) for domain in rule_set.verified_domains)
    )


def rules_taking(
    rule_set: RuleSet, recipients: Sequence[str]
) -> list[tuple[ReceiptRule, tuple[str, ...]]]:
    """The enabled rules that take at least one recipient, in order, up to a Stop action."""
    own = own_recipients(rule_set, recipients)
    taking = []
    for rule in rule_set.rules:
        matched = matched_recipients(rule, own) if rule.get("Enabled") else ()
        if matched:
            taking.append((rule, matched))
            if any("StopAction" in action for action in rule.get("Actions", ())):
                break
    return taking


def plan(rule_set: RuleSet, recipients: Sequence[str]) -> list[PlannedAction]:
    """What is done with a mail: the actions of the rules that take it, in order.

    Disabled rules are skipped. A Stop action ends its own rule and the rule set. AddHeader actions
    become part of what the later actions are given; they are not planned themselves.

    AWS: SES Developer Guide, Action options; Stop rule set action; Add header action.
    """
    planned: list[PlannedAction] = []
    added: list[AddedHeader] = []
    for rule, matched in rules_taking(rule_set, recipients):
        for action in rule.get("Actions", ()):
            kind = action_kind(action)
            if kind == "AddHeaderAction":
                header = action["AddHeaderAction"]
                name, value = header["HeaderName"], header["HeaderValue"]
                added.append(AddedHeader(name, value, rule["Name"], len(planned)))
                continue
            planned.append(
                PlannedAction(
                    rule["Name"],
                    kind,
                    action,
                    matched,
                    bool(rule.get("ScanEnabled")),
                    tuple(added),
                )
            )
            if kind == "StopAction":
                return planned
    return planned


def verdict(rule_sets: Sequence[RuleSet], recipient: str, *, is_tls: bool) -> RecipientVerdict:
    """What is said of one recipient at RCPT.

    `rule_sets` are those of every account and region that has verified the recipient's domain,
    active or empty. A rule with TlsPolicy `Require` that would take the mail makes SES bounce it
    when it does not come over TLS: here, it is refused at RCPT.

    AWS: SES API Reference, ReceiptRule, TlsPolicy.
    """
    if not rule_sets:
        return RecipientVerdict.NOT_OURS
    taking = [rule for rule_set in rule_sets for rule, _ in rules_taking(rule_set, (recipient,))]
    if not taking:
        return RecipientVerdict.UNKNOWN
    if not is_tls and any(rule.get("TlsPolicy") == "Require" for rule in taking):
        return RecipientVerdict.NEEDS_TLS
    return RecipientVerdict.TAKEN

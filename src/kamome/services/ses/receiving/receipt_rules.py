"""Operations on receipt rule sets and receipt rules, in the order of the API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors import (
    AlreadyExists,
    CannotDelete,
    InvalidParameterValue,
    LimitExceeded,
    RuleDoesNotExist,
    RuleSetDoesNotExist,
)
from kamome.services.ses.limits import RULE_SETS_MAX, RULES_PER_RULE_SET_MAX
from kamome.services.ses.receiving.rule_validation import (
    check_rule_set_name,
    checked_rule,
)
from kamome.services.ses.receiving.setup_notification import announce
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes


async def clone_receipt_rule_set(
    ses: Ses, ctx: RequestContext, request: shapes.CloneReceiptRuleSetRequest
) -> shapes.CloneReceiptRuleSetResult:
    """Make a rule set with copies of another's rules; neither follows the other's changes.

    Raises:
        ValidationError: the name is not as AWS wants it.
        RuleSetDoesNotExist: there is no set to copy.
        AlreadyExists: there is a set of the new name.
        LimitExceeded: the account has 40 sets in the region.

    AWS: SES API Reference, CloneReceiptRuleSet.
    """
    owner, original = _owner(ctx), request["OriginalRuleSetName"]
    check_rule_set_name(request["RuleSetName"])
    _need_rule_set(ses, owner, original)
    with ses.store.engine.atomic():
        _add_rule_set(ses, owner, request["RuleSetName"])
        ses.store.replace_rules(owner, request["RuleSetName"], ses.store.rules(owner, original))
    return {}


async def create_receipt_rule(
    ses: Ses, ctx: RequestContext, request: shapes.CreateReceiptRuleRequest
) -> shapes.CreateReceiptRuleResult:
    """Add a rule to a set, after the rule `After`, or first where that is empty or not given.

    Mail that is accepted from now on is judged with it, if the set is active.

    Raises:
        RuleSetDoesNotExist: no such set.
        RuleDoesNotExist: no rule named `After`.
        AlreadyExists: the set has a rule of this name.
        LimitExceeded: the set has 200 rules, or the rule is larger than rules may be.
        InvalidS3Configuration, InvalidSnsTopic, InvalidLambdaFunction: a target does not exist.

    AWS: SES API Reference, CreateReceiptRule.
    """
    owner, set_name = _owner(ctx), request["RuleSetName"]
    rule = checked_rule(request["Rule"], ses.ports, ctx)
    _need_rule_set(ses, owner, set_name)
    rules = ses.store.rules(owner, set_name)
    names = [each["Name"] for each in rules]
    if rule["Name"] in names:
        raise AlreadyExists(f"Rule already exists: {rule['Name']}", {"Name": rule["Name"]})
    after = request.get("After", "")
    if after and after not in names:
        raise _no_rule(after)
    if len(rules) >= RULES_PER_RULE_SET_MAX:
        raise LimitExceeded(
            f"Maximum number of rules per rule set ({RULES_PER_RULE_SET_MAX}) reached: {set_name}"
        )
    rules.insert(names.index(after) + 1 if after else 0, rule)
    with ses.store.engine.atomic():
        ses.store.replace_rules(owner, set_name, rules)
        announce(ses, ctx, rule, [])
    return {}


async def create_receipt_rule_set(
    ses: Ses, ctx: RequestContext, request: shapes.CreateReceiptRuleSetRequest
) -> shapes.CreateReceiptRuleSetResult:
    """Make an empty rule set. It takes no mail until it is made the active one.

    Raises:
        ValidationError: the name is not as AWS wants it.
        AlreadyExists: there is a set of this name.
        LimitExceeded: the account has 40 sets in the region.

    AWS: SES API Reference, CreateReceiptRuleSet.
    """
    owner, name = _owner(ctx), request["RuleSetName"]
    check_rule_set_name(name)
    _add_rule_set(ses, owner, name)
    return {}


async def delete_receipt_rule(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteReceiptRuleRequest
) -> shapes.DeleteReceiptRuleResult:
    """Remove a rule. Removing one that is not there succeeds too.

    Raises:
        RuleSetDoesNotExist: no such set.

    AWS: SES API Reference, DeleteReceiptRule.
    """
    owner, set_name = _owner(ctx), request["RuleSetName"]
    _need_rule_set(ses, owner, set_name)
    rules = ses.store.rules(owner, set_name)
    left = [rule for rule in rules if rule["Name"] != request["RuleName"]]
    if len(left) < len(rules):
        ses.store.replace_rules(owner, set_name, left)
    return {}


async def delete_receipt_rule_set(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteReceiptRuleSetRequest
) -> shapes.DeleteReceiptRuleSetResult:
    """Remove a rule set with its rules. Removing one that is not there succeeds too.

    Raises:
        CannotDelete: the set is the active one.

    AWS: SES API Reference, DeleteReceiptRuleSet.
    """
    owner, name = _owner(ctx), request["RuleSetName"]
    if ses.store.active_rule_set(owner) == name:
        raise CannotDelete(f"Cannot delete active rule set: {name}", {"Name": name})
    ses.store.delete_rule_set(owner, name)
    return {}


async def describe_active_receipt_rule_set(
    ses: Ses, ctx: RequestContext, request: shapes.DescribeActiveReceiptRuleSetRequest
) -> shapes.DescribeActiveReceiptRuleSetResult:
    """The active rule set with its rules in order; empty where none is active.

    AWS: SES API Reference, DescribeActiveReceiptRuleSet.
    """
    owner = _owner(ctx)
    name = ses.store.active_rule_set(owner)
    if name is None:
        return {}
    return {"Metadata": _metadata(ses, owner, name), "Rules": ses.store.rules(owner, name)}


async def describe_receipt_rule(
    ses: Ses, ctx: RequestContext, request: shapes.DescribeReceiptRuleRequest
) -> shapes.DescribeReceiptRuleResult:
    """One rule as it is kept, defaults filled in.

    Raises:
        RuleSetDoesNotExist: no such set.
        RuleDoesNotExist: no such rule in it.

    AWS: SES API Reference, DescribeReceiptRule.
    """
    owner, set_name, name = _owner(ctx), request["RuleSetName"], request["RuleName"]
    _need_rule_set(ses, owner, set_name)
    rule = ses.store.rule(owner, set_name, name)
    if rule is None:
        raise _no_rule(name)
    return {"Rule": rule}


async def describe_receipt_rule_set(
    ses: Ses, ctx: RequestContext, request: shapes.DescribeReceiptRuleSetRequest
) -> shapes.DescribeReceiptRuleSetResult:
    """A rule set with its rules in order.

    Raises:
        RuleSetDoesNotExist: no such set.

    AWS: SES API Reference, DescribeReceiptRuleSet.
    """
    owner, name = _owner(ctx), request["RuleSetName"]
    metadata = _metadata(ses, owner, name)
    return {"Metadata": metadata, "Rules": ses.store.rules(owner, name)}


async def list_receipt_rule_sets(
    ses: Ses, ctx: RequestContext, request: shapes.ListReceiptRuleSetsRequest
) -> shapes.ListReceiptRuleSetsResult:
    """Name and time of making of all rule sets, by name.

    A page holds 100 sets and an account 40, so a token is never given out, and one that comes is
    not ours.

    Raises:
        InvalidParameterValue: a `NextToken`.

    AWS: SES API Reference, ListReceiptRuleSets.
    """
    if request.get("NextToken"):
        raise InvalidParameterValue("Invalid NextToken.")
    return {
        "RuleSets": [
            {"Name": name, "CreatedTimestamp": created_at_ms / 1000}
            for name, created_at_ms in ses.store.rule_sets(_owner(ctx))
        ]
    }


async def reorder_receipt_rule_set(
    ses: Ses, ctx: RequestContext, request: shapes.ReorderReceiptRuleSetRequest
) -> shapes.ReorderReceiptRuleSetResult:
    """Put the rules of a set in the order given. All of them must be named, each once.

    Raises:
        RuleSetDoesNotExist: no such set.
        RuleDoesNotExist: a name is not one of the set's rules.
        InvalidParameterValue: a rule is missing, or named twice.

    AWS: SES API Reference, ReorderReceiptRuleSet.
    """
    owner, set_name, names = _owner(ctx), request["RuleSetName"], request["RuleNames"]
    _need_rule_set(ses, owner, set_name)
    rules = {rule["Name"]: rule for rule in ses.store.rules(owner, set_name)}
    for name in names:
        if name not in rules:
            raise _no_rule(name)
    if len(names) != len(rules) or len(set(names)) != len(names):
        raise InvalidParameterValue(f"Every rule of {set_name} must be named exactly once.")
    ses.store.replace_rules(owner, set_name, [rules[name] for name in names])
    return {}


async def set_active_receipt_rule_set(
    ses: Ses, ctx: RequestContext, request: shapes.SetActiveReceiptRuleSetRequest
) -> shapes.SetActiveReceiptRuleSetResult:
    """Make a rule set the active one, in place of the one before. Without a name: receive nothing.

    Raises:
        RuleSetDoesNotExist: no such set.

    AWS: SES API Reference, SetActiveReceiptRuleSet.
    """
    owner, name = _owner(ctx), request.get("RuleSetName")
    if name is not None:
        _need_rule_set(ses, owner, name)
    ses.store.activate(owner, name)
    return {}


async def set_receipt_rule_position(
    ses: Ses, ctx: RequestContext, request: shapes.SetReceiptRulePositionRequest
) -> shapes.SetReceiptRulePositionResult:
    """Move a rule behind the rule `After`, or to the front where that is not given or empty.

    Raises:
        RuleSetDoesNotExist: no such set.
        RuleDoesNotExist: no rule of either name in it.

    AWS: SES API Reference, SetReceiptRulePosition.
    """
    owner, set_name = _owner(ctx), request["RuleSetName"]
    _need_rule_set(ses, owner, set_name)
    rules = {rule["Name"]: rule for rule in ses.store.rules(owner, set_name)}
    name, after = request["RuleName"], request.get("After", "")
    for each in filter(None, (name, after)):
        if each not in rules:
            raise _no_rule(each)
    if after != name:
        moved = rules.pop(name)
        order = list(rules.values())
        order.insert(list(rules).index(after) + 1 if after else 0, moved)
        ses.store.replace_rules(owner, set_name, order)
    return {}


async def update_receipt_rule(
    ses: Ses, ctx: RequestContext, request: shapes.UpdateReceiptRuleRequest
) -> shapes.UpdateReceiptRuleResult:
    """Replace a rule by another of its name, at its place.

    Raises:
        RuleSetDoesNotExist: no such set.
        RuleDoesNotExist: no rule of this name in it.
        LimitExceeded: the rule is larger than rules may be.
        InvalidS3Configuration, InvalidSnsTopic, InvalidLambdaFunction: a target does not exist.

    AWS: SES API Reference, UpdateReceiptRule.
    """
    owner, set_name = _owner(ctx), request["RuleSetName"]
    rule = checked_rule(request["Rule"], ses.ports, ctx)
    _need_rule_set(ses, owner, set_name)
    rules = ses.store.rules(owner, set_name)
    names = [each["Name"] for each in rules]
    if rule["Name"] not in names:
        raise _no_rule(rule["Name"])
    before = rules[names.index(rule["Name"])]
    rules[names.index(rule["Name"])] = rule
    with ses.store.engine.atomic():
        ses.store.replace_rules(owner, set_name, rules)
        announce(ses, ctx, rule, before.get("Actions", ()))
    return {}


def _add_rule_set(ses: Ses, owner: Owner, name: str) -> None:
    if ses.store.rule_set_created_at_ms(owner, name) is not None:
        raise AlreadyExists(f"Rule set already exists: {name}", {"Name": name})
    if len(ses.store.rule_sets(owner)) >= RULE_SETS_MAX:
        raise LimitExceeded(f"Maximum number of rule sets ({RULE_SETS_MAX}) reached")
    ses.store.add_rule_set(owner, name, ses.clock.now_ms())


def _owner(ctx: RequestContext) -> Owner:
    return Owner(ctx.account, ctx.region)


def _metadata(ses: Ses, owner: Owner, name: str) -> shapes.ReceiptRuleSetMetadata:
    created_at_ms = ses.store.rule_set_created_at_ms(owner, name)
    if created_at_ms is None:
        raise RuleSetDoesNotExist(f"Rule set does not exist: {name}", {"Name": name})
    return {"Name": name, "CreatedTimestamp": created_at_ms / 1000}


def _need_rule_set(ses: Ses, owner: Owner, name: str) -> None:
    _metadata(ses, owner, name)


def _no_rule(name: str) -> RuleDoesNotExist:
    return RuleDoesNotExist(f"Rule does not exist: {name}", {"Name": name})

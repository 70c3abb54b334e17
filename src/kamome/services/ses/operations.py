"""The operations of SES that are served, by AWS's names, and how the service words things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.ses.errors import ValidationError
from kamome.services.ses.identities import (
    delete_identity,
    get_identity_verification_attributes,
    list_identities,
    verify_domain_identity,
)
from kamome.services.ses.receipt_rules import (
    create_receipt_rule,
    create_receipt_rule_set,
    delete_receipt_rule,
    delete_receipt_rule_set,
    describe_active_receipt_rule_set,
    describe_receipt_rule,
    describe_receipt_rule_set,
    list_receipt_rule_sets,
    reorder_receipt_rule_set,
    set_active_receipt_rule_set,
    update_receipt_rule,
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "CreateReceiptRule": create_receipt_rule,
        "CreateReceiptRuleSet": create_receipt_rule_set,
        "DeleteIdentity": delete_identity,
        "DeleteReceiptRule": delete_receipt_rule,
        "DeleteReceiptRuleSet": delete_receipt_rule_set,
        "DescribeActiveReceiptRuleSet": describe_active_receipt_rule_set,
        "DescribeReceiptRule": describe_receipt_rule,
        "DescribeReceiptRuleSet": describe_receipt_rule_set,
        "GetIdentityVerificationAttributes": get_identity_verification_attributes,
        "ListIdentities": list_identities,
        "ListReceiptRuleSets": list_receipt_rule_sets,
        "ReorderReceiptRuleSet": reorder_receipt_rule_set,
        "SetActiveReceiptRuleSet": set_active_receipt_rule_set,
        "UpdateReceiptRule": update_receipt_rule,
        "VerifyDomainIdentity": verify_domain_identity,
    }
)

_RESOURCES = ("Identity", "Domain", "RuleName", "RuleSetName")


def violation(violations: Sequence[Violation]) -> ValidationError:
    """SES's sentence for members outside the model's constraints.

    AWS: SES API Reference, Common Errors (ValidationError).
    """
    return ValidationError(constraint_sentence(violations))


def resource_of(request: Mapping[str, object]) -> str:
    """What a request is about, for journeys: the identity, rule or rule set that it names.

    AWS: SES API Reference, Actions.
    """
    rule = request.get("Rule")
    if isinstance(rule, Mapping):
        return str(rule.get("Name", ""))
    return next((str(request[name]) for name in _RESOURCES if name in request), "")

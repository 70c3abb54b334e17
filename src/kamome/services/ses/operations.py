"""The operations of SES that are served, by AWS's names, and how the service words things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.ses.configuration_sets.configuration_sets_v1 import (
    create_configuration_set,
    create_configuration_set_event_destination,
    create_configuration_set_tracking_options,
    delete_configuration_set,
    delete_configuration_set_event_destination,
    delete_configuration_set_tracking_options,
    describe_configuration_set,
    list_configuration_sets,
    put_configuration_set_delivery_options,
    update_configuration_set_event_destination,
    update_configuration_set_reputation_metrics_enabled,
    update_configuration_set_sending_enabled,
    update_configuration_set_tracking_options,
)
from kamome.services.ses.errors import ValidationError
from kamome.services.ses.feedback.notification_topics import (
    get_identity_notification_attributes,
    set_identity_feedback_forwarding_enabled,
    set_identity_headers_in_notifications_enabled,
    set_identity_notification_topic,
)
from kamome.services.ses.feedback.statistics import (
    get_send_statistics,
)
from kamome.services.ses.identities.custom_verification_v1 import (
    create_custom_verification_email_template,
    delete_custom_verification_email_template,
    get_custom_verification_email_template,
    list_custom_verification_email_templates,
    send_custom_verification_email,
    update_custom_verification_email_template,
)
from kamome.services.ses.identities.identities import (
    delete_identity,
    delete_verified_email_address,
    get_identity_verification_attributes,
    list_identities,
    list_verified_email_addresses,
    verify_domain_identity,
    verify_email_address,
    verify_email_identity,
)
from kamome.services.ses.identities.identity_dkim import (
    get_identity_dkim_attributes,
    set_identity_dkim_enabled,
    verify_domain_dkim,
)
from kamome.services.ses.identities.identity_mail_from import (
    get_identity_mail_from_domain_attributes,
    set_identity_mail_from_domain,
)
from kamome.services.ses.identities.identity_policies import (
    delete_identity_policy,
    get_identity_policies,
    list_identity_policies,
    put_identity_policy,
)
from kamome.services.ses.receiving.bounces import send_bounce
from kamome.services.ses.receiving.receipt_filters import (
    create_receipt_filter,
    delete_receipt_filter,
    list_receipt_filters,
)
from kamome.services.ses.receiving.receipt_rules import (
    clone_receipt_rule_set,
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
    set_receipt_rule_position,
    update_receipt_rule,
)
from kamome.services.ses.sending.account import (
    get_account_sending_enabled,
    get_send_quota,
    update_account_sending_enabled,
)
from kamome.services.ses.sending.sending_v1 import (
    send_bulk_templated_email,
    send_email,
    send_raw_email,
    send_templated_email,
)
from kamome.services.ses.templates.templates_v1 import (
    create_template,
    delete_template,
    get_template,
    list_templates,
    test_render_template,
    update_template,
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "CloneReceiptRuleSet": clone_receipt_rule_set,
        "CreateConfigurationSet": create_configuration_set,
        "CreateConfigurationSetEventDestination": create_configuration_set_event_destination,
        "CreateConfigurationSetTrackingOptions": create_configuration_set_tracking_options,
        "CreateCustomVerificationEmailTemplate": create_custom_verification_email_template,
        "CreateReceiptFilter": create_receipt_filter,
        "CreateReceiptRule": create_receipt_rule,
        "CreateReceiptRuleSet": create_receipt_rule_set,
        "CreateTemplate": create_template,
        "DeleteConfigurationSet": delete_configuration_set,
        "DeleteConfigurationSetEventDestination": delete_configuration_set_event_destination,
        "DeleteConfigurationSetTrackingOptions": delete_configuration_set_tracking_options,
        "DeleteCustomVerificationEmailTemplate": delete_custom_verification_email_template,
        "DeleteIdentity": delete_identity,
        "DeleteIdentityPolicy": delete_identity_policy,
        "DeleteReceiptFilter": delete_receipt_filter,
        "DeleteReceiptRule": delete_receipt_rule,
        "DeleteReceiptRuleSet": delete_receipt_rule_set,
        "DeleteTemplate": delete_template,
        "DeleteVerifiedEmailAddress": delete_verified_email_address,
        "DescribeActiveReceiptRuleSet": describe_active_receipt_rule_set,
        "DescribeConfigurationSet": describe_configuration_set,
        "DescribeReceiptRule": describe_receipt_rule,
        "DescribeReceiptRuleSet": describe_receipt_rule_set,
        "GetAccountSendingEnabled": get_account_sending_enabled,
        "GetCustomVerificationEmailTemplate": get_custom_verification_email_template,
        "GetIdentityDkimAttributes": get_identity_dkim_attributes,
        "GetIdentityMailFromDomainAttributes": get_identity_mail_from_domain_attributes,
        "GetIdentityNotificationAttributes": get_identity_notification_attributes,
        "GetIdentityPolicies": get_identity_policies,
        "GetIdentityVerificationAttributes": get_identity_verification_attributes,
        "GetSendQuota": get_send_quota,
        "GetSendStatistics": get_send_statistics,
        "GetTemplate": get_template,
        "ListConfigurationSets": list_configuration_sets,
        "ListCustomVerificationEmailTemplates": list_custom_verification_email_templates,
        "ListIdentities": list_identities,
        "ListIdentityPolicies": list_identity_policies,
        "ListReceiptFilters": list_receipt_filters,
        "ListReceiptRuleSets": list_receipt_rule_sets,
        "ListTemplates": list_templates,
        "ListVerifiedEmailAddresses": list_verified_email_addresses,
        "PutConfigurationSetDeliveryOptions": put_configuration_set_delivery_options,
        "PutIdentityPolicy": put_identity_policy,
        "ReorderReceiptRuleSet": reorder_receipt_rule_set,
        "SendBounce": send_bounce,
        "SendBulkTemplatedEmail": send_bulk_templated_email,
        "SendCustomVerificationEmail": send_custom_verification_email,
        "SendEmail": send_email,
        "SendRawEmail": send_raw_email,
        "SendTemplatedEmail": send_templated_email,
        "SetActiveReceiptRuleSet": set_active_receipt_rule_set,
        "SetIdentityDkimEnabled": set_identity_dkim_enabled,
        "SetIdentityFeedbackForwardingEnabled": set_identity_feedback_forwarding_enabled,
        "SetIdentityHeadersInNotificationsEnabled": set_identity_headers_in_notifications_enabled,
        "SetIdentityMailFromDomain": set_identity_mail_from_domain,
        "SetIdentityNotificationTopic": set_identity_notification_topic,
        "SetReceiptRulePosition": set_receipt_rule_position,
        "TestRenderTemplate": test_render_template,
        "UpdateAccountSendingEnabled": update_account_sending_enabled,
        "UpdateConfigurationSetEventDestination": update_configuration_set_event_destination,
        "UpdateConfigurationSetReputationMetricsEnabled": (
            update_configuration_set_reputation_metrics_enabled
        ),
        "UpdateConfigurationSetSendingEnabled": update_configuration_set_sending_enabled,
        "UpdateConfigurationSetTrackingOptions": update_configuration_set_tracking_options,
        "UpdateCustomVerificationEmailTemplate": update_custom_verification_email_template,
        "UpdateReceiptRule": update_receipt_rule,
        "UpdateTemplate": update_template,
        "VerifyDomainDkim": verify_domain_dkim,
        "VerifyDomainIdentity": verify_domain_identity,
        "VerifyEmailAddress": verify_email_address,
        "VerifyEmailIdentity": verify_email_identity,
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

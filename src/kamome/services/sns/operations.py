"""SNS's operations, in the order of the API reference, and how SNS words what concerns them all.

The functions live by AWS's headings in `topics.py`, `topic_policies.py`, `subscriptions.py`,
`confirmations.py`, `publishing.py`, `text_messages.py` and `mobile.py`.

AWS: SNS API Reference, Actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.sns import (
    confirmations,
    mobile,
    publishing,
    subscriptions,
    text_messages,
    topic_policies,
    topics,
)
from kamome.services.sns.errors import InvalidParameter, invalid

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "AddPermission": topic_policies.add_permission,
        "CheckIfPhoneNumberIsOptedOut": text_messages.check_if_phone_number_is_opted_out,
        "ConfirmSubscription": confirmations.confirm_subscription,
        "CreatePlatformApplication": mobile.create_platform_application,
        "CreatePlatformEndpoint": mobile.create_platform_endpoint,
        "CreateSMSSandboxPhoneNumber": text_messages.create_sms_sandbox_phone_number,
        "CreateTopic": topics.create_topic,
        "DeleteEndpoint": mobile.delete_endpoint,
        "DeletePlatformApplication": mobile.delete_platform_application,
        "DeleteSMSSandboxPhoneNumber": text_messages.delete_sms_sandbox_phone_number,
        "DeleteTopic": topics.delete_topic,
        "GetDataProtectionPolicy": topic_policies.get_data_protection_policy,
        "GetEndpointAttributes": mobile.get_endpoint_attributes,
        "GetPlatformApplicationAttributes": mobile.get_platform_application_attributes,
        "GetSMSAttributes": text_messages.get_sms_attributes,
        "GetSMSSandboxAccountStatus": text_messages.get_sms_sandbox_account_status,
        "GetSubscriptionAttributes": subscriptions.get_subscription_attributes,
        "GetTopicAttributes": topics.get_topic_attributes,
        "ListEndpointsByPlatformApplication": mobile.list_endpoints_by_platform_application,
        "ListOriginationNumbers": text_messages.list_origination_numbers,
        "ListPhoneNumbersOptedOut": text_messages.list_phone_numbers_opted_out,
        "ListPlatformApplications": mobile.list_platform_applications,
        "ListSMSSandboxPhoneNumbers": text_messages.list_sms_sandbox_phone_numbers,
        "ListSubscriptions": subscriptions.list_subscriptions,
        "ListSubscriptionsByTopic": subscriptions.list_subscriptions_by_topic,
        "ListTagsForResource": topic_policies.list_tags_for_resource,
        "ListTopics": topics.list_topics,
        "OptInPhoneNumber": text_messages.opt_in_phone_number,
        "Publish": publishing.publish_message,
        "PublishBatch": publishing.publish_batch,
        "PutDataProtectionPolicy": topic_policies.put_data_protection_policy,
        "RemovePermission": topic_policies.remove_permission,
        "SetEndpointAttributes": mobile.set_endpoint_attributes,
        "SetPlatformApplicationAttributes": mobile.set_platform_application_attributes,
        "SetSMSAttributes": text_messages.set_sms_attributes,
        "SetSubscriptionAttributes": subscriptions.set_subscription_attributes,
        "SetTopicAttributes": topics.set_topic_attributes,
        "Subscribe": subscriptions.subscribe,
        "TagResource": topic_policies.tag_resource,
        "Unsubscribe": subscriptions.unsubscribe,
        "UntagResource": topic_policies.untag_resource,
        "VerifySMSSandboxPhoneNumber": text_messages.verify_sms_sandbox_phone_number,
    }
)
_RESOURCES = (
    "TopicArn",
    "TargetArn",
    "SubscriptionArn",
    "ResourceArn",
    "PlatformApplicationArn",
    "EndpointArn",
    "PhoneNumber",
    "phoneNumber",
    "Name",
)


def violation(violations: Sequence[Violation]) -> InvalidParameter:
    """SNS's sentence for members that do not keep to the model's constraints.

    AWS: SNS API Reference, Common Errors.
    """
    first = violations[0]
    if first.kind == "required" and "." not in first.path:
        return invalid(first.member, "no value for required parameter")
    return invalid(first.member, constraint_sentence(tuple(violations)))


def resource_of(request: Mapping[str, object]) -> str:
    """What a request is about, for journeys: the topic or subscription it names.

    AWS: SNS API Reference, Actions.
    """
    for name in _RESOURCES:
        value = request.get(name)
        if isinstance(value, str) and value:
            return value
    return ""

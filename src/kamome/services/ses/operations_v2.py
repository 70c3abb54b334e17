"""The operations of the SES API v2 that are served, by AWS's names.

The two APIs are two doors to one service: the same slice, the same identities, sets and lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.ses.configuration_sets.configuration_sets_v2 import (
    create_configuration_set,
    create_configuration_set_event_destination,
    delete_configuration_set,
    delete_configuration_set_event_destination,
    get_configuration_set,
    get_configuration_set_event_destinations,
    list_configuration_sets,
    put_configuration_set_archiving_options,
    put_configuration_set_delivery_options,
    put_configuration_set_reputation_options,
    put_configuration_set_sending_options,
    put_configuration_set_suppression_options,
    put_configuration_set_tracking_options,
    put_configuration_set_vdm_options,
    update_configuration_set_event_destination,
)
from kamome.services.ses.configuration_sets.dedicated_ips import (
    create_dedicated_ip_pool,
    delete_dedicated_ip_pool,
    get_dedicated_ip,
    get_dedicated_ip_pool,
    get_dedicated_ips,
    list_dedicated_ip_pools,
    put_dedicated_ip_in_pool,
    put_dedicated_ip_pool_scaling_attributes,
    put_dedicated_ip_warmup_attributes,
)
from kamome.services.ses.contacts.contact_lists import (
    create_contact_list,
    delete_contact_list,
    get_contact_list,
    list_contact_lists,
    update_contact_list,
)
from kamome.services.ses.contacts.contacts import (
    create_contact,
    delete_contact,
    get_contact,
    list_contacts,
    update_contact,
)
from kamome.services.ses.contacts.import_jobs import (
    create_import_job,
    get_import_job,
    list_import_jobs,
)
from kamome.services.ses.errors_v2 import BadRequestException
from kamome.services.ses.exports.export_jobs import (
    cancel_export_job,
    create_export_job,
    get_export_job,
    list_export_jobs,
)
from kamome.services.ses.feedback.message_insights import (
    get_message_insights,
)
from kamome.services.ses.feedback.metrics import batch_get_metric_data
from kamome.services.ses.feedback.notification_topics import (
    put_email_identity_feedback_attributes,
)
from kamome.services.ses.feedback.suppressed_destinations import (
    delete_suppressed_destination,
    get_suppressed_destination,
    list_suppressed_destinations,
    put_account_suppression_attributes,
    put_suppressed_destination,
)
from kamome.services.ses.identities.custom_verification_v2 import (
    create_custom_verification_email_template,
    delete_custom_verification_email_template,
    get_custom_verification_email_template,
    list_custom_verification_email_templates,
    send_custom_verification_email,
    update_custom_verification_email_template,
)
from kamome.services.ses.identities.identities_v2 import (
    create_email_identity,
    delete_email_identity,
    get_email_identity,
    list_email_identities,
    put_email_identity_configuration_set_attributes,
)
from kamome.services.ses.identities.identity_dkim import (
    put_email_identity_dkim_attributes,
    put_email_identity_dkim_signing_attributes,
)
from kamome.services.ses.identities.identity_mail_from import (
    put_email_identity_mail_from_attributes,
)
from kamome.services.ses.identities.identity_policies import (
    create_email_identity_policy,
    delete_email_identity_policy,
    get_email_identity_policies,
    update_email_identity_policy,
)
from kamome.services.ses.sending.account_v2 import (
    get_account,
    put_account_dedicated_ip_warmup_attributes,
    put_account_details,
    put_account_sending_attributes,
    put_account_vdm_attributes,
)
from kamome.services.ses.sending.sending_v2 import send_bulk_email, send_email
from kamome.services.ses.tags import list_tags_for_resource, tag_resource, untag_resource
from kamome.services.ses.templates.templates_v2 import (
    create_email_template,
    delete_email_template,
    get_email_template,
    list_email_templates,
    test_render_email_template,
    update_email_template,
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "BatchGetMetricData": batch_get_metric_data,
        "CancelExportJob": cancel_export_job,
        "CreateConfigurationSet": create_configuration_set,
        "CreateConfigurationSetEventDestination": create_configuration_set_event_destination,
        "CreateContact": create_contact,
        "CreateContactList": create_contact_list,
        "CreateCustomVerificationEmailTemplate": create_custom_verification_email_template,
        "CreateDedicatedIpPool": create_dedicated_ip_pool,
        "CreateEmailIdentity": create_email_identity,
        "CreateEmailIdentityPolicy": create_email_identity_policy,
        "CreateEmailTemplate": create_email_template,
        "DeleteConfigurationSet": delete_configuration_set,
        "DeleteConfigurationSetEventDestination": delete_configuration_set_event_destination,
        "DeleteContact": delete_contact,
        "DeleteContactList": delete_contact_list,
        "DeleteCustomVerificationEmailTemplate": delete_custom_verification_email_template,
        "DeleteDedicatedIpPool": delete_dedicated_ip_pool,
        "DeleteEmailIdentity": delete_email_identity,
        "DeleteEmailIdentityPolicy": delete_email_identity_policy,
        "DeleteEmailTemplate": delete_email_template,
        "DeleteSuppressedDestination": delete_suppressed_destination,
        "GetAccount": get_account,
        "GetConfigurationSet": get_configuration_set,
        "GetConfigurationSetEventDestinations": get_configuration_set_event_destinations,
        "GetContact": get_contact,
        "GetContactList": get_contact_list,
        "GetCustomVerificationEmailTemplate": get_custom_verification_email_template,
        "GetDedicatedIp": get_dedicated_ip,
        "GetDedicatedIpPool": get_dedicated_ip_pool,
        "GetDedicatedIps": get_dedicated_ips,
        "GetEmailIdentity": get_email_identity,
        "GetEmailIdentityPolicies": get_email_identity_policies,
        "GetEmailTemplate": get_email_template,
        "GetMessageInsights": get_message_insights,
        "GetSuppressedDestination": get_suppressed_destination,
        "ListConfigurationSets": list_configuration_sets,
        "ListContactLists": list_contact_lists,
        "ListContacts": list_contacts,
        "ListCustomVerificationEmailTemplates": list_custom_verification_email_templates,
        "ListDedicatedIpPools": list_dedicated_ip_pools,
        "ListEmailIdentities": list_email_identities,
        "ListEmailTemplates": list_email_templates,
        "ListSuppressedDestinations": list_suppressed_destinations,
        "ListTagsForResource": list_tags_for_resource,
        "PutAccountDedicatedIpWarmupAttributes": put_account_dedicated_ip_warmup_attributes,
        "PutAccountDetails": put_account_details,
        "PutAccountSendingAttributes": put_account_sending_attributes,
        "PutAccountSuppressionAttributes": put_account_suppression_attributes,
        "PutAccountVdmAttributes": put_account_vdm_attributes,
        "PutConfigurationSetArchivingOptions": put_configuration_set_archiving_options,
        "PutConfigurationSetDeliveryOptions": put_configuration_set_delivery_options,
        "PutConfigurationSetReputationOptions": put_configuration_set_reputation_options,
        "PutConfigurationSetSendingOptions": put_configuration_set_sending_options,
        "PutConfigurationSetSuppressionOptions": put_configuration_set_suppression_options,
        "PutConfigurationSetTrackingOptions": put_configuration_set_tracking_options,
        "PutConfigurationSetVdmOptions": put_configuration_set_vdm_options,
        "PutDedicatedIpInPool": put_dedicated_ip_in_pool,
        "PutDedicatedIpPoolScalingAttributes": put_dedicated_ip_pool_scaling_attributes,
        "PutDedicatedIpWarmupAttributes": put_dedicated_ip_warmup_attributes,
        "PutEmailIdentityConfigurationSetAttributes": (
            put_email_identity_configuration_set_attributes
        ),
        "PutEmailIdentityDkimAttributes": put_email_identity_dkim_attributes,
        "PutEmailIdentityDkimSigningAttributes": put_email_identity_dkim_signing_attributes,
        "PutEmailIdentityFeedbackAttributes": put_email_identity_feedback_attributes,
        "PutEmailIdentityMailFromAttributes": put_email_identity_mail_from_attributes,
        "PutSuppressedDestination": put_suppressed_destination,
        "SendBulkEmail": send_bulk_email,
        "SendCustomVerificationEmail": send_custom_verification_email,
        "SendEmail": send_email,
        "TagResource": tag_resource,
        "TestRenderEmailTemplate": test_render_email_template,
        "UntagResource": untag_resource,
        "UpdateConfigurationSetEventDestination": update_configuration_set_event_destination,
        "UpdateContact": update_contact,
        "UpdateContactList": update_contact_list,
        "UpdateCustomVerificationEmailTemplate": update_custom_verification_email_template,
        "UpdateEmailIdentityPolicy": update_email_identity_policy,
        "UpdateEmailTemplate": update_email_template,
        "CreateExportJob": create_export_job,
        "CreateImportJob": create_import_job,
        "GetExportJob": get_export_job,
        "GetImportJob": get_import_job,
        "ListExportJobs": list_export_jobs,
        "ListImportJobs": list_import_jobs,
    }
)

_RESOURCES = (
    *("EmailIdentity", "ConfigurationSetName", "TemplateName", "ContactListName", "PoolName"),
    *("EmailAddress", "FromEmailAddress", "ResourceArn"),
)


def violation(violations: Sequence[Violation]) -> BadRequestException:
    """The API's sentence for members outside the model's constraints.

    AWS: SES API v2 Reference, Common Errors.
    """
    return BadRequestException(constraint_sentence(violations))


def resource_of(request: Mapping[str, object]) -> str:
    """What a request is about, for journeys: the identity, set, template or list that it names.

    AWS: SES API v2 Reference, Actions.
    """
    return next((str(request[name]) for name in _RESOURCES if name in request), "")

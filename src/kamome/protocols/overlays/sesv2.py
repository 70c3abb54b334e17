"""SES API v2: where operations were before they moved, and where clients still call them.

Five operations have changed their methods and paths, the last of them after 2025. The model
knows the new ones; the clients of all releases before use these.

AWS: SES API v2 Reference, Request Syntax of each action, as the SDKs of those years have it
(botocore 1.14 to 1.40, service model 2019-09-27).
"""

from __future__ import annotations

FORMER_BINDINGS = {
    "ListConfigurationSets": ("GET", "/v2/email/configuration-sets"),
    "ListContacts": ("GET", "/v2/email/contact-lists/{ContactListName}/contacts"),
    "ListEmailIdentities": ("GET", "/v2/email/identities"),
    "ListImportJobs": ("GET", "/v2/email/import-jobs"),
    "PutEmailIdentityDkimSigningAttributes": (
        "PUT",
        "/v1/email/identities/{EmailIdentity}/dkim/signing",
    ),
}
# Members that were in the query string there, and are in the body now.
FORMER_PARAMETERS = frozenset({"NextToken", "PageSize"})

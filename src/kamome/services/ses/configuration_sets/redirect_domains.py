"""Domains that tracking links may lead to.

AWS: SES Developer Guide, Configuring custom domains to handle open and click tracking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ses.receiving.recipients import normal_domain
from kamome.services.ses.receiving.rule_validation import is_domain

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses
    from kamome.services.ses.store import Owner


def is_verified_domain(ses: Ses, owner: Owner, domain: str) -> bool:
    """Whether a domain, or one above it, is a verified identity of the account.

    AWS: SES API Reference, TrackingOptions (CustomRedirectDomain).
    """
    labels = normal_domain(domain).split(".")
    if not is_domain(".".join(labels)):
        return False
    for start in range(len(labels) - 1):
        identity = ses.identities.find(owner, ".".join(labels[start:]))
        if identity is not None and identity.is_verified:
            return True
    return False

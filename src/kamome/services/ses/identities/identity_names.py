"""The name of an identity: a domain, or an address; and which identities speak for an address.

AWS: SES Developer Guide, Creating and verifying identities: domains are compared without regard to
case and a verified one stands for its sub-domains; of addresses, the local part is as written.
"""

from __future__ import annotations

from kamome.services.ses.receiving.recipients import domain_and_parents, domain_of, normal_domain

DOMAIN = "Domain"
EMAIL_ADDRESS = "EmailAddress"


def normal_identity(name: str) -> str:
    """The form in which an identity is kept.

    AWS: SES API Reference, VerifyEmailIdentity.
    """
    local, at, domain = name.strip().rpartition("@")
    return f"{local}{at}{normal_domain(domain)}"


def type_of(identity: str) -> str:
    """`Domain` or `EmailAddress`.

    AWS: SES API Reference, ListIdentities (IdentityType).
    """
    return EMAIL_ADDRESS if "@" in identity else DOMAIN


def identities_of(address: str) -> list[str]:
    """Names of the identities that may speak for an address, the nearest first.

    AWS: SES Developer Guide, Creating and verifying identities.
    """
    return [normal_identity(address), *domain_and_parents(domain_of(address))]


def identity_of_arn(arn: str) -> str:
    """The identity in `arn:aws:ses:REGION:ACCOUNT:identity/NAME`; empty where it is no such ARN.

    AWS: SES Developer Guide, Identity ARNs in sending authorization.
    """
    resource = arn.partition(":identity/")[2]
    return normal_identity(resource) if arn.startswith("arn:") else ""

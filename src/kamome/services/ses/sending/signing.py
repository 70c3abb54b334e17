"""With which keys, set and envelope sender the mails of an identity leave.

AWS: SES Developer Guide, Authenticating email with DKIM (d= is the nearest domain identity that is
set up); Using a custom MAIL FROM domain (an address without its own uses its domain's).
"""

from __future__ import annotations

from kamome.mail.dkim_signing import Signer
from kamome.services.ses.identities.dkim_keys import key_of, signing_domain
from kamome.services.ses.identities.identity_names import DOMAIN
from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.receiving.recipients import domain_and_parents, domain_of
from kamome.services.ses.sending.gate import Passed
from kamome.services.ses.sending.refusals import MAIL_FROM_NOT_VERIFIED, SendRefused
from kamome.services.ses.sending.sent_mails import default_mail_from_domain
from kamome.services.ses.slice import Ses


async def signer_of(ses: Ses, passed: Passed, address: str) -> Signer | None:
    """Who signs a mail from this address; None where signing is off or not set up.

    AWS: SES Developer Guide, Easy DKIM.
    """
    if passed.identity.type != DOMAIN and not passed.identity.dkim.is_enabled:
        return None
    for domain in _domains(ses, passed, address):
        if signing_domain(domain):
            key = await key_of(ses, passed.owner, domain)
            if key is not None:
                return Signer(domain.identity, key.selector, key.private_key_pem, key.algorithm)
        elif not domain.dkim.is_enabled:
            return None
    return None


def default_configuration_set(ses: Ses, passed: Passed, address: str) -> str:
    """The set of mails that name none: the address's, else the nearest domain's.

    AWS: SES Developer Guide, Understanding default configuration sets.
    """
    identities = (passed.identity, *_domains(ses, passed, address))
    return next((each.configuration_set for each in identities if each.configuration_set), "")


def mail_from_domain(ses: Ses, passed: Passed, address: str) -> str:
    """The domain of the return path.

    Raises:
        SendRefused: the custom domain's record is missing, and it is not to be sent without.

    AWS: SES Developer Guide, Using a custom MAIL FROM domain.
    """
    for identity in (passed.identity, *_domains(ses, passed, address)):
        chosen = identity.mail_from
        if not chosen.domain:
            continue
        if chosen.status == "Success":
            return chosen.domain
        if chosen.behavior == "RejectMessage":
            raise SendRefused(
                MAIL_FROM_NOT_VERIFIED,
                f"MAIL FROM domain <{chosen.domain}> of identity <{identity.identity}> is not "
                "verified.",
            )
        break
    return ses.settings.mail_from_domain or default_mail_from_domain(passed.owner.region)


def _domains(ses: Ses, passed: Passed, address: str) -> list[Identity]:
    """The domain identities at and above an address, nearest first."""
    found = [
        ses.identities.find(passed.owner, name) for name in domain_and_parents(domain_of(address))
    ]
    return [identity for identity in found if identity is not None]

"""Who may send as whom, to whom: the identities behind a mail, and the sandbox.

The From address, the source and the return path must be verified: as they are, or by their domain
or one above it. In the sandbox so must every recipient that is not the mailbox simulator's. An ARN
names the identity of another account that has allowed it by a policy.

AWS: SES Developer Guide, Verified identities; Request production access; Using sending
authorization; Amazon SES email sending errors.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.ses.feedback.simulated_addresses import scenario_of
from kamome.services.ses.identities.authorization_policies import Attempt, is_allowed
from kamome.services.ses.identities.identity_names import (
    identities_of,
    identity_of_arn,
    normal_identity,
)
from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.sending.quotas import is_sandboxed
from kamome.services.ses.sending.refusals import INVALID, MESSAGE_REJECTED, NOT_ALLOWED, SendRefused
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

# The action that policies know, where the operation has another name.
_ACTIONS = {"SendSmtpEmail": "SendRawEmail", "SendBulkEmail": "SendBulkTemplatedEmail"}


class Speaker(msgspec.Struct, frozen=True):
    """An address that a mail speaks for, and the ARN by which it may; empty: one's own."""

    address: str
    arn: str = ""


class Claim(msgspec.Struct, frozen=True):
    """What a mail claims. `author` is the From address; `others` are source and return path."""

    operation: str
    author: Speaker
    others: tuple[Speaker, ...]
    recipients: tuple[str, ...]
    display_name: str = ""
    feedback_address: str = ""


class Passed(msgspec.Struct, frozen=True):
    """The identity that a mail is sent from, and whose it is."""

    identity: Identity
    owner: Owner


def check(ses: Ses, ctx: RequestContext, claim: Claim) -> Passed:
    """Let a mail through, or name all that fail.

    Raises:
        SendRefused: an address is not verified; another's identity may not be used; an ARN is none
            of an identity of this region, or not of the address.

    AWS: SES Developer Guide, Amazon SES email sending errors.
    """
    author = _identity_of(ses, ctx, claim, claim.author)
    failed = [claim.author.address] if author is None else []
    failed += [
        other.address
        for other in claim.others
        if other.address and _identity_of(ses, ctx, claim, other) is None
    ]
    owner = Owner(ctx.account, ctx.region)
    if is_sandboxed(ses, owner):
        failed += [each for each in claim.recipients if not _may_receive(ses, owner, each)]
    if failed or author is None:
        raise SendRefused(MESSAGE_REJECTED, _sentence(ctx.region, failed))
    return author


def verified_identity(ses: Ses, owner: Owner, address: str) -> Identity | None:
    """The nearest verified identity that speaks for an address.

    AWS: SES Developer Guide, Creating and verifying identities.
    """
    for name in identities_of(address):
        identity = ses.identities.find(owner, name)
        if identity is not None and identity.is_verified:
            return identity
    return None


def _may_receive(ses: Ses, owner: Owner, address: str) -> bool:
    return scenario_of(address) is not None or verified_identity(ses, owner, address) is not None


def _sentence(region: str, addresses: Sequence[str]) -> str:
    named = ", ".join(dict.fromkeys(addresses))
    return (
        "Email address is not verified. The following identities failed the check in region "
        f"{region.upper()}: {named}"
    )


def _identity_of(ses: Ses, ctx: RequestContext, claim: Claim, speaker: Speaker) -> Passed | None:
    if not speaker.arn:
        owner = Owner(ctx.account, ctx.region)
        identity = verified_identity(ses, owner, speaker.address)
        return None if identity is None else Passed(identity, owner)
    parsed = parse_arn(speaker.arn)
    name = identity_of_arn(speaker.arn)
    if parsed is None or parsed.service != "ses" or not name:
        raise SendRefused(INVALID, f"Invalid identity ARN: {speaker.arn}")
    if parsed.region != ctx.region or name not in identities_of(normal_identity(speaker.address)):
        raise SendRefused(INVALID, f"ARN {speaker.arn} is not valid for {speaker.address}.")
    owner = Owner(parsed.account, parsed.region)
    identity = ses.identities.find(owner, name)
    if identity is None or not identity.is_verified:
        return None
    if owner.account != ctx.account:
        _check_allowed(ses, ctx, claim, Passed(identity, owner), speaker.arn)
    return Passed(identity, owner)


def _check_allowed(ses: Ses, ctx: RequestContext, claim: Claim, passed: Passed, arn: str) -> None:
    action = f"ses:{_ACTIONS.get(claim.operation, claim.operation)}"
    values = {
        "ses:fromaddress": [claim.author.address],
        "ses:fromdisplayname": [claim.display_name],
        "ses:recipients": list(claim.recipients),
        "ses:feedbackaddress": [claim.feedback_address or claim.author.address],
        "aws:sourceip": [ctx.source_ip],
        "aws:principalarn": [ctx.principal],
    }
    attempt = Attempt(ctx.principal, ctx.account, action, arn, values)
    policies = ses.identities.policies(passed.owner, passed.identity.identity)
    if not is_allowed(list(policies.values()), attempt):
        raise SendRefused(
            NOT_ALLOWED,
            f"User `{ctx.principal}' is not authorized to perform `{action}' on resource `{arn}'",
        )

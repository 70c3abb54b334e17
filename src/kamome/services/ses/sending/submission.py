"""Mail that is handed in by SMTP: who the user is, and the same way out as SendRawEmail.

The user name is an access key, the password is derived from its secret and a region by AWS's
algorithm: the region in which the mail is sent follows from the password. Where the server takes
any credentials, any password is taken; that of the secret `test` still tells its region.

AWS: SES Developer Guide, Obtaining Amazon SES SMTP credentials (Converting existing AWS
credentials); Amazon SES SMTP response codes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator

import msgspec

from kamome.context import RequestContext
from kamome.mail.envelope import Envelope
from kamome.mail.submission import SubmissionRefused, Submitter
from kamome.services.ses.addresses import AddressInvalid
from kamome.services.ses.limits import MAIL_BYTES_MAX
from kamome.services.ses.sending.raw_mail import MailInvalid
from kamome.services.ses.sending.raw_submission import RawRequest, raw_submission
from kamome.services.ses.sending.refusals import (
    ACCOUNT_PAUSED,
    CONFIGURATION_SET_PAUSED,
    MESSAGE_REJECTED,
    NOT_ALLOWED,
    QUOTA_EXCEEDED,
    THROTTLED,
    SendRefused,
)
from kamome.services.ses.sending.sending import send
from kamome.services.ses.slice import Ses

# AWS: General Reference, Amazon SES endpoints and quotas (SMTP endpoints).
REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "af-south-1", "ap-south-1"),
    *("ap-south-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1"),
    *("ap-southeast-2", "ap-southeast-3", "ap-southeast-5", "ca-central-1", "ca-west-1"),
    *("eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-2"),
    *("eu-west-3", "il-central-1", "me-central-1", "me-south-1", "sa-east-1"),
    *("us-gov-east-1", "us-gov-west-1"),
)
# The constants of the algorithm. AWS: as above.
_DATE, _SERVICE, _TERMINAL, _MESSAGE, _VERSION = (
    "11111111",
    "ses",
    "aws4_request",
    "SendRawEmail",
    b"\x04",
)
# What examples and tests sign with where nobody looks.
_DEVELOPMENT_SECRET = "test"  # noqa: S105 - the documented one, taken only where any is
_ACCOUNT_DIGITS = 12
_OPERATION = "SendSmtpEmail"
_REJECTED, _THROTTLED = 554, 454


class Credentials(msgspec.Struct, frozen=True):
    """Where access keys are known. `find_key` gives the secret and the account of one."""

    find_key: Callable[[str], tuple[str, str] | None]
    is_enforced: bool
    default_account: str
    default_region: str


def smtp_password(secret: str, region: str) -> str:
    """The SMTP password of a secret access key in a region.

    AWS: SES Developer Guide, Obtaining Amazon SES SMTP credentials.
    """
    key = f"AWS4{secret}".encode()
    for step in (_DATE, region, _SERVICE, _TERMINAL, _MESSAGE):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return base64.b64encode(_VERSION + key).decode()


def authenticate(credentials: Credentials, user: str, password: str) -> Submitter | None:
    """The user whose name and password these are; None where they are wrong.

    AWS: SES Developer Guide, Obtaining Amazon SES SMTP credentials.
    """
    known = credentials.find_key(user)
    if known is not None:
        secret, account = known
        region = _region_of(credentials, secret, password)
        if region is None and credentials.is_enforced:
            return None
    elif credentials.is_enforced:
        return None
    else:
        region = _region_of(credentials, _DEVELOPMENT_SECRET, password)
        is_account = len(user) == _ACCOUNT_DIGITS and user.isascii() and user.isdigit()
        account = user if is_account else credentials.default_account
    return Submitter(user, f"{account}/{region or credentials.default_region}")


async def submit(ses: Ses, submitter: Submitter, envelope: Envelope, content: bytes) -> str:
    """Send a mail that came by SMTP; returns its MessageId. Durable on return.

    Raises:
        SubmissionRefused: with the reply that SES gives.

    AWS: SES Developer Guide, Using the Amazon SES SMTP interface.
    """
    account, _, region = submitter.owner.partition("/")
    ctx = RequestContext(
        account=account,
        region=region,
        principal=f"arn:aws:iam::{account}:root",
        request_id=ses.ids.uuid(),
        protocol="smtp",
        source_ip=envelope.client_ip,
        access_key=submitter.user,
    )
    if len(content) > MAIL_BYTES_MAX:
        raise SubmissionRefused(_REJECTED, "Transaction failed: Message too long.")
    asked = RawRequest(
        operation=_OPERATION,
        data=content,
        source=envelope.reverse_path,
        destinations=envelope.recipients,
        is_source_told=False,
        tls_version=envelope.tls,
    )
    try:
        message_id = await send(ses, ctx, raw_submission(asked))
    except SendRefused as refused:
        await ses.store.engine.durable()
        raise _reply(refused) from None
    except (MailInvalid, AddressInvalid) as error:
        raise SubmissionRefused(_REJECTED, f"Transaction failed: {error}") from None
    await ses.store.engine.durable()
    return message_id


def _region_of(credentials: Credentials, secret: str, password: str) -> str | None:
    """The region that a password of this secret is for; None where it is none of the secret."""
    return next(
        (
            region
            for region in _candidates(credentials)
            if hmac.compare_digest(smtp_password(secret, region).encode(), password.encode())
        ),
        None,
    )


def _candidates(credentials: Credentials) -> Iterator[str]:
    yield credentials.default_region
    yield from REGIONS


def _reply(refused: SendRefused) -> SubmissionRefused:
    """The refusal as SMTP says it. AWS: SES Developer Guide, Amazon SES SMTP response codes."""
    message = refused.message
    if refused.kind in (THROTTLED, QUOTA_EXCEEDED):
        return SubmissionRefused(_THROTTLED, f"Throttling failure: {message}")
    if refused.kind == NOT_ALLOWED:
        return SubmissionRefused(_REJECTED, f"Access denied: {message}")
    if refused.kind in (MESSAGE_REJECTED, ACCOUNT_PAUSED, CONFIGURATION_SET_PAUSED):
        return SubmissionRefused(_REJECTED, f"Message rejected: {message}")
    return SubmissionRefused(_REJECTED, f"Transaction failed: {message}")

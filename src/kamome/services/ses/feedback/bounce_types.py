"""What SES calls a bounce or a delay, out of what the receiving server has said.

The enhanced status code decides, where there is one; the reply code where there is none.

AWS: SES Developer Guide, Amazon SNS notification contents (Bounce types); Contents of event data
that Amazon SES publishes to Amazon SNS (DeliveryDelay object). RFC 3463.
"""

from __future__ import annotations

import re

import msgspec

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_LEADING_STATUS = re.compile(r"\s*(?:\d{3}[ -])?\s*([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
# RFC 5321 §4.2.3: exceeded storage allocation.
_STORAGE_EXCEEDED = 552

# By the status without its class. RFC 3463 §3.3, §3.4, RFC 7505 §4.
_MAILBOX_FULL = frozenset({"2.2", "3.1"})
_TOO_LARGE = frozenset({"2.3", "3.4"})
# Time is over: of use as a persistent transient error alone, whatever its class. RFC 3463 §3.5.
_EXPIRED = "4.7"
# The address or its domain does not exist, or takes no mail. RFC 3463 §3.2, RFC 7505 §4.
_NO_EMAIL = frozenset({"1.2", "1.6", "1.10"})
# Subjects: media and security or policy. RFC 3463 §3.7, §3.8.
_CONTENT_SUBJECTS = frozenset({"6", "7"})


class BounceType(msgspec.Struct, frozen=True):
    """`bounceType` and `bounceSubType`."""

    type: str
    sub_type: str

    @property
    def is_hard(self) -> bool:
        """Whether the address is to be suppressed from now on."""
        return self.type == "Permanent"


UNDETERMINED = BounceType("Undetermined", "Undetermined")
GENERAL = BounceType("Permanent", "General")
NO_EMAIL = BounceType("Permanent", "NoEmail")
SUPPRESSED = BounceType("Permanent", "Suppressed")
ON_ACCOUNT_SUPPRESSION_LIST = BounceType("Permanent", "OnAccountSuppressionList")
UNSUBSCRIBED = BounceType("Permanent", "UnsubscribedRecipient")
SOFT = BounceType("Transient", "General")
MAILBOX_FULL = BounceType("Transient", "MailboxFull")
MESSAGE_TOO_LARGE = BounceType("Transient", "MessageTooLarge")
CONTENT_REJECTED = BounceType("Transient", "ContentRejected")
ATTACHMENT_REJECTED = BounceType("Transient", "AttachmentRejected")


def status_of(code: int, enhanced: str, text: str = "") -> str:
    """The enhanced status of a reply: its own, else the general one of its class.

    A reply without one of its own may carry it at the beginning of its text. One of another class
    than the reply's does not count.

    RFC 3463 §3.1, RFC 2034 §4.
    """
    if _STATUS.fullmatch(enhanced):
        return enhanced
    leading = _LEADING_STATUS.match(text)
    if leading is not None and (not code or leading[1][0] == str(code)[0]):
        return leading[1]
    return "5.0.0" if code >= 500 else "4.0.0"


def bounce_type(status: str, code: int = 0, text: str = "") -> BounceType:
    """What kind of bounce a status means, for a mail that is tried no more.

    A full mailbox and a refused content are transient also where the server said 5xx: the same
    address may take another mail. An unknown user is `General`, as in AWS's own examples.
    """
    found = _STATUS.fullmatch(status)
    if found is None:
        return UNDETERMINED
    detail = f"{found[2]}.{found[3]}"
    if detail in _MAILBOX_FULL:
        return MAILBOX_FULL
    if detail in _TOO_LARGE or (code == _STORAGE_EXCEEDED and detail == "0.0"):
        return MESSAGE_TOO_LARGE
    if found[2] in _CONTENT_SUBJECTS and found[1] == "5":
        return ATTACHMENT_REJECTED if "attachment" in text.lower() else CONTENT_REJECTED
    if found[1] != "5" or detail == _EXPIRED:
        return SOFT
    return NO_EMAIL if detail in _NO_EMAIL else GENERAL


def delay_type(status: str, code: int, text: str = "") -> str:
    """`delayType` of a mail that is tried again later. `code` 0: no server answered."""
    found = _STATUS.fullmatch(status)
    if found is not None and f"{found[2]}.{found[3]}" in _MAILBOX_FULL:
        return "MailboxFull"
    if code == 0 or (found is not None and found[2] == "4"):
        return "TransientCommunicationFailure"
    if found is not None and found[2] == "7":
        return "SpamDetected" if "spam" in text.lower() else "IPFailure"
    return "RecipientServerError" if 400 <= code < 500 else "Undetermined"

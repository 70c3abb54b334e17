"""Text messages: kept as records instead of sent; settings, opted-out numbers, the sandbox.

Nothing leaves the machine. `GET /_kamome/sns/sms` shows what would have been sent, and the one-time
passwords of the sandbox. No number ever opts out by itself, and none originates messages.

AWS: SNS Developer Guide, Mobile text messaging with Amazon SNS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.sns.envelope import Attribute
from kamome.services.sns.errors import (
    ResourceNotFound,
    UserError,
    VerificationException,
    invalid,
)
from kamome.services.sns.limits import PAGE_ITEMS_MAX, SMS_BYTES_MAX
from kamome.services.sns.paging import next_token, position
from kamome.services.sns.record_store import Record
from kamome.services.sns.slice import Sns

if TYPE_CHECKING:
    from kamome.services.sns import shapes

SMS = "sms"
# ITU-T E.164: a country code and a number, 15 digits at most.
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SETTINGS = "sms_attributes"
_OPTED_OUT = "opted_out"
_SANDBOX = "sandbox"
_SETTING_NAMES = frozenset(
    {
        "DefaultSMSType",
        "DefaultSenderID",
        "DeliveryStatusIAMRole",
        "DeliveryStatusSuccessSamplingRate",
        "MonthlySpendLimit",
        "UsageReportS3Bucket",
    }
)
_SENDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}")
_PERCENT = re.compile(r"\d{1,3}")
_PASSWORD_DIGITS = 6
# The character after all that phone numbers are made of.
_AFTER_ALL = "~"


def is_phone_number(text: str) -> bool:
    """Whether a text is a phone number in the form of E.164.

    AWS: SNS API Reference, Publish (PhoneNumber).
    """
    return _E164.fullmatch(text) is not None


def publish_to_phone(
    sns: Sns,
    ctx: RequestContext,
    phone_number: str,
    texts: Mapping[str, str],
    carried: Mapping[str, Attribute],
) -> str:
    """Keep the text message that would go to a phone; returns its MessageId.

    Raises:
        InvalidParameter: the number is not one, or the message is too long.

    AWS: SNS API Reference, Publish (PhoneNumber).
    """
    if not is_phone_number(phone_number):
        raise invalid("PhoneNumber", f"{phone_number} is not valid to publish to")
    message = texts.get(SMS, texts["default"])
    if len(message.encode()) > SMS_BYTES_MAX:
        raise invalid("Message too long")
    message_id = sns.ids.uuid()
    keep_text_message(
        sns, ctx, phone_number, {"MessageId": message_id, "Message": message}, carried
    )
    return message_id


def keep_text_message(
    sns: Sns,
    ctx: RequestContext,
    phone_number: str,
    members: Mapping[str, object],
    carried: Mapping[str, Attribute],
) -> None:
    """Keep a text message as a record, with the settings that hold for it.

    AWS: SNS Developer Guide, Publishing SMS messages to a mobile phone.
    """
    settings = _settings(sns, ctx)
    message_type = carried.get("AWS.SNS.SMS.SMSType", {"Value": ""})["Value"]
    sender_id = carried.get("AWS.SNS.SMS.SenderID", {"Value": ""})["Value"]
    is_opted_out = sns.record_store.get(_place(ctx, _OPTED_OUT), phone_number) is not None
    document = {
        **members,
        "PhoneNumber": phone_number,
        "SMSType": message_type or settings.get("DefaultSMSType", "Promotional"),
        "SenderID": sender_id or settings.get("DefaultSenderID", ""),
        "MessageAttributes": carried,
        "Status": "opted out" if is_opted_out else "kept, not sent",
    }
    sns.record_store.keep(
        Record(sns.clock.now_ms(), ctx.account, ctx.region, SMS, phone_number, document)
    )


async def check_if_phone_number_is_opted_out(
    sns: Sns, ctx: RequestContext, request: shapes.CheckIfPhoneNumberIsOptedOutRequest
) -> shapes.CheckIfPhoneNumberIsOptedOutResult:
    """Whether a phone number's holder takes no text messages.

    Raises:
        InvalidParameter: the number is not one.

    AWS: SNS API Reference, CheckIfPhoneNumberIsOptedOut.
    """
    number = _checked_number(request["phoneNumber"], "phoneNumber")
    opted_out = sns.record_store.get(_place(ctx, _OPTED_OUT), number)
    return {"isOptedOut": opted_out is not None}


async def create_sms_sandbox_phone_number(
    sns: Sns, ctx: RequestContext, request: shapes.CreateSMSSandboxPhoneNumberRequest
) -> shapes.CreateSMSSandboxPhoneNumberResult:
    """Begin to verify a phone number; its one-time password is kept as a text message.

    Raises:
        InvalidParameter: the number is not one.
        UserError: it is verified already.

    AWS: SNS API Reference, CreateSMSSandboxPhoneNumber.
    """
    number = _checked_number(request["PhoneNumber"], "PhoneNumber")
    place = _place(ctx, _SANDBOX)
    known = sns.record_store.get(place, number)
    if known is not None and known["Status"] == "Verified":
        raise UserError("The phone number is already verified.")
    digits = int.from_bytes(sns.ids.bytes(8), "big") % 10**_PASSWORD_DIGITS
    password = f"{digits:0{_PASSWORD_DIGITS}d}"
    sns.record_store.put(place, number, {"Status": "Pending", "OneTimePassword": password})
    message = f"Your verification code is {password}"
    members = {"MessageId": sns.ids.uuid(), "Message": message}
    keep_text_message(sns, ctx, number, members, {})
    return {}


async def delete_sms_sandbox_phone_number(
    sns: Sns, ctx: RequestContext, request: shapes.DeleteSMSSandboxPhoneNumberRequest
) -> shapes.DeleteSMSSandboxPhoneNumberResult:
    """Remove a phone number from the sandbox.

    Raises:
        InvalidParameter: the number is not one.
        ResourceNotFound: it is not in the sandbox.

    AWS: SNS API Reference, DeleteSMSSandboxPhoneNumber.
    """
    number = _checked_number(request["PhoneNumber"], "PhoneNumber")
    _sandbox_number(sns, ctx, number)
    sns.record_store.delete(_place(ctx, _SANDBOX), number)
    return {}


async def get_sms_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.GetSMSAttributesRequest
) -> shapes.GetSMSAttributesResult:
    """The settings for text messages, all or those named.

    AWS: SNS API Reference, GetSMSAttributes.
    """
    settings = _settings(sns, ctx)
    named = request.get("attributes")
    if named:
        settings = {name: value for name, value in settings.items() if name in named}
    return {"attributes": settings}


async def get_sms_sandbox_account_status(
    _sns: Sns, _ctx: RequestContext, _request: shapes.GetSMSSandboxAccountStatusRequest
) -> shapes.GetSMSSandboxAccountStatusResult:
    """Accounts are outside the sandbox: every number may be written to, since none is reached.

    AWS: SNS API Reference, GetSMSSandboxAccountStatus.
    """
    return {"IsInSandbox": False}


async def list_origination_numbers(
    _sns: Sns, _ctx: RequestContext, request: shapes.ListOriginationNumbersRequest
) -> shapes.ListOriginationNumbersResult:
    """No account has numbers of its own to send from.

    Raises:
        InvalidParameter: the token is not one of ours.

    AWS: SNS API Reference, ListOriginationNumbers.
    """
    position(request.get("NextToken"), 1)
    return {"PhoneNumbers": []}


async def list_phone_numbers_opted_out(
    sns: Sns, ctx: RequestContext, request: shapes.ListPhoneNumbersOptedOutRequest
) -> shapes.ListPhoneNumbersOptedOutResult:
    """Phone numbers whose holders take no text messages, 100 a page.

    Raises:
        InvalidParameter: the token is not one of ours.

    AWS: SNS API Reference, ListPhoneNumbersOptedOut.
    """
    (after,) = position(request.get("nextToken"), 1)
    found = sns.record_store.after(_place(ctx, _OPTED_OUT), after, _AFTER_ALL, PAGE_ITEMS_MAX + 1)
    numbers = [number for number, _ in found[:PAGE_ITEMS_MAX]]
    result: shapes.ListPhoneNumbersOptedOutResult = {"phoneNumbers": numbers}
    if len(found) > PAGE_ITEMS_MAX:
        result["nextToken"] = next_token(numbers[-1])
    return result


async def list_sms_sandbox_phone_numbers(
    sns: Sns, ctx: RequestContext, request: shapes.ListSMSSandboxPhoneNumbersRequest
) -> shapes.ListSMSSandboxPhoneNumbersResult:
    """Phone numbers of the sandbox and whether they are verified.

    Raises:
        InvalidParameter: the token is not one of ours.

    AWS: SNS API Reference, ListSMSSandboxPhoneNumbers.
    """
    (after,) = position(request.get("NextToken"), 1)
    limit = request.get("MaxResults", PAGE_ITEMS_MAX)
    found = sns.record_store.after(_place(ctx, _SANDBOX), after, _AFTER_ALL, limit + 1)
    numbers: list[shapes.SMSSandboxPhoneNumber] = [
        {"PhoneNumber": number, "Status": document["Status"]} for number, document in found[:limit]
    ]
    result: shapes.ListSMSSandboxPhoneNumbersResult = {"PhoneNumbers": numbers}
    if len(found) > limit:
        result["NextToken"] = next_token(found[limit - 1][0])
    return result


async def opt_in_phone_number(
    sns: Sns, ctx: RequestContext, request: shapes.OptInPhoneNumberRequest
) -> shapes.OptInPhoneNumberResult:
    """A phone number that was opted out takes text messages again.

    Raises:
        InvalidParameter: the number is not one.

    AWS: SNS API Reference, OptInPhoneNumber.
    """
    number = _checked_number(request["phoneNumber"], "phoneNumber")
    sns.record_store.delete(_place(ctx, _OPTED_OUT), number)
    return {}


async def set_sms_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.SetSMSAttributesRequest
) -> shapes.SetSMSAttributesResult:
    """Change settings for text messages; those not named stay.

    Raises:
        InvalidParameter: a name or value is not one.

    AWS: SNS API Reference, SetSMSAttributes.
    """
    given = request["attributes"]
    for name, value in given.items():
        if name not in _SETTING_NAMES:
            raise invalid(f"{name} is not a valid attribute")
        _check_setting(name, value)
    settings = {**_settings(sns, ctx), **given}
    sns.record_store.put(_place(ctx, _SETTINGS), _SETTINGS, settings)
    return {}


async def verify_sms_sandbox_phone_number(
    sns: Sns, ctx: RequestContext, request: shapes.VerifySMSSandboxPhoneNumberRequest
) -> shapes.VerifySMSSandboxPhoneNumberResult:
    """Verify a phone number by its one-time password.

    Raises:
        InvalidParameter: the number is not one.
        ResourceNotFound: it is not in the sandbox.
        VerificationException: the password is not its.

    AWS: SNS API Reference, VerifySMSSandboxPhoneNumber.
    """
    number = _checked_number(request["PhoneNumber"], "PhoneNumber")
    known = _sandbox_number(sns, ctx, number)
    if known.get("OneTimePassword") != request["OneTimePassword"]:
        raise VerificationException("The one-time password is not valid.")
    sns.record_store.put(_place(ctx, _SANDBOX), number, {"Status": "Verified"})
    return {}


def _settings(sns: Sns, ctx: RequestContext) -> dict[str, str]:
    kept = sns.record_store.get(_place(ctx, _SETTINGS), _SETTINGS) or {}
    return {"MonthlySpendLimit": "1", **kept}


def _check_setting(name: str, value: str) -> None:
    is_right = {
        "DefaultSMSType": value in ("Promotional", "Transactional"),
        "DefaultSenderID": not value or _SENDER_ID.fullmatch(value) is not None,
        "DeliveryStatusSuccessSamplingRate": (
            _PERCENT.fullmatch(value) is not None and int(value) <= 100
        ),
        "MonthlySpendLimit": value.isascii() and value.isdigit() and len(value) <= 9,
    }.get(name, True)
    if not is_right:
        raise invalid(name, f"{value[:100]} is not a valid value")


def _sandbox_number(sns: Sns, ctx: RequestContext, number: str) -> dict[str, str]:
    known = sns.record_store.get(_place(ctx, _SANDBOX), number)
    if known is None:
        raise ResourceNotFound("The destination phone number is not in the sandbox.")
    return known


def _checked_number(number: str, parameter: str) -> str:
    if not is_phone_number(number):
        raise invalid(parameter, "input incorrectly formatted")
    return number


def _place(ctx: RequestContext, kind: str) -> tuple[str, str, str]:
    return ctx.account, ctx.region, kind

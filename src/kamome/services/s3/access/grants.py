"""Access control lists: canned ones, those in headers, those in documents.

A list is kept as its grants, in the members of the model. The owner of an object is here always the
bucket's, so the canned lists that differ by owner come to the same.

AWS: S3 User Guide, Access control list (ACL) overview.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from kamome.services.s3.access.acl_errors import MalformedACLError, UnresolvableGrantByEmailAddress
from kamome.services.s3.errors import AccessDenied, InvalidArgument, InvalidRequest

Grant = Mapping[str, object]
_GROUPS = "http://acs.amazonaws.com/groups/"
ALL_USERS = f"{_GROUPS}global/AllUsers"
AUTHENTICATED_USERS = f"{_GROUPS}global/AuthenticatedUsers"
LOG_DELIVERY = f"{_GROUPS}s3/LogDelivery"
_PUBLIC = frozenset((ALL_USERS, AUTHENTICATED_USERS))
# AWS: Access control list overview, Canned ACL. EC2's read access to images is no group's.
_CANNED: Mapping[str, Sequence[tuple[str, str]]] = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
# Member of a request: the permission that it grants.
HEADERS: Mapping[str, str] = {
    "GrantFullControl": "FULL_CONTROL",
    "GrantRead": "READ",
    "GrantReadACP": "READ_ACP",
    "GrantWrite": "WRITE",
    "GrantWriteACP": "WRITE_ACP",
}
MEMBERS = frozenset(("ACL", *HEADERS))
# AWS: Access control list overview: an ACL can have up to 100 grants.
_GRANTS_MAX = 100
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}")
_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]*)"?\s*', re.IGNORECASE)


def owners_grant(owner_id: str) -> Grant:
    """Full control of the owner: what every list begins with unless it says otherwise."""
    return {"Grantee": {"ID": owner_id, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}


def requested_grants(request: Mapping[str, object], owner_id: str) -> list[Grant] | None:
    """The grants that a request's headers ask for; None where they say nothing.

    Raises:
        InvalidRequest: a canned list and headers of grants are both there.
        InvalidArgument, UnresolvableGrantByEmailAddress: a grantee.

    AWS: S3 API Reference, PutObject, x-amz-acl and x-amz-grant-*.
    """
    canned = request.get("ACL")
    named = [(member, permission) for member, permission in HEADERS.items() if member in request]
    if canned is not None and named:
        raise InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    if canned is not None:
        groups = [_group_grant(uri, permission) for uri, permission in _CANNED[str(canned)]]
        return [owners_grant(owner_id), *groups]
    if not named:
        return None
    return _bounded(
        [
            _header_grant(grantee, permission)
            for member, permission in named
            for grantee in str(request[member]).split(",")
        ]
    )


def document_grants(policy: Mapping[str, object], owner_id: str) -> list[Grant]:
    """The grants of an AccessControlPolicy.

    Raises:
        MalformedACLError: a grant lacks its grantee or permission.
        AccessDenied: it names another owner.
        InvalidArgument, UnresolvableGrantByEmailAddress: a grantee.

    AWS: S3 API Reference, PutBucketAcl, AccessControlPolicy.
    """
    owner = policy.get("Owner")
    if not isinstance(owner, Mapping):
        raise MalformedACLError
    if owner.get("ID") != owner_id:
        raise AccessDenied
    grants = policy.get("Grants")
    listed = cast("list[Grant]", grants) if isinstance(grants, list) else []
    return _bounded([_checked(grant) for grant in listed])


def is_public(grants: Sequence[Grant]) -> bool:
    """Whether the list grants anything to everybody, or to everybody with an account.

    AWS: S3 User Guide, Blocking public access, The meaning of "public".
    """
    return any(_grantee(grant).get("URI") in _PUBLIC for grant in grants)


def grants_read_to_all(grants: Sequence[Grant]) -> bool:
    """Whether anonymous callers may read what the list is of."""
    return any(
        _grantee(grant).get("URI") == ALL_USERS
        and grant.get("Permission") in ("READ", "FULL_CONTROL")
        for grant in grants
    )


def is_owners_alone(grants: Sequence[Grant], owner_id: str) -> bool:
    """Whether the list says no more than holds where ACLs are disabled.

    AWS: S3 User Guide, Controlling ownership of objects and disabling ACLs for your bucket.
    """
    return list(grants) == [owners_grant(owner_id)]


def _bounded(grants: list[Grant]) -> list[Grant]:
    if len(grants) > _GRANTS_MAX:
        raise MalformedACLError
    return grants


def _grantee(grant: Grant) -> Mapping[str, object]:
    grantee = grant.get("Grantee")
    return cast("Mapping[str, object]", grantee) if isinstance(grantee, Mapping) else {}


def _checked(grant: Grant) -> Grant:
    grantee, permission = _grantee(grant), grant.get("Permission")
    if not grantee or permission is None:
        raise MalformedACLError
    kind = grantee.get("Type")
    if kind == "Group":
        return _group_grant(str(grantee.get("URI", "")), str(permission))
    if kind == "CanonicalUser":
        return _user_grant(str(grantee.get("ID", "")), str(permission))
    raise UnresolvableGrantByEmailAddress(str(grantee.get("EmailAddress", "")))


def _header_grant(text: str, permission: str) -> Grant:
    match = _GRANTEE.fullmatch(text)
    if match is None:
        raise InvalidArgument("Argument format not recognized", "x-amz-grant", text)
    kind, value = match[1].lower(), match[2]
    if kind == "uri":
        return _group_grant(value, permission)
    if kind == "id":
        return _user_grant(value, permission)
    raise UnresolvableGrantByEmailAddress(value)


def _group_grant(uri: str, permission: str) -> Grant:
    if uri not in (*_PUBLIC, LOG_DELIVERY):
        raise InvalidArgument("Invalid group uri", "uri", uri)
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def _user_grant(canonical_id: str, permission: str) -> Grant:
    if _CANONICAL_ID.fullmatch(canonical_id) is None:
        raise InvalidArgument("Invalid id", "CanonicalUser/ID", canonical_id)
    return {"Grantee": {"ID": canonical_id, "Type": "CanonicalUser"}, "Permission": permission}

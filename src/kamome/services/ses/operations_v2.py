"""The operations of the SES API v2 that are served, by AWS's names.

The two APIs are two doors to one service: the same slice, the same identities, sets and lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.ses.errors_v2 import BadRequestException
from kamome.services.ses.identities_v2 import list_email_identities

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "ListEmailIdentities": list_email_identities,
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

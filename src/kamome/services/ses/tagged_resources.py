"""Which resources of SES have tags, and whether one is there.

AWS: SES API v2 Reference, TagResource; Service Authorization Reference, Amazon SES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kamome.services.ses.configuration_sets.configuration_set_store import ConfigurationSetStore
from kamome.services.ses.configuration_sets.dedicated_ip_store import DedicatedIpStore
from kamome.services.ses.contacts.contact_store import ContactStore
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.templates.template_store import TemplateStore

_Find = Callable[[Ses, Owner, str], object | None]

_FINDERS: Mapping[str, _Find] = {
    "identity": lambda ses, owner, name: ses.identities.find(owner, name),
    "configuration-set": lambda ses, owner, name: ConfigurationSetStore(ses.store.engine).options(
        owner, name
    ),
    "template": lambda ses, owner, name: TemplateStore(ses.store.engine).find(owner, name),
    "custom-verification-email-template": lambda ses, owner, name: TemplateStore(
        ses.store.engine
    ).find_custom(owner, name),
    "contact-list": lambda ses, owner, name: ContactStore(ses.store.engine).find_list(owner, name),
    "dedicated-ip-pool": lambda ses, owner, name: DedicatedIpStore(ses.store.engine).find(
        owner, name
    ),
}


def has_tags(resource: str) -> bool:
    """Whether the last part of an ARN names a kind of resource that has tags."""
    kind, _, name = resource.partition("/")
    return kind in _FINDERS and bool(name)


def is_there(ses: Ses, owner: Owner, resource: str) -> bool:
    """Whether the resource (`identity/example.com`) exists."""
    kind, _, name = resource.partition("/")
    return _FINDERS[kind](ses, owner, name) is not None

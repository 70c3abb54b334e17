"""Mail addresses as senders write them: `user@example.com`, `Name <user@example.com>`.

AWS: SES API Reference, SendEmail: the local part has 7-bit ASCII characters only (no SMTPUTF8),
an international domain is written with A-labels, and a name that is not ASCII as encoded words.
Names are taken as they are, too, and encoded here.
"""

from __future__ import annotations

import re

import msgspec

from kamome.mail.header_fields import comment_of, split_addresses, uncommented

# RFC 5321 §4.5.3.1.1, §4.5.3.1.2 and erratum 1690: 64 and 255 octets, a path has 256 with `<>`.
_LOCAL_CHARACTERS_MAX = 64
_ADDRESS_CHARACTERS_MAX = 254
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"')
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Mailbox(msgspec.Struct, frozen=True):
    """A name, empty where there is none, and an address that is safe in headers and SMTP."""

    name: str
    address: str

    @property
    def text(self) -> str:
        """The mailbox as people read it: `Name <address>`, or the address alone."""
        return f"{self.name} <{self.address}>" if self.name else self.address


class AddressInvalid(ValueError):
    """A text that is no address; the sentence says why, as SES does."""


def parse_mailbox(text: str) -> Mailbox:
    """Take a mailbox apart. A comment behind the address is its name: `root@example.com (Cron)`.

    Raises:
        AddressInvalid: it is none, or more than one, or holds what could end its header.

    RFC 5322 §3.4; RFC 822 §6.1 (comments).
    """
    if _CONTROL.search(text):
        raise AddressInvalid("Local address contains control or whitespace")
    stripped = text.strip()
    if len(split_addresses(stripped)) > 1:
        raise AddressInvalid("Illegal address")
    name, address = _name_and_address(stripped)
    check_address(address)
    return Mailbox(name, _with_lower_domain(address))


def check_address(address: str) -> None:
    """Refuse what is no address of the kind that SES sends to.

    Raises:
        AddressInvalid: with the first thing that is wrong.

    RFC 5321 §4.1.2.
    """
    if not address:
        raise AddressInvalid("Missing address")
    local, at, domain = address.rpartition("@")
    if not at or not domain:
        raise AddressInvalid("Missing final '@domain'")
    if not local:
        raise AddressInvalid("Missing local name")
    if re.search(r"[^!-~]", local) and not _QUOTED.fullmatch(local):
        raise AddressInvalid("Local address contains control or whitespace")
    _check_local(local)
    _check_domain(domain)
    if len(address) > _ADDRESS_CHARACTERS_MAX:
        raise AddressInvalid("Address is too long")


def _check_local(local: str) -> None:
    if len(local) > _LOCAL_CHARACTERS_MAX:
        raise AddressInvalid("Local address is too long")
    if _QUOTED.fullmatch(local):
        return
    if local.startswith("."):
        raise AddressInvalid("Local address starts with dot")
    if local.endswith("."):
        raise AddressInvalid("Local address ends with dot")
    if ".." in local:
        raise AddressInvalid("Local address contains dot-dot")
    if not _ATOMS.fullmatch(local):
        raise AddressInvalid("Local address contains illegal character")


def _check_domain(domain: str) -> None:
    if domain.startswith("."):
        raise AddressInvalid("Domain starts with dot")
    if domain.endswith("."):
        raise AddressInvalid("Domain ends with dot")
    if ".." in domain:
        raise AddressInvalid("Domain contains dot-dot")
    if not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise AddressInvalid("Domain contains illegal character")


def _name_and_address(text: str) -> tuple[str, str]:
    if text.endswith(")") and uncommented(text) != text:
        name, address = _name_and_address(uncommented(text).strip())
        return name or comment_of(text), address
    if not text.endswith(">"):
        return "", text
    name, angle, address = text[:-1].rpartition("<")
    if not angle:
        raise AddressInvalid("Illegal address")
    return _plain_name(name.strip()), address.strip()


def _plain_name(name: str) -> str:
    """A name without the quotes around it."""
    if len(name) >= 2 and name.startswith('"') and name.endswith('"'):
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def _with_lower_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"

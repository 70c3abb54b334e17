"""Static website hosting: which document a path means, and where routing rules send it.

AWS: S3 User Guide, Hosting a static website using Amazon S3: Configuring an index document,
Configuring a custom error document, (Optional) Configuring a webpage redirect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

import msgspec

Configuration = Mapping[str, object]
_KEY_SAFE = "/~!$&'()*+,;=:@"


class Redirect(msgspec.Struct, frozen=True):
    """Where a browser is sent."""

    status: int
    location: str


def index_suffix(configuration: Configuration) -> str:
    """The name of the document that a folder shows."""
    return str(_part(configuration, "IndexDocument").get("Suffix", ""))


def error_key(configuration: Configuration) -> str:
    """The key of the page that is shown for errors; empty without one."""
    return str(_part(configuration, "ErrorDocument").get("Key", ""))


def document_key(configuration: Configuration, key: str) -> str:
    """The object that a path shows: the index document of a folder, else itself.

    AWS: S3 User Guide, Configuring an index document.
    """
    return key + index_suffix(configuration) if not key or key.endswith("/") else key


def redirect_all(configuration: Configuration, key: str, base_url: str) -> Redirect | None:
    """Where a website sends all its requests, if it does.

    AWS: S3 User Guide, Configuring a webpage redirect, Redirect requests to another host.
    """
    target = _part(configuration, "RedirectAllRequestsTo")
    if not target:
        return None
    scheme = str(target.get("Protocol") or base_url.partition("://")[0])
    return Redirect(301, f"{scheme}://{target['HostName']}/{_quoted(key)}")


def rule_redirect(
    configuration: Configuration, key: str, base_url: str, error_status: int | None = None
) -> Redirect | None:
    """Where the first routing rule that matches sends a request.

    Without an error status, rules that ask for one do not match: they are looked at when the
    object has been looked for.

    AWS: S3 User Guide, Using advanced conditional redirects (routing rules).
    """
    rules = configuration.get("RoutingRules")
    if not isinstance(rules, list):
        return None
    for rule in cast("list[Configuration]", rules):
        condition = _part(rule, "Condition")
        wanted = condition.get("HttpErrorCodeReturnedEquals")
        prefix = str(condition.get("KeyPrefixEquals", ""))
        if wanted is None and error_status is not None:
            continue  # it was asked before the object was looked for
        if wanted is not None and str(wanted) != str(error_status):
            continue
        if key.startswith(prefix):
            return _redirect(_part(rule, "Redirect"), key, prefix, base_url)
    return None


def location_of(redirect: str) -> str:
    """An object's `x-amz-website-redirect-location` as the header of an answer."""
    return quote(redirect, safe=_KEY_SAFE + "%?#[]")


def folder_location(key: str) -> str:
    """The path of a folder that was asked for without its slash."""
    return f"/{_quoted(key)}/"


def _redirect(to: Configuration, key: str, prefix: str, base_url: str) -> Redirect:
    scheme, _, host = base_url.partition("://")
    if "ReplaceKeyWith" in to:
        key = str(to["ReplaceKeyWith"])
    elif "ReplaceKeyPrefixWith" in to:
        key = str(to["ReplaceKeyPrefixWith"]) + key[len(prefix) :]
    code = str(to.get("HttpRedirectCode", "301"))
    scheme, host = str(to.get("Protocol") or scheme), str(to.get("HostName") or host)
    return Redirect(int(code), f"{scheme}://{quote(host, safe='.:[]-')}/{_quoted(key)}")


def _quoted(key: str) -> str:
    return quote(key, safe=_KEY_SAFE)


def _part(document: Configuration, name: str) -> Configuration:
    value = document.get(name)
    return cast("Configuration", value) if isinstance(value, Mapping) else {}

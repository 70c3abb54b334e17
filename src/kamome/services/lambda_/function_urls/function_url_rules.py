"""Function URLs as values: their addresses, their settings, who may call them, and CORS.

AWS: Lambda Developer Guide, Creating and managing Lambda function URLs; Control access to Lambda
function URLs; Lambda API Reference, CreateFunctionUrlConfig, Cors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.services.lambda_.errors import constraint
from kamome.services.lambda_.functions.function_configuration import last_modified
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.permissions.policies import Statement, allows_url

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes

NONE = "NONE"
AWS_IAM = "AWS_IAM"
RESPONSE_STREAM = "RESPONSE_STREAM"
HOST_MARK = ".lambda-url."
URL_ID_DIGITS = 32

_HOST = re.compile(r"(?P<url_id>[a-z0-9]{1,40})\.lambda-url\.(?P<region>[a-z0-9-]{1,30})\..+")
_ADDRESS = re.compile(r"[\d.]+|\[.*\]")
_METHODS = frozenset({"*", "GET", "PUT", "HEAD", "POST", "PATCH", "DELETE"})
_ANY = "*"


class CorsRules(msgspec.Struct, frozen=True):
    """`Cors` of a function URL: what other origins may do."""

    allow_credentials: bool = False
    allow_headers: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_s: int | None = None


class UrlSettings(msgspec.Struct, frozen=True):
    """What a caller sets. `cors` None: no answer is given CORS headers."""

    auth_type: str
    invoke_mode: str = "BUFFERED"
    cors: CorsRules | None = None


class FunctionUrl(msgspec.Struct, frozen=True):
    """A URL of `function`, which carries the alias where it is one's."""

    url_id: str
    function: FunctionName
    settings: UrlSettings
    created_at_ms: int
    modified_at_ms: int


# ---------------------------------------------------------------------- addresses


def url_of(url: FunctionUrl, base_url: str) -> str:
    """The address to hand out, below the host by which the caller has come.

    AWS's is `https://<url-id>.lambda-url.<region>.on.aws/`. Below an address nothing can be named,
    so there it is `localhost`, whose names below lead to this machine (RFC 6761 §6.3).
    """
    scheme, _, host = base_url.partition("://")
    name, _, port = host.rpartition(":")
    if not name or not port.isdecimal():
        name, port = host, ""
    if _ADDRESS.fullmatch(name):
        name = "localhost"
    elif name.endswith((".amazonaws.com", ".on.aws")):
        name = "on.aws"
    elif name.endswith(".localhost"):
        name = "localhost"
    end = f":{port}" if port else ""
    return f"{scheme}://{url.url_id}{HOST_MARK}{url.function.region}.{name}{end}/"


def parse_host(host: str) -> tuple[str, str] | None:
    """URL id and Region of a function URL's host, None for others."""
    found = _HOST.fullmatch(host.lower())
    return None if found is None else (found["url_id"], found["region"])


# ---------------------------------------------------------------------- settings


def read_settings(request: Mapping[str, object], now: UrlSettings | None) -> UrlSettings:
    """The settings of a request; what it leaves out stays as it is `now`.

    Raises:
        ValidationException: a method that CORS has not.
    """
    cors = now.cors if now is not None else None
    if request.get("Cors") is not None:
        cors = _read_cors(cast("shapes.Cors", request["Cors"]))
    base = now or UrlSettings(NONE)
    return UrlSettings(
        auth_type=str(request.get("AuthType") or base.auth_type),
        invoke_mode=str(request.get("InvokeMode") or base.invoke_mode),
        cors=cors,
    )


def shown_url(url: FunctionUrl, base_url: str) -> shapes.FunctionUrlConfig:
    """`FunctionUrlConfig` of the API."""
    shown: shapes.FunctionUrlConfig = {
        "FunctionUrl": url_of(url, base_url),
        "FunctionArn": url.function.qualified_arn,
        "AuthType": url.settings.auth_type,
        "CreationTime": last_modified(url.created_at_ms),
        "LastModifiedTime": last_modified(url.modified_at_ms),
        "InvokeMode": url.settings.invoke_mode,
    }
    cors = url.settings.cors
    if cors is not None:
        shown["Cors"] = _shown_cors(cors)
    return shown


def _read_cors(cors: shapes.Cors) -> CorsRules:
    methods = tuple(method.upper() for method in cors.get("AllowMethods", ()))
    for method in methods:
        if method not in _METHODS:
            words = f"Member must satisfy enum value set: [{', '.join(sorted(_METHODS))}]"
            raise constraint(method, "cors.allowMethods", words)
    return CorsRules(
        allow_credentials=bool(cors.get("AllowCredentials", False)),
        allow_headers=tuple(cors.get("AllowHeaders", ())),
        allow_methods=methods,
        allow_origins=tuple(cors.get("AllowOrigins", ())),
        expose_headers=tuple(cors.get("ExposeHeaders", ())),
        max_age_s=cors.get("MaxAge"),
    )


def _shown_cors(cors: CorsRules) -> shapes.Cors:
    shown: shapes.Cors = {}
    if cors.allow_credentials:
        shown["AllowCredentials"] = True
    if cors.allow_headers:
        shown["AllowHeaders"] = list(cors.allow_headers)
    if cors.allow_methods:
        shown["AllowMethods"] = list(cors.allow_methods)
    if cors.allow_origins:
        shown["AllowOrigins"] = list(cors.allow_origins)
    if cors.expose_headers:
        shown["ExposeHeaders"] = list(cors.expose_headers)
    if cors.max_age_s is not None:
        shown["MaxAge"] = cors.max_age_s
    return shown


# ---------------------------------------------------------------------- who may call


def may_call(url: FunctionUrl, ctx: RequestContext, statements: Sequence[Statement]) -> bool:
    """Whether a caller may invoke by this URL.

    With AWS_IAM the call must be signed, and a caller of the function's own account needs no
    statement. All others, and everyone with NONE, need a policy that grants them both
    `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction`.

    AWS: Lambda Developer Guide, Control access to Lambda function URLs.
    """
    auth_type = url.settings.auth_type
    if auth_type == AWS_IAM:
        if not ctx.access_key:
            return False
        if ctx.account == url.function.account:
            return True
    account = ctx.account if auth_type == AWS_IAM else ""
    return allows_url(statements, account=account, auth_type=auth_type)


# ---------------------------------------------------------------------- CORS


def preflight_headers(
    cors: CorsRules, origin: str, method: str, asked: str
) -> list[tuple[str, str]]:
    """Headers that answer a preflight request; none where the origin or the method may not.

    AWS: Lambda Developer Guide, Creating and managing Lambda function URLs (CORS). Fetch Standard,
    CORS-preflight request.
    """
    if not _allows_origin(cors, origin):
        return []
    if _ANY not in cors.allow_methods and method.upper() not in cors.allow_methods:
        return []
    headers = [*_origin_headers(cors, origin)]
    allowed = method.upper() if _ANY in cors.allow_methods else ",".join(cors.allow_methods)
    headers.append(("access-control-allow-methods", allowed))
    names = asked if _ANY in cors.allow_headers else ",".join(cors.allow_headers)
    if names:
        headers.append(("access-control-allow-headers", names.lower()))
    if cors.max_age_s is not None:
        headers.append(("access-control-max-age", str(cors.max_age_s)))
    return headers


def response_headers(cors: CorsRules, origin: str) -> list[tuple[str, str]]:
    """Headers of every other answer to a browser of this origin."""
    if not _allows_origin(cors, origin):
        return []
    headers = _origin_headers(cors, origin)
    if cors.expose_headers:
        headers.append(("access-control-expose-headers", ",".join(cors.expose_headers)))
    return headers


def _allows_origin(cors: CorsRules, origin: str) -> bool:
    if not origin:
        return False
    return any(
        allowed == _ANY or allowed.lower() == origin.lower() for allowed in cors.allow_origins
    )


def _origin_headers(cors: CorsRules, origin: str) -> list[tuple[str, str]]:
    """A browser takes `*` only where no credentials are sent, so then the origin is named."""
    headers = [("access-control-allow-origin", origin), ("vary", "Origin")]
    if cors.allow_credentials:
        headers.append(("access-control-allow-credentials", "true"))
    return headers

"""Cross-origin resource sharing: which rule of a bucket allows what a browser asks.

AWS: S3 User Guide, Using cross-origin resource sharing (CORS), How does Amazon S3 evaluate the CORS
configuration on a bucket; Fetch Standard, CORS protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

Rule = Mapping[str, object]
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def matching_rule(
    rules: Sequence[Rule], origin: str, method: str, headers: Sequence[str]
) -> Rule | None:
    """The first rule that allows this origin the method, and each of the headers.

    AWS: S3 User Guide, Using cross-origin resource sharing (CORS).
    """
    for rule in rules:
        if (
            _allowed_origin(rule, origin) is not None
            and method in texts(rule, "AllowedMethods")
            and all(_allows_header(rule, header) for header in headers)
        ):
            return rule
    return None


def requested_headers(header: str) -> list[str]:
    """The names in `Access-Control-Request-Headers`, lower case."""
    return [name.strip().lower() for name in header.split(",") if name.strip()]


def answer_headers(rule: Rule, origin: str, headers: Sequence[str] = ()) -> list[tuple[str, str]]:
    """What an answer tells the browser: to a preflight, and to the request itself.

    Credentials are allowed where the rule names origins, as a browser takes no `*` with them.

    AWS: S3 API Reference, OPTIONS object.
    """
    is_any = _allowed_origin(rule, origin) == "*"
    answer = [
        ("access-control-allow-origin", "*" if is_any else origin),
        ("access-control-allow-methods", ", ".join(texts(rule, "AllowedMethods"))),
    ]
    if headers:
        answer.append(("access-control-allow-headers", ", ".join(headers)))
    exposed = texts(rule, "ExposeHeaders")
    if exposed:
        answer.append(("access-control-expose-headers", ", ".join(exposed)))
    if isinstance(rule.get("MaxAgeSeconds"), int):
        answer.append(("access-control-max-age", str(rule["MaxAgeSeconds"])))
    if not is_any:
        answer.append(("access-control-allow-credentials", "true"))
    answer.append(("vary", VARY))
    return answer


def texts(rule: Rule, name: str) -> Sequence[str]:
    """A list of words of a rule."""
    value = rule.get(name)
    return cast("Sequence[str]", value) if isinstance(value, list) else ()


def _allowed_origin(rule: Rule, origin: str) -> str | None:
    """The pattern of the rule that the origin is one of."""
    return next((each for each in texts(rule, "AllowedOrigins") if _matches(each, origin)), None)


def _allows_header(rule: Rule, header: str) -> bool:
    return any(_matches(each.lower(), header) for each in texts(rule, "AllowedHeaders"))


def _matches(pattern: str, value: str) -> bool:
    """A pattern has one `*` at most (`check_cors`)."""
    before, star, behind = pattern.partition("*")
    if not star:
        return pattern == value
    return (
        len(value) >= len(before) + len(behind)
        and value.startswith(before)
        and value.endswith(behind)
    )

"""`RequestContext`: what an operation may know of its caller, and nothing of HTTP."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class RequestContext(msgspec.Struct, frozen=True):
    """Who calls, where, and in which journey.

    `base_url` is scheme, host and port as the client used them, for URLs that we hand out
    (`http://localhost:4566`). `principal` is an ARN, or a service principal such as
    `ses.amazonaws.com` for a call from one slice to another. `trace` is the whole
    `X-Amzn-Trace-Id` value (`Root=1-…`), empty where the call belongs to no journey. `when_gone`
    takes a callback for the moment the client hangs up, for operations that wait.
    """

    account: str
    region: str
    principal: str
    request_id: str
    protocol: str = "internal"
    base_url: str = "http://localhost:4566"
    trace: str = ""
    source_ip: str = "127.0.0.1"
    access_key: str = ""
    deadline_ms: int | None = None
    source_arn: str = ""
    when_gone: Callable[[Callable[[], None]], None] | None = None

    def as_service(self, principal: str, *, source_arn: str = "") -> RequestContext:
        """The same journey continued by a service principal (`sns.amazonaws.com`)."""
        return msgspec.structs.replace(
            self, principal=principal, source_arn=source_arn, protocol="internal"
        )

    def arn(self, service: str, resource: str) -> str:
        """ARN of a resource in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

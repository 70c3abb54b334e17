"""Wire protocols: bytes to shapes and back, driven by AWS's service models.

`protocol("json")` gives the one instance of a protocol; `json` (1.0 and 1.1), `query`, `rest-json`
and `rest-xml` are there. Each compiles a decoder and an encoder per operation on first use and
keeps them. None knows a service by name: what differs between services is in their models and in
`overlays/`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.errors import AwsError
    from kamome.protocols.model import OperationModel, ServiceModel
    from kamome.wire import HttpRequest, HttpResponse

__all__ = ["PROTOCOLS", "WireProtocol", "protocol"]

PROTOCOLS: Mapping[str, tuple[str, str]] = {
    "json": ("kamome.protocols.json", "Json"),
    "query": ("kamome.protocols.query", "Query"),
    "rest-json": ("kamome.protocols.rest_json", "RestJson"),
    "rest-xml": ("kamome.protocols.rest_xml", "RestXml"),
}


class WireProtocol(Protocol):
    """One wire protocol of AWS, both ways.

    Decoded requests and results are mappings with AWS's member names; blobs are bytes, timestamps
    epoch seconds (`float` when decoded), absent members absent keys.
    """

    name: str

    def decode(self, operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
        """The operation's input. Required members may be missing: see `constraints.violations`.

        Raises:
            AwsError: the request cannot be read as the operation's input (status 4xx).
        """

    def encode(
        self, operation: OperationModel, result: Mapping[str, Any] | None, request_id: str
    ) -> HttpResponse:
        """The answer that carries an operation's result."""

    def encode_error(
        self,
        service: ServiceModel,
        operation: OperationModel | None,
        error: AwsError,
        request_id: str,
    ) -> HttpResponse:
        """The answer that refuses; `operation` is None where the request named none."""


@cache
def protocol(name: str) -> WireProtocol:
    """The protocol of that name (`json`, `query`, `rest-json`, `rest-xml`).

    Raises:
        KeyError: there is no such protocol.
    """
    module, attribute = PROTOCOLS[name]
    made: WireProtocol = getattr(import_module(module), attribute)()
    return made

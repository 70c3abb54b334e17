"""What a slice tells the pipeline of itself, and the type of its operations.

The pipeline, the routes and the protocols know services only through these descriptors; `app.py`
pairs each with its slice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from kamome.errors import AwsError
from kamome.protocols.model import Violation

# Called as `operation(slice, context, request)`. The parameters differ by slice and operation, so
# the table cannot name them; each function itself is fully typed.
Operation = Callable[..., Awaitable[Mapping[str, object] | None]]


@dataclass(frozen=True, slots=True)
class Service:
    """One served AWS service.

    `model` is the folder of the service model; `protocols` are the wire protocols it answers, the
    model's own first. `violation` words constraint violations the way this service does.
    `resource_of` names what a request is about, for journeys.
    """

    name: str
    model: str
    protocols: tuple[str, ...]
    operations: Mapping[str, Operation]
    violation: Callable[[Sequence[Violation]], AwsError]
    resource_of: Callable[[Mapping[str, object]], str]

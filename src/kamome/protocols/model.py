"""AWS service models: which operations, shapes, locations and constraints a service has.

The models are the JSON files that botocore carries; they are read as package data, lazily and once
per service, and botocore itself is not imported. `load_model("sqs").operation("SendMessage")` gives
an `OperationModel`, whose `input` and `output` are trees of `Shape` and `Member`; members are built
when first asked for, so recursive shapes (DynamoDB's AttributeValue) cost nothing.

Constraints of a shape are checked in `constraints.py`; `Violation` is what it finds.
"""

from __future__ import annotations

import gzip
import keyword
from functools import cache, cached_property
from importlib import import_module, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Member",
    "OperationModel",
    "ServiceModel",
    "Shape",
    "Violation",
    "constraint_sentence",
    "load_model",
]

ViolationKind = Literal[
    "min_length", "max_length", "min_value", "max_value", "pattern", "enum", "required"
]


class Violation(msgspec.Struct, frozen=True):
    """One member of a request that does not satisfy a constraint of the model.

    `path` is the member's path as AWS's sentences write it (`keySchema.1.member.attributeName`),
    `member` its name in the model (`AttributeName`); `constraint` is the bound, the pattern or the
    tuple of enum values; `value` is what was sent (None when `kind` is `required`).
    """

    path: str
    kind: ViolationKind
    constraint: object
    value: object
    member: str


_CONSTRAINT_WORDS: Mapping[str, str] = {
    "min_length": "Member must have length greater than or equal to {}",
    "max_length": "Member must have length less than or equal to {}",
    "min_value": "Member must have value greater than or equal to {}",
    "max_value": "Member must have value less than or equal to {}",
    "pattern": "Member must satisfy regular expression pattern: {}",
    "enum": "Member must satisfy enum value set: {}",
    "required": "Member must not be null",
}


def constraint_sentence(violations: Sequence[Violation]) -> str:
    """The sentence most AWS services answer for members outside their model's constraints.

    `1 validation error detected: Value 'x' at 'tableName' failed to satisfy constraint: Member must
    have length greater than or equal to 3`; further ones follow after a semicolon.

    AWS: DynamoDB Developer Guide, Error handling (ValidationException).
    """
    count = len(violations)
    head = f"{count} validation error{'' if count == 1 else 's'} detected: "
    return head + "; ".join(_violation_words(violation) for violation in violations)


def _violation_words(violation: Violation) -> str:
    bound = violation.constraint
    if isinstance(bound, tuple):
        bound = f"[{', '.join(bound)}]"
    words = _CONSTRAINT_WORDS[violation.kind].format(bound)
    shown = "null" if violation.value is None else f"'{_shown(violation.value)}'"
    return f"Value {shown} at '{violation.path}' failed to satisfy constraint: {words}"


def _shown(value: object) -> str:
    """A value as AWS's sentences print it: lists in brackets, booleans in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_shown(item)}' for key, item in value.items())}}}"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)


class Member:
    """A use of a shape: a structure's member, a list's item, or a map's key or value.

    `name` is AWS's name (the key in decoded requests and in results); `wire_name` is what the wire
    calls it. `location` is empty for the body.
    """

    __slots__ = ("_reference", "flattened", "location", "name", "service", "wire_name")

    def __init__(self, service: ServiceModel, name: str, reference: Mapping[str, Any]) -> None:
        self.service = service
        self.name = name
        self._reference = reference
        self.location: str = reference.get("location", "")
        self.wire_name: str = reference.get("locationName", name)
        self.flattened = bool(reference.get("flattened", False)) or self.shape.flattened

    @property
    def shape(self) -> Shape:
        """The shape this member refers to."""
        return self.service.shape(self._reference["shape"])

    @property
    def renamed(self) -> bool:
        """Whether the model gives the member a name of its own on the wire."""
        return "locationName" in self._reference

    def trait(self, name: str) -> Any:
        """A trait of the reference, or else of the shape (None where neither has it)."""
        found = self._reference.get(name)
        return found if found is not None else self.shape.trait(name)


class Shape:
    """A named shape of a service model."""

    def __init__(self, service: ServiceModel, name: str, raw: Mapping[str, Any]) -> None:
        self.service = service
        self.name = name
        self.type: str = raw["type"]
        self._raw = raw
        self.required: tuple[str, ...] = tuple(raw.get("required", ()))
        self.flattened = bool(raw.get("flattened", False))
        self.payload: str | None = raw.get("payload")
        self.enum: tuple[str, ...] = tuple(raw.get("enum", ()))
        self.min: int | float | None = raw.get("min")
        self.max: int | float | None = raw.get("max")
        self.pattern: str | None = raw.get("pattern")

    def __repr__(self) -> str:
        return f"<Shape {self.name}: {self.type}>"

    def trait(self, name: str) -> Any:
        """A trait as the model's JSON has it, None where it has not."""
        return self._raw.get(name)

    @cached_property
    def members(self) -> Mapping[str, Member]:
        """Members of a structure, by AWS name, in the model's order."""
        raw: Mapping[str, Any] = self._raw.get("members", {})
        return {name: Member(self.service, name, reference) for name, reference in raw.items()}

    @cached_property
    def member(self) -> Member:
        """The items of a list."""
        return Member(self.service, "member", self._raw["member"])

    @cached_property
    def key(self) -> Member:
        """The keys of a map."""
        return Member(self.service, "key", self._raw["key"])

    @cached_property
    def value(self) -> Member:
        """The values of a map."""
        return Member(self.service, "value", self._raw["value"])

    def parts(self) -> list[Member]:
        """The members, items, keys and values directly below this shape."""
        if self.type == "structure":
            return list(self.members.values())
        if self.type == "list":
            return [self.member]
        if self.type == "map":
            return [self.key, self.value]
        return []

    @cached_property
    def reachable(self) -> tuple[Shape, ...]:
        """This shape and all below it, each once."""
        found: dict[str, Shape] = {}
        waiting = [self]
        while waiting:
            shape = waiting.pop()
            if shape.name not in found:
                found[shape.name] = shape
                waiting.extend(part.shape for part in shape.parts())
        return tuple(found.values())

    @cached_property
    def recursive(self) -> bool:
        """Whether a shape below this one contains itself."""
        return any(
            shape.name in {below.name for part in shape.parts() for below in part.shape.reachable}
            for shape in self.reachable
            if shape.parts()
        )


class OperationModel:
    """One operation: its HTTP binding and its shapes. `input`, `output` are None for none."""

    def __init__(self, service: ServiceModel, name: str, raw: Mapping[str, Any]) -> None:
        self.service = service
        self.name = name
        self._raw = raw
        self.http_method: str = raw["http"]["method"]
        self.http_uri: str = raw["http"]["requestUri"]
        self.http_status: int = raw["http"].get("responseCode", 200)
        # Method and path that clients of earlier releases use; the model has forgotten them.
        former: tuple[str, str] | None = service.addition("FORMER_BINDINGS", {}).get(name)
        self.former_binding = former
        self.input = service.shape(raw["input"]["shape"]) if "input" in raw else None
        self.output = service.shape(raw["output"]["shape"]) if "output" in raw else None
        self.deprecated = bool(raw.get("deprecated", False))
        self.result_wrapper: str | None = raw.get("output", {}).get("resultWrapper")

    def __repr__(self) -> str:
        return f"<OperationModel {self.service.name}.{self.name}>"

    @property
    def input_reference(self) -> Mapping[str, Any]:
        """Traits of the use of the input shape (S3's root element and namespace)."""
        reference: Mapping[str, Any] = self._raw.get("input", {})
        return reference

    @cached_property
    def errors(self) -> tuple[Shape, ...]:
        """The error shapes that the model lists for this operation."""
        return tuple(self.service.shape(error["shape"]) for error in self._raw.get("errors", ()))

    @cached_property
    def streaming_input(self) -> str | None:
        """Name of the input member that is the streamed body (`Body` of PutObject)."""
        return self._streaming(self.input)

    @cached_property
    def streaming_output(self) -> str | None:
        """Name of the output member that is the streamed body (`Body` of GetObject)."""
        return self._streaming(self.output)

    @staticmethod
    def _streaming(shape: Shape | None) -> str | None:
        if shape is None or shape.payload is None:
            return None
        member = shape.members[shape.payload]
        streams = member.shape.type == "blob" and bool(member.trait("streaming"))
        return shape.payload if streams else None


class ServiceModel:
    """One service of AWS as its model describes it, at its newest API version."""

    def __init__(self, name: str, raw: Mapping[str, Any], *, overlay: str | None = None) -> None:
        self.name = name
        self.metadata: Mapping[str, Any] = raw["metadata"]
        self._raw = raw
        self._overlay = overlay
        self._shapes: dict[str, Shape] = {}
        self._operations: dict[str, OperationModel] = {}

    def __repr__(self) -> str:
        return f"<ServiceModel {self.name} {self.metadata['apiVersion']}>"

    def addition(self, name: str, default: Any) -> Any:
        """What `overlays/` adds for this service under that name, or the default."""
        module = import_module(self._overlay) if self._overlay is not None else None
        return getattr(module, name, default)

    @property
    def operation_names(self) -> tuple[str, ...]:
        """All operations of the model, served by us or not."""
        return tuple(self._raw["operations"])

    @property
    def shape_names(self) -> tuple[str, ...]:
        """All shapes of the model."""
        return tuple(self._raw["shapes"])

    def operation(self, name: str) -> OperationModel:
        """The operation of that name. Raises: KeyError when the model has none."""
        found = self._operations.get(name)
        if found is None:
            found = OperationModel(self, name, self._raw["operations"][name])
            self._operations[name] = found
        return found

    def shape(self, name: str) -> Shape:
        """The shape of that name. Raises: KeyError when the model has none."""
        found = self._shapes.get(name)
        if found is None:
            found = self._shapes[name] = Shape(self, name, self._raw["shapes"][name])
        return found

    def has_shape(self, name: str) -> bool:
        """Whether the model has a shape of that name."""
        return name in self._raw["shapes"]

    @cached_property
    def query_view(self) -> ServiceModel:
        """The model with the names of the query protocol.

        A service that was born with query and whose model has since moved to JSON (SQS) has lost
        them; `overlays/` keeps what that service's API reference says. Others are their own view.
        """
        if self._overlay is None:
            return self
        shapes = dict(self._raw["shapes"])
        for name, changes in self.addition("SHAPES", {}).items():
            shapes[name] = _overlaid(shapes[name], changes)
        metadata = {**self.metadata, **self.addition("METADATA", {})}
        raw = {**self._raw, "metadata": metadata, "shapes": shapes}
        return ServiceModel(self.name, raw, overlay=self._overlay)


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        merged[name] = _overlaid(below.get(name, {}), value) if isinstance(value, dict) else value
    return merged


@cache
def load_model(name: str) -> ServiceModel:
    """The model of the service whose folder of models has that name (`lambda`, `ses`).

    Reads and parses the file on the first call (1 to 8 ms), and keeps it.

    Raises:
        LookupError: there is no such model.
    """
    module = f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")
    overlay = f"kamome.protocols.overlays.{module}"
    has_overlay = util.find_spec(overlay) is not None
    raw = orjson.loads(_model_file(name))
    model = ServiceModel(name, raw, overlay=overlay if has_overlay else None)
    for shape, changes in model.addition("CORRECTIONS", {}).items():
        raw["shapes"][shape] = _overlaid(raw["shapes"].get(shape, {}), changes)
    return model


@cache
def _models_folder() -> Path:
    spec = util.find_spec("botocore")
    if spec is None or spec.origin is None:
        raise LookupError("botocore is not installed: it carries AWS's service models")
    return Path(spec.origin).parent / "data"


def _model_file(name: str) -> bytes:
    versions = sorted(_models_folder().glob(f"{name}/*/service-2.json*"), reverse=True)
    if not versions:
        raise LookupError(f"no service model named {name}")
    content = versions[0].read_bytes()
    return gzip.decompress(content) if versions[0].suffix == ".gz" else content

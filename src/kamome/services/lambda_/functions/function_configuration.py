"""A function as a value: what of a request is kept, and `FunctionConfiguration` made from it.

AWS: Lambda API Reference, CreateFunction, UpdateFunctionConfiguration, FunctionConfiguration.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    constraint,
    not_served,
)
from kamome.services.lambda_.functions.environment import check_variables
from kamome.services.lambda_.functions.function_names import LATEST, FunctionName
from kamome.services.lambda_.limits import (
    EPHEMERAL_STORAGE_MB_DEFAULT,
    EPHEMERAL_STORAGE_MB_MAX,
    EPHEMERAL_STORAGE_MB_MIN,
    MEMORY_MB_DEFAULT,
    MEMORY_MB_MAX,
    MEMORY_MB_MIN,
    TAGS_MAX,
    TIMEOUT_S_DEFAULT,
    TIMEOUT_S_MAX,
)

if TYPE_CHECKING:
    from kamome.services.lambda_ import shapes

_PYTHON = re.compile(r"python3\.(?P<minor>\d+)")
# AWS: Lambda Developer Guide, Lambda runtimes (Deprecated runtimes): 3.8 and before cannot be used.
_PYTHON_MINOR_MIN = 9
# AWS: Lambda Developer Guide, Improving startup performance with Lambda SnapStart.
_SNAP_START_PYTHON_MINOR_MIN = 12
_NODE = re.compile(r"nodejs(?P<major>\d+)\.x")
_NODE_MAJOR_MIN = 18
_PROVIDED = frozenset({"provided.al2", "provided.al2023"})
_DEPRECATED = frozenset(
    {"python2.7", "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "provided"}
)

Transition = Literal["Creating", "Updating", ""]


class ImageSettings(msgspec.Struct, frozen=True):
    """`ImageConfig`: what of a container image's own configuration is replaced."""

    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_directory: str = ""


class Settings(msgspec.Struct, frozen=True):
    """The configuration that a caller sets, with AWS's defaults filled in.

    `layers` are version ARNs with the sizes of their archives. `image_uri` is set where the package
    is a container image, which has neither runtime nor handler. `own_description` is that of
    $LATEST, in a version that was given another one.
    """

    role: str
    runtime: str
    handler: str
    description: str = ""
    timeout_s: int = TIMEOUT_S_DEFAULT
    memory_mb: int = MEMORY_MB_DEFAULT
    variables: Mapping[str, str] = msgspec.field(default_factory=dict)
    tracing_mode: str = "PassThrough"
    ephemeral_storage_mb: int = EPHEMERAL_STORAGE_MB_DEFAULT
    log_group: str = ""
    architecture: str = "x86_64"
    dead_letter_arn: str = ""
    layers: tuple[tuple[str, int], ...] = ()
    kms_key_arn: str = ""
    snap_start: str = "None"
    image_uri: str = ""
    image: ImageSettings = ImageSettings()
    own_description: str | None = None


class Code(msgspec.Struct, frozen=True):
    """The deployment package in use: its blob, and what of it is shown."""

    blob_id: str
    sha256: str
    size: int


class Function(msgspec.Struct, frozen=True):
    """One version of a function, mostly $LATEST. `revision_id` changes with it."""

    account: str
    region: str
    name: str
    settings: Settings
    code: Code
    revision_id: str
    modified_at_ms: int
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    version: str = LATEST

    @property
    def full_name(self) -> FunctionName:
        """Its name with account and Region."""
        return FunctionName(self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """ARN without a version."""
        return self.full_name.arn

    @property
    def version_arn(self) -> str:
        """ARN with the number of a published version; without one for $LATEST."""
        return self.arn if self.version == LATEST else f"{self.arn}:{self.version}"


def new_settings(request: shapes.CreateFunctionRequest) -> Settings:
    """The settings of a function to be created.

    Raises:
        InvalidParameterValueException: Runtime or Handler is missing, or see `changed_settings`.
        OperationNotServed: the request asks for what is not served.
    """
    if request.get("PackageType", "Zip") == "Image":
        return _new_image_settings(request)
    if "ImageUri" in request["Code"]:
        raise InvalidParameterValueException(
            "Please don't provide ImageUri when creating a function with packageType Zip."
        )
    if not request.get("Runtime") or not request.get("Handler"):
        raise InvalidParameterValueException(
            "Runtime and Handler are mandatory parameters for functions created with deployment"
            " packages."
        )
    check_tags(request.get("Tags", {}))
    architectures = request.get("Architectures") or ["x86_64"]
    base = Settings(request["Role"], "", "", architecture=architectures[0])
    return _changed(base, cast("Mapping[str, object]", request))


def _new_image_settings(request: shapes.CreateFunctionRequest) -> Settings:
    if request.get("Runtime") or request.get("Handler") or request.get("Layers"):
        raise not_with_an_image()
    check_tags(request.get("Tags", {}))
    architectures = request.get("Architectures") or ["x86_64"]
    uri = image_uri_of(cast("Mapping[str, object]", request["Code"]))
    base = Settings(request["Role"], "", "", architecture=architectures[0], image_uri=uri)
    return _changed(base, cast("Mapping[str, object]", request))


def not_with_an_image() -> InvalidParameterValueException:
    """The refusal of what an image brings itself."""
    return InvalidParameterValueException(
        "Please don't provide Handler or Runtime or Layer when the intended function"
        " PackageType is Image."
    )


def image_uri_of(source: Mapping[str, object]) -> str:
    """The image of a function whose package is one.

    Raises:
        InvalidParameterValueException: none is named, or an archive as well.

    AWS: Lambda API Reference, FunctionCode (ImageUri).
    """
    uri = source.get("ImageUri")
    if not uri or any(member in source for member in ("ZipFile", "S3Bucket", "S3Key")):
        raise InvalidParameterValueException(
            "Please provide ImageUri, and it alone, for a function with packageType Image."
        )
    return str(uri)


def image_code(uri: str) -> Code:
    """What stands for the package where it is an image: it has no size, and its name its hash."""
    return Code("", hashlib.sha256(uri.encode()).hexdigest(), 0)


def changed_settings(
    settings: Settings, request: shapes.UpdateFunctionConfigurationRequest
) -> Settings:
    """The settings with the members of the request in their place; the others as they are.

    Raises:
        InvalidParameterValueException: the runtime is no longer supported, memory or storage is out
            of range, the environment is refused (see `environment.check_variables`).
        ValidationException: the timeout is over 900 seconds.
        OperationNotServed: the request asks for what is not served.
    """
    return _changed(settings, cast("Mapping[str, object]", request))


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises: InvalidParameterValueException: more than 50 tags, or a key reserved by AWS."""
    if len(tags) > TAGS_MAX:
        raise InvalidParameterValueException(
            f"Number of tags exceeds resource tag limit of {TAGS_MAX}"
        )
    if any(key.lower().startswith("aws:") for key in tags):
        raise InvalidParameterValueException(
            "Tag keys starting with 'aws:' are reserved for internal use"
        )


def check_revision(given: str | None, current: str) -> None:
    """Raises: PreconditionFailedException: the caller's RevisionId is not the latest one."""
    if given is not None and given != current:
        raise PreconditionFailedException(
            "The RevisionId provided does not match the latest RevisionId. Call the"
            " GetFunction/GetAlias API to retrieve the latest RevisionId"
        )


def function_configuration(
    function: Function, transition: Transition = ""
) -> shapes.FunctionConfiguration:
    """`FunctionConfiguration`, as the answer of the operation that began `transition` shows it.

    The work of a transition is done before its answer leaves, so the answer alone shows `Pending`
    or `InProgress`, and whoever asks next sees `Active` and `Successful`.
    """
    shown = _listed(function)
    if not function.settings.image_uri:
        shown["RuntimeVersionConfig"] = {
            "RuntimeVersionArn": _runtime_version_arn(function.region, function.settings.runtime)
        }
    if transition == "Creating":
        shown["State"] = "Pending"
        shown["StateReason"] = "The function is being created."
        shown["StateReasonCode"] = "Creating"
        return shown
    shown["State"] = "Active"
    if transition == "Updating":
        shown["LastUpdateStatus"] = "InProgress"
        shown["LastUpdateStatusReason"] = "The function is being created."
        # The model's enum has no Creating here; AWS sends it nevertheless.
        shown["LastUpdateStatusReasonCode"] = "Creating"
    else:
        shown["LastUpdateStatus"] = "Successful"
    return shown


def listed_configuration(function: Function, *, all_versions: bool) -> shapes.FunctionConfiguration:
    """What ListFunctions shows: no state; with `FunctionVersion=ALL` the ARN names $LATEST."""
    shown = _listed(function)
    if all_versions:
        shown["FunctionArn"] = f"{function.arn}:{function.version}"
    return shown


def _listed(function: Function) -> shapes.FunctionConfiguration:
    settings = function.settings
    shown: shapes.FunctionConfiguration = {
        "FunctionName": function.name,
        "FunctionArn": function.version_arn,
        "Role": settings.role,
        "CodeSize": function.code.size,
        "Description": settings.description,
        "Timeout": settings.timeout_s,
        "MemorySize": settings.memory_mb,
        "LastModified": last_modified(function.modified_at_ms),
        "CodeSha256": function.code.sha256,
        "Version": function.version,
        "TracingConfig": {"Mode": settings.tracing_mode},
        "RevisionId": function.revision_id,
        "PackageType": "Image" if settings.image_uri else "Zip",
        "Architectures": [settings.architecture],
        "EphemeralStorage": {"Size": settings.ephemeral_storage_mb},
        "SnapStart": _snap_start(function),
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": log_group(function)},
    }
    if settings.image_uri:
        _show_image(shown, settings.image)
    else:
        shown["Runtime"] = settings.runtime
        shown["Handler"] = settings.handler
    if settings.kms_key_arn:
        shown["KMSKeyArn"] = settings.kms_key_arn
    if settings.layers:
        shown["Layers"] = [{"Arn": arn, "CodeSize": size} for arn, size in settings.layers]
    if settings.dead_letter_arn:
        shown["DeadLetterConfig"] = {"TargetArn": settings.dead_letter_arn}
    if settings.variables:
        shown["Environment"] = {"Variables": dict(settings.variables)}
    return shown


def _snap_start(function: Function) -> shapes.SnapStartResponse:
    """It is recorded: instances of published versions start as all others do."""
    is_on = function.settings.snap_start != "None"
    return {
        "ApplyOn": "PublishedVersions" if is_on else "None",
        "OptimizationStatus": "On" if is_on and function.version != LATEST else "Off",
    }


def _show_image(shown: shapes.FunctionConfiguration, image: ImageSettings) -> None:
    config: shapes.ImageConfig = {}
    if image.entry_point:
        config["EntryPoint"] = list(image.entry_point)
    if image.command:
        config["Command"] = list(image.command)
    if image.working_directory:
        config["WorkingDirectory"] = image.working_directory
    if config:
        shown["ImageConfigResponse"] = {"ImageConfig": config}


def last_modified(at_ms: int) -> str:
    """`2026-01-31T09:00:00.000+0000`. AWS: Lambda API Reference, FunctionConfiguration."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}+0000"


def log_group(function: Function) -> str:
    """The log group: as configured, else `/aws/lambda/<name>`."""
    return function.settings.log_group or f"/aws/lambda/{function.name}"


def _runtime_version_arn(region: str, runtime: str) -> str:
    """An ARN of the right form; it stays the same as long as the runtime does."""
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(runtime.encode()).hexdigest()}"


# ---------------------------------------------------------------------- from requests


def _changed(settings: Settings, request: Mapping[str, object]) -> Settings:
    for member, is_asked in _NOT_SERVED.items():
        if member in request and is_asked(request[member]):
            raise not_served(f"`{member}` as the request sets it")
    values = {name: getattr(settings, name) for name in Settings.__struct_fields__}
    for member, (name, read) in _MEMBERS.items():
        if request.get(member) is not None:
            values[name] = read(request[member])
    changed = Settings(**values)
    _check_package(changed)
    return changed


def _check_package(settings: Settings) -> None:
    """What goes with an archive and not with an image, and the other way round."""
    if settings.image_uri and (settings.runtime or settings.handler):
        raise not_with_an_image()
    if not settings.image_uri and settings.image != ImageSettings():
        raise InvalidParameterValueException(
            "ImageConfig is not supported for functions with packageType Zip."
        )
    if settings.snap_start != "None":
        found = _PYTHON.fullmatch(settings.runtime)
        if found is None or int(found["minor"]) < _SNAP_START_PYTHON_MINOR_MIN:
            shown = settings.runtime or "An image"
            raise InvalidParameterValueException(
                f"{shown} is not supported for SnapStart enabled functions."
            )


def _nested(member: str, default: object) -> Callable[[object], object]:
    """Reads one member of a structure that has only that one."""
    return lambda value: cast("Mapping[str, object]", value).get(member, default)


def _is_set(value: object) -> bool:
    return bool(value)


def _has(*members: str) -> Callable[[object], bool]:
    return lambda value: any(cast("Mapping[str, object]", value).get(name) for name in members)


# What is refused, and when: an empty value asks for nothing, and clients send many.
_NOT_SERVED: Mapping[str, Callable[[object], bool]] = {
    "VpcConfig": _has("SubnetIds", "SecurityGroupIds"),
    "FileSystemConfigs": _is_set,
    "PublishTo": _is_set,
    "TenancyConfig": _is_set,
    "CapacityProviderConfig": _is_set,
    "DurableConfig": _is_set,
    "RuntimeConfig": _is_set,
    "AcceleratorConfig": _is_set,
}


def _runtime(value: object) -> str:
    runtime = str(value)
    found = _PYTHON.fullmatch(runtime)
    if found is not None and int(found["minor"]) < _PYTHON_MINOR_MIN:
        raise _no_longer_supported(runtime)
    node = _NODE.fullmatch(runtime)
    if (node is not None and int(node["major"]) < _NODE_MAJOR_MIN) or runtime in _DEPRECATED:
        raise _no_longer_supported(runtime)
    if found is None and node is None and runtime not in _PROVIDED:
        raise not_served(f"runtime {runtime} (python3.x, nodejs and provided.* are)")
    return runtime


def _no_longer_supported(runtime: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"The runtime parameter of {runtime} is no longer supported for creating or updating"
        " AWS Lambda functions. We recommend you use a supported runtime while creating or"
        " updating functions."
    )


def _timeout(value: object) -> int:
    timeout_s = cast("int", value)
    if timeout_s > TIMEOUT_S_MAX:
        words = f"Member must have value less than or equal to {TIMEOUT_S_MAX}"
        raise constraint(timeout_s, "timeout", words)
    if timeout_s < 1:
        words = "Member must have value greater than or equal to 1"
        raise constraint(timeout_s, "timeout", words)
    return timeout_s


def _ranged(name: str, low: int, high: int) -> Callable[[object], int]:
    """Reads a number; the quota's sentence has no `1 validation error detected`."""

    def read(value: object) -> int:
        number = cast("int", value)
        for is_out, words in (
            (number < low, f"greater than or equal to {low}"),
            (number > high, f"less than or equal to {high}"),
        ):
            if is_out:
                raise InvalidParameterValueException(
                    f"'{name}' value failed to satisfy constraint: Member must have value {words}"
                )
        return number

    return read


_memory = _ranged("MemorySize", MEMORY_MB_MIN, MEMORY_MB_MAX)
_storage = _ranged("EphemeralStorage", EPHEMERAL_STORAGE_MB_MIN, EPHEMERAL_STORAGE_MB_MAX)


def _variables(value: object) -> Mapping[str, str]:
    variables = cast("shapes.Environment", value).get("Variables", {})
    check_variables(variables)
    return variables


def _log_group(value: object) -> str:
    logging = cast("shapes.LoggingConfig", value)
    if logging.get("LogFormat", "Text") != "Text":
        raise not_served("`LoggingConfig` with LogFormat JSON")
    if "ApplicationLogLevel" in logging or "SystemLogLevel" in logging:
        raise InvalidParameterValueException(
            "To use ApplicationLogLevel or SystemLogLevel, set the LogFormat to JSON."
        )
    return logging.get("LogGroup", "")


def _image(value: object) -> ImageSettings:
    config = cast("shapes.ImageConfig", value)
    return ImageSettings(
        tuple(config.get("EntryPoint", ())),
        tuple(config.get("Command", ())),
        config.get("WorkingDirectory", ""),
    )


# AWS's member: the field it sets, and how it is checked and read.
_MEMBERS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "Role": ("role", str),
    "Runtime": ("runtime", _runtime),
    "Handler": ("handler", str),
    "Description": ("description", str),
    "Timeout": ("timeout_s", _timeout),
    "MemorySize": ("memory_mb", _memory),
    "Environment": ("variables", _variables),
    "TracingConfig": ("tracing_mode", _nested("Mode", "PassThrough")),
    "EphemeralStorage": (
        "ephemeral_storage_mb",
        lambda value: _storage(_nested("Size", EPHEMERAL_STORAGE_MB_DEFAULT)(value)),
    ),
    "LoggingConfig": ("log_group", _log_group),
    "DeadLetterConfig": ("dead_letter_arn", _nested("TargetArn", "")),
    "KMSKeyArn": ("kms_key_arn", str),
    "SnapStart": ("snap_start", _nested("ApplyOn", "None")),
    "ImageConfig": ("image", _image),
}

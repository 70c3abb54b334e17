"""Environment variables: what a function may set, and what its process gets.

AWS: Lambda Developer Guide, Working with Lambda environment variables (Defined runtime environment
variables).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import orjson

from kamome.services.lambda_.errors import InvalidParameterValueException, ValidationException
from kamome.services.lambda_.limits import ENVIRONMENT_BYTES_MAX
from kamome.services.lambda_.runtimes.port import RuntimeSpec

# "Reserved environment variables"; the keys cannot be set in a function's configuration.
RESERVED_KEYS = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
_KEY = re.compile(r"[a-zA-Z]([a-zA-Z0-9_])+")
_REFUSED = "Lambda was unable to configure your environment variables because "


def check_variables(variables: Mapping[str, str]) -> None:
    """Refuse variables that Lambda would not configure.

    Raises:
        ValidationException: a key is not a letter followed by letters, digits and underscores.
        InvalidParameterValueException: a key is reserved, a value holds a NUL character, or all
            together pass 4 KB (as the JSON object of them, which is what AWS measures).

    AWS: Lambda API Reference, Environment; Lambda quotas.
    """
    if any(_KEY.fullmatch(key) is None for key in variables):
        raise ValidationException(
            "1 validation error detected: Value at 'environment.variables' failed to satisfy"
            " constraint: Map keys must satisfy constraint: [Member must satisfy regular"
            f" expression pattern: {_KEY.pattern}]"
        )
    reserved = [key for key in variables if key in RESERVED_KEYS]
    if reserved:
        raise InvalidParameterValueException(
            f"{_REFUSED}the environment variables you have provided contains reserved keys that"
            " are currently not supported for modification. Reserved keys used in this request:"
            f" {', '.join(reserved)}"
        )
    if any("\0" in value for value in variables.values()):
        raise InvalidParameterValueException(f"{_REFUSED}a value contains a NUL character.")
    measured = orjson.dumps(dict(variables))
    if len(measured) > ENVIRONMENT_BYTES_MAX:
        raise InvalidParameterValueException(
            f"{_REFUSED}the environment variables you have provided exceeded the 4KB limit."
            f" String measured: {measured.decode()}"
        )


def process_environment(
    spec: RuntimeSpec,
    *,
    runtime_api: str,
    log_stream: str,
    folder: Path,
    endpoint_url: str,
    credentials: tuple[str, str],
    program_folder: Path,
) -> dict[str, str]:
    """All variables of a function's process: nothing of the server's own environment is in it.

    `folder` is the instance's own (HOME and TMPDIR, so that neither a user's `~/.aws` nor another
    instance's files are met). The function's own variables may change what is not reserved; its
    PYTHONPATH comes after the task root.
    """
    task_root = str(spec.code_folder)
    defaults = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": ":".join(
            [
                f"{program_folder}:/usr/local/bin:/usr/bin:/bin:/opt/bin",
                *(f"{layer}/bin" for layer in spec.layer_folders),
            ]
        ),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "AWS_ENDPOINT_URL": endpoint_url,
    }
    access_key, secret_key = credentials
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": spec.initialization,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "LAMBDA_TASK_ROOT": task_root,
        "LAMBDA_RUNTIME_DIR": str(program_folder),
    }
    return {**defaults, **spec.variables, **_module_paths(spec), **reserved}


def _module_paths(spec: RuntimeSpec) -> dict[str, str]:
    """Where modules and libraries are looked for: the task root first, the layers last.

    AWS: Lambda Developer Guide, Packaging your layer content (Layer paths for each Lambda runtime).
    """
    root, given = str(spec.code_folder), spec.variables
    layers = [str(folder) for folder in spec.layer_folders]
    libraries = [f"{root}/lib", *(f"{layer}/lib" for layer in layers)]
    paths = {"LD_LIBRARY_PATH": [*libraries, given.get("LD_LIBRARY_PATH", "")]}
    if spec.runtime.startswith("nodejs"):
        modules = [f"{folder}/nodejs/node_modules" for folder in layers]
        paths["NODE_PATH"] = [given.get("NODE_PATH", ""), f"{root}/node_modules", *modules]
    else:
        version = spec.runtime.removeprefix("python")
        packages = [
            f"{layer}/{inside}"
            for layer in layers
            for inside in ("python", f"python/lib/python{version}/site-packages")
        ]
        paths["PYTHONPATH"] = [root, given.get("PYTHONPATH", ""), *packages]
    return {name: ":".join(filter(None, found)) for name, found in paths.items()}

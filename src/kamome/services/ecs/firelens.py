"""Log routing by FireLens: the router's configuration, and where containers send their lines. Pure.

AWS: ECS Developer Guide, Send Amazon ECS logs to an AWS service or AWS Partner; Example Amazon ECS
task definition: Route logs to FireLens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

DRIVER = "awsfirelens"
FLUENT_BIT = "fluentbit"
HOST = "127.0.0.1"
# Where an image of the router looks for the configuration that AWS's agent writes.
CONFIG_PATHS = {
    FLUENT_BIT: "/fluent-bit/etc/fluent-bit.conf",
    "fluentd": "/fluentd/etc/fluent.conf",
}
# What a configuration of the user's in S3 is called on this machine, and in the router's image.
EXTERNAL_CONFIG = "external.conf"
# Ours: where a router that runs as a process finds the same.
CONFIG_VARIABLE = "KAMOME_FIRELENS_CONFIG"
# Options of the log driver that are no parameters of an output.
_OF_THE_DRIVER = frozenset({"log-driver-buffer-limit", "include-pattern", "exclude-pattern"})


class Route(msgspec.Struct, frozen=True):
    """Where one container's lines go: a Forward receiver on this machine, under a tag."""

    port: int
    tag: str
    container_id: str
    container_name: str


class Facts(msgspec.Struct, frozen=True):
    """What of a task its log lines are given (`enable-ecs-log-metadata`)."""

    cluster: str
    task_arn: str
    definition: str


def router_of(
    containers: Sequence[shapes.ContainerDefinition],
) -> shapes.ContainerDefinition | None:
    """The container that routes the others' logs."""
    return next((each for each in containers if "firelensConfiguration" in each), None)


def is_routed(container: shapes.ContainerDefinition) -> bool:
    """Whether a container's output goes to the router."""
    log = container.get("logConfiguration")
    return log is not None and log["logDriver"] == DRIVER


def tag_of(container: str, task_id: str) -> str:
    """`<container>-firelens-<task>`, by which outputs are matched."""
    return f"{container}-firelens-{task_id}"


def router_secrets(containers: Sequence[shapes.ContainerDefinition]) -> dict[str, str]:
    """The secrets of the containers' log options: the router's variables, and where each is from.

    AWS: ECS API Reference, LogConfiguration (secretOptions).
    """
    return {
        _variable(number, secret["name"]): secret["valueFrom"]
        for number, container in enumerate(containers)
        if is_routed(container)
        for secret in container["logConfiguration"].get("secretOptions", ())
    }


def config_in_s3(container: shapes.ContainerDefinition) -> str:
    """The ARN of a configuration in S3 that the router is to include; empty where it has none.

    AWS: ECS API Reference, FirelensConfiguration (options).
    """
    options = container.get("firelensConfiguration", {}).get("options", {})
    return options.get("config-file-value", "") if options.get("config-file-type") == "s3" else ""


def router_config(
    containers: Sequence[shapes.ContainerDefinition],
    port: int,
    facts: Facts,
    external: str = "",
) -> str:
    """The router's configuration: it listens, adds what the task is, and sends by each output.

    Options of a container's `logConfiguration` are the parameters of its output. Secret ones are
    not written here: the router reads them from its environment. `external` is where a
    configuration from S3 lies.
    """
    router = router_of(containers)
    assert router is not None
    configuration = router["firelensConfiguration"]
    options = configuration.get("options", {})
    reference = "${{{}}}" if configuration["type"] == FLUENT_BIT else "\"#{{ENV['{}']}}\""
    routed = {
        each["name"]: _output_options(number, each["logConfiguration"], reference)
        for number, each in enumerate(containers)
        if is_routed(each)
    }
    has_metadata = options.get("enable-ecs-log-metadata", "true").lower() != "false"
    write = _fluent_bit if configuration["type"] == FLUENT_BIT else _fluentd
    included = external if config_in_s3(router) else _included(options)
    lines = write(port, facts if has_metadata else None, routed, included)
    return "\n".join([*lines, ""])


def _output_options(number: int, log: shapes.LogConfiguration, reference: str) -> dict[str, str]:
    """The options of a container's output; secret ones refer to the router's variables."""
    secrets = {
        secret["name"]: reference.format(_variable(number, secret["name"]))
        for secret in log.get("secretOptions", ())
    }
    return {**log.get("options", {}), **secrets}


def _variable(number: int, option: str) -> str:
    return f"FIRELENS_SECRET_{number}_{re.sub(r'[^A-Za-z0-9]', '_', option).upper()}"


def _included(options: Mapping[str, str]) -> str:
    return options.get("config-file-value", "") if options.get("config-file-type") == "file" else ""


def _metadata(facts: Facts) -> tuple[tuple[str, str], ...]:
    return (
        ("ecs_cluster", facts.cluster),
        ("ecs_task_arn", facts.task_arn),
        ("ecs_task_definition", facts.definition),
    )


def _fluent_bit(
    port: int, facts: Facts | None, routed: Mapping[str, Mapping[str, str]], included: str
) -> Iterator[str]:
    yield from _section("INPUT", {"Name": "forward", "Listen": HOST, "Port": str(port)})
    for name, options in routed.items():
        for pattern, word in (("include-pattern", "Regex"), ("exclude-pattern", "Exclude")):
            if pattern in options:
                match = {"Name": "grep", "Match": f"{name}-firelens*"}
                yield from _section("FILTER", {**match, word: f"log {options[pattern]}"})
    if facts is not None:
        yield from _section("FILTER", {"Name": "record_modifier", "Match": "*"})
        for key, value in _metadata(facts):
            yield f"    Record {key} {value}"
    if included:
        yield f"@INCLUDE {included}"
    for name, options in routed.items():
        parameters = {key: value for key, value in options.items() if key not in _OF_THE_DRIVER}
        if parameters:
            yield from _section("OUTPUT", {"Match": f"{name}-firelens*", **parameters})


def _section(kind: str, members: Mapping[str, str]) -> Iterator[str]:
    yield f"[{kind}]"
    for key, value in members.items():
        yield f"    {key} {value}"


def _fluentd(
    port: int, facts: Facts | None, routed: Mapping[str, Mapping[str, str]], included: str
) -> Iterator[str]:
    yield from ("<source>", "  @type forward", f"  bind {HOST}", f"  port {port}", "</source>")
    for name, options in routed.items():
        for pattern, word in (("include-pattern", "regexp"), ("exclude-pattern", "exclude")):
            if pattern in options:
                yield from (f"<filter {name}-firelens**>", "  @type grep", f"  <{word}>")
                yield from ("    key log", f"    pattern /{options[pattern]}/", f"  </{word}>")
                yield "</filter>"
    if facts is not None:
        yield from ("<filter **>", "  @type record_transformer", "  <record>")
        yield from (f"    {key} {value}" for key, value in _metadata(facts))
        yield from ("  </record>", "</filter>")
    if included:
        yield f"@include {included}"
    for name, options in routed.items():
        parameters = {key: value for key, value in options.items() if key not in _OF_THE_DRIVER}
        if parameters:
            yield f"<match {name}-firelens**>"
            yield from (f"  {key} {value}" for key, value in parameters.items())
            yield "</match>"

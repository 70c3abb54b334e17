"""How much CPU and memory a task takes: in CPU units (1,024 to a vCPU) and MiB.

AWS: ECS Developer Guide, Task size; Amazon ECS task definition parameters for Fargate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kamome.services.ecs.errors import ClientException
from kamome.services.ecs.limits import TASK_CPU_MAX, TASK_CPU_MIN

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

_CPU = re.compile(r"(\d{1,9})|(\d{0,6}(?:\.\d{1,6})?)\s*vcpus?", re.IGNORECASE)
_MEMORY = re.compile(r"(\d{1,9})|(\d{0,6}(?:\.\d{1,6})?)\s*gb", re.IGNORECASE)
_UNITS_PER_VCPU = 1_024
_GB = 1_024

# CPU units and the memory that Fargate has with them. AWS: ECS Developer Guide, Task size.
_FARGATE: dict[int, Sequence[int]] = {
    256: (512, 1 * _GB, 2 * _GB),
    512: range(1 * _GB, 4 * _GB + 1, _GB),
    1_024: range(2 * _GB, 8 * _GB + 1, _GB),
    2_048: range(4 * _GB, 16 * _GB + 1, _GB),
    4_096: range(8 * _GB, 30 * _GB + 1, _GB),
    8_192: range(16 * _GB, 60 * _GB + 1, 4 * _GB),
    16_384: range(32 * _GB, 120 * _GB + 1, 8 * _GB),
}


class TaskSize(NamedTuple):
    """What a task is given, or needs to be placed."""

    cpu_units: int
    memory_mb: int


def cpu_units(text: str) -> int:
    """`1024`, `1 vCPU` or `.5 vcpu` in CPU units.

    Raises:
        ClientException: it is none of these, or out of range.
    """
    units = _number(_CPU, text, _UNITS_PER_VCPU)
    if units is None or not TASK_CPU_MIN <= units <= TASK_CPU_MAX:
        raise ClientException("Invalid 'cpu' setting for task.")
    return units


def memory_mb(text: str) -> int:
    """`2048`, `2GB` or `0.5 GB` in MiB.

    Raises:
        ClientException: it is none of these.
    """
    size = _number(_MEMORY, text, _GB)
    if not size:
        raise ClientException("Invalid 'memory' setting for task.")
    return size


def check_fargate(cpu: str | None, memory: str | None) -> None:
    """Refuse a size that Fargate does not have.

    Raises:
        ClientException: cpu or memory is missing, or the pair is none of Fargate's.

    AWS: ECS Developer Guide, Task size, Fargate.
    """
    for name, value in (("cpu", cpu), ("memory", memory)):
        if value is None:
            raise ClientException(f"Fargate requires that '{name}' be defined at the task level.")
    assert cpu is not None
    assert memory is not None
    units, size = cpu_units(cpu), memory_mb(memory)
    if size not in _FARGATE.get(units, ()):
        raise ClientException(
            f"No Fargate configuration exists for given values: {units} CPU, {size} memory."
            " See the Amazon ECS documentation for the valid values."
        )


def is_fargate_size(cpu: str | None, memory: str | None) -> bool:
    """Whether Fargate has this size."""
    try:
        check_fargate(cpu, memory)
    except ClientException:
        return False
    return True


def needed_size(definition: shapes.TaskDefinition, overrides: shapes.TaskOverride) -> TaskSize:
    """What must be free on the machine to place a task: the task's size, or its containers' sum.

    A container counts with its soft limit of memory, where it has one.
    """
    containers = [
        {**container, **_override_of(overrides, container["name"])}
        for container in definition["containerDefinitions"]
    ]
    cpu = overrides.get("cpu", definition.get("cpu"))
    memory = overrides.get("memory", definition.get("memory"))
    return TaskSize(
        cpu_units(cpu) if cpu else sum(_int(each.get("cpu")) for each in containers),
        memory_mb(memory)
        if memory
        else sum(_int(each.get("memoryReservation") or each.get("memory")) for each in containers),
    )


def _override_of(overrides: shapes.TaskOverride, name: str) -> shapes.ContainerOverride:
    for override in overrides.get("containerOverrides", ()):
        if override.get("name") == name:
            return override
    return {}


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _number(pattern: re.Pattern[str], text: str, unit: int) -> int | None:
    found = pattern.fullmatch(text.strip())
    if found is None or not (found[1] or found[2]):
        return None
    return int(found[1]) if found[1] else round(float(found[2]) * unit)

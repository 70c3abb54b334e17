"""Labels of versions: LabelParameterVersion and UnlabelParameterVersion.

AWS: Systems Manager API Reference; User Guide, Working with parameter labels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamome.services.ssm.errors import (
    ParameterNotFound,
    ParameterVersionLabelLimitExceeded,
    ParameterVersionNotFound,
)
from kamome.services.ssm.limits import LABEL_CHARACTERS_MAX, LABELS_PER_VERSION_MAX
from kamome.services.ssm.names import ParameterName, own_name

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ssm import shapes
    from kamome.services.ssm.slice import Ssm

_LABEL = re.compile(r"(?!aws|ssm)[a-zA-Z_.-][a-zA-Z0-9_.-]*", re.IGNORECASE)


def is_label(text: str) -> bool:
    """Whether a text can be a label: not beginning with a digit, `aws` or `ssm`.

    AWS: User Guide, Working with parameter labels.
    """
    return len(text) <= LABEL_CHARACTERS_MAX and _LABEL.fullmatch(text) is not None


async def label_parameter_version(
    ssm: Ssm, ctx: RequestContext, request: shapes.LabelParameterVersionRequest
) -> shapes.LabelParameterVersionResult:
    """Attach labels to a version, the latest by default; they leave the versions they were on.

    Texts that can be no labels come back as `InvalidLabels`. Durable on return.

    Raises:
        ParameterNotFound: there is no such parameter.
        ParameterVersionNotFound: it has no such version.
        ParameterVersionLabelLimitExceeded: the version would have over ten.

    AWS: Systems Manager API Reference, LabelParameterVersion.
    """
    name = own_name(ctx, request["Name"])
    number = _existing(ssm, name, request.get("ParameterVersion"))
    wanted = list(dict.fromkeys(request["Labels"]))
    valid = [label for label in wanted if is_label(label)]
    present = {label for label, on in ssm.store.labels(name).items() if on == number}
    if len(present | set(valid)) > LABELS_PER_VERSION_MAX:
        raise ParameterVersionLabelLimitExceeded(
            f"A parameter version can have maximum {LABELS_PER_VERSION_MAX} labels."
            " Move one or more labels to another version and try again."
        )
    with ssm.store.atomic():
        for label in valid:
            ssm.store.attach(name, label, number)
    invalid = [label for label in wanted if label not in valid]
    return {"InvalidLabels": invalid, "ParameterVersion": number}


async def unlabel_parameter_version(
    ssm: Ssm, ctx: RequestContext, request: shapes.UnlabelParameterVersionRequest
) -> shapes.UnlabelParameterVersionResult:
    """Take labels from a version; those that are not on it come back as `InvalidLabels`.

    Durable on return.

    Raises:
        ParameterNotFound: there is no such parameter.
        ParameterVersionNotFound: it has no such version.

    AWS: Systems Manager API Reference, UnlabelParameterVersion.
    """
    name = own_name(ctx, request["Name"])
    number = _existing(ssm, name, request["ParameterVersion"])
    present = ssm.store.labels(name)
    wanted = list(dict.fromkeys(request["Labels"]))
    removed = [label for label in wanted if present.get(label) == number]
    with ssm.store.atomic():
        for label in removed:
            ssm.store.detach(name, label)
    return {
        "RemovedLabels": removed,
        "InvalidLabels": [label for label in wanted if label not in removed],
    }


def _existing(ssm: Ssm, name: ParameterName, number: int | None) -> int:
    """The number of a version that there is: the latest where none is named."""
    latest = ssm.store.latest(name)
    if latest is None:
        raise ParameterNotFound(f"Parameter {name.name} not found.")
    if number is None:
        return latest.version
    if not 0 < number < 2**63 or ssm.store.version(name, number) is None:
        raise ParameterVersionNotFound(
            f"Systems Manager could not find version {number} of {name.name}. Verify the version"
            " and try again."
        )
    return number

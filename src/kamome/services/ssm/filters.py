"""Filters of DescribeParameters and GetParametersByPath.

Values of one filter are alternatives; filters are all to hold.

AWS: Systems Manager API Reference, ParameterStringFilter, ParametersFilter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.services.ssm.errors import (
    InvalidFilterKey,
    InvalidFilterOption,
    InvalidFilterValue,
    ValidationException,
)
from kamome.services.ssm.names import folder_of
from kamome.services.ssm.store import Version

if TYPE_CHECKING:
    from kamome.services.ssm import shapes

_TYPES = ("String", "StringList", "SecureString")
_TIERS = ("Standard", "Advanced", "Intelligent-Tiering")
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": str.__eq__,
    "BeginsWith": str.startswith,
    "Contains": str.__contains__,
}
_DESCRIBE_KEYS = ("Name", "Type", "KeyId", "Path", "Tier", "DataType")
_BY_PATH_KEYS = ("Type", "KeyId", "Label")
_OPTIONS = (
    "The following filter option is not valid: {}. Valid options include: [BeginsWith, Equals]."
)


class Filter(msgspec.Struct, frozen=True):
    """One filter: what it looks at, how, and the values that will do."""

    key: str
    option: str
    values: Sequence[str]

    def matches(self, version: Version, tags: Mapping[str, str]) -> bool:
        """Whether a parameter passes. A label is looked for elsewhere."""
        if self.key == "Label":
            return True
        if self.key == "Path":
            return any(_is_below(version.name.name, path, self.option) for path in self.values)
        if self.key.startswith("tag:"):
            value = tags.get(self.key[4:])
            return value is not None and (not self.values or self._holds(value))
        return self._holds(_value(version, self.key))

    def _holds(self, value: str) -> bool:
        compare = _COMPARISONS[self.option]
        return any(compare(value, wanted) for wanted in self.values)


def describe_filters(request: shapes.DescribeParametersRequest) -> list[Filter]:
    """The filters of DescribeParameters, old and new.

    Raises:
        ValidationException: both kinds, or two filters of one key.
        InvalidFilterKey, InvalidFilterOption, InvalidFilterValue: there is no such one.

    AWS: Systems Manager API Reference, DescribeParameters.
    """
    old, new = request.get("Filters", ()), request.get("ParameterFilters", ())
    if old and new:
        raise ValidationException(
            "You can use either Filters or ParameterFilters in a single request."
        )
    if old:
        return [Filter(each["Key"], "BeginsWith", each["Values"]) for each in old]
    return _checked(new, _DESCRIBE_KEYS, has_tags=True)


def by_path_filters(request: shapes.GetParametersByPathRequest) -> list[Filter]:
    """The filters of GetParametersByPath: by type, key and label.

    Raises:
        InvalidFilterKey, InvalidFilterOption, InvalidFilterValue: there is no such one.

    AWS: Systems Manager API Reference, GetParametersByPath, ParameterFilters.
    """
    return _checked(request.get("ParameterFilters", ()), _BY_PATH_KEYS, has_tags=False)


def _checked(
    filters: Sequence[shapes.ParameterStringFilter], keys: Sequence[str], *, has_tags: bool
) -> list[Filter]:
    asked = [each["Key"] for each in filters]
    if len(set(asked)) < len(asked):
        raise ValidationException("The request has two filters of the same key.")
    checked = []
    for each in filters:
        key, values = each["Key"], each.get("Values", ())
        if key not in keys and not (has_tags and key.startswith("tag:")):
            raise InvalidFilterKey(
                f"The following filter key is not valid: {key}. Valid filter keys include:"
                f" [{', '.join(keys)}]."
            )
        option = each.get("Option", "OneLevel" if key == "Path" else "Equals")
        _check_option(key, option)
        _check_values(key, values)
        if key == "Path":
            values = [folder_of(path) for path in values]
        checked.append(Filter(key, option, values))
    return checked


def _check_option(key: str, option: str) -> None:
    if key == "Path":
        if option not in ("Recursive", "OneLevel"):
            raise InvalidFilterOption(
                f"The following filter option is not valid: {option}. Valid options include:"
                " [Recursive, OneLevel]."
            )
        return
    if option == "Contains" and key == "Name":
        return
    if option not in ("Equals", "BeginsWith") or (key == "Label" and option != "Equals"):
        raise InvalidFilterOption(_OPTIONS.format(option))


def _check_values(key: str, values: Sequence[str]) -> None:
    if not values and not key.startswith("tag:"):
        raise InvalidFilterValue(f"The filter {key} has no values.")
    known = {"Type": _TYPES, "Tier": _TIERS}.get(key)
    wrong = [] if known is None else [value for value in values if value not in known]
    if known is not None and wrong:
        raise InvalidFilterValue(
            f"The following filter value is not valid: {wrong[0]}. Valid values include:"
            f" [{', '.join(known)}]."
        )


def _is_below(name: str, folder: str, option: str) -> bool:
    if not name.startswith(folder):
        return False
    return option == "Recursive" or "/" not in name[len(folder) :]


def _value(version: Version, key: str) -> str:
    if key == "Name":
        return version.name.name
    if key == "Type":
        return version.type
    if key == "KeyId":
        return version.key_id
    return version.tier if key == "Tier" else version.data_type

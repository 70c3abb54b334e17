"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py ssm
From: the model of Amazon Simple Systems Manager (SSM), 2014-11-06.
"""

from __future__ import annotations

from typing import Required, TypedDict


class AddTagsToResourceRequest(TypedDict, total=False):
    """AWS: AddTagsToResourceRequest."""

    ResourceType: Required[str]
    ResourceId: Required[str]
    Tags: Required[list[Tag]]


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    Key: Required[str]
    Value: Required[str]


class AddTagsToResourceResult(TypedDict, total=False):
    """AWS: AddTagsToResourceResult."""


class DeleteParameterRequest(TypedDict, total=False):
    """AWS: DeleteParameterRequest."""

    Name: Required[str]


class DeleteParameterResult(TypedDict, total=False):
    """AWS: DeleteParameterResult."""


class DeleteParametersRequest(TypedDict, total=False):
    """AWS: DeleteParametersRequest."""

    Names: Required[list[str]]


class DeleteParametersResult(TypedDict, total=False):
    """AWS: DeleteParametersResult."""

    DeletedParameters: list[str]
    InvalidParameters: list[str]


class DescribeParametersRequest(TypedDict, total=False):
    """AWS: DescribeParametersRequest."""

    Filters: list[ParametersFilter]
    ParameterFilters: list[ParameterStringFilter]
    MaxResults: int
    NextToken: str
    Shared: bool


class ParametersFilter(TypedDict, total=False):
    """AWS: ParametersFilter."""

    Key: Required[str]
    Values: Required[list[str]]


class ParameterStringFilter(TypedDict, total=False):
    """AWS: ParameterStringFilter."""

    Key: Required[str]
    Option: str
    Values: list[str]


class DescribeParametersResult(TypedDict, total=False):
    """AWS: DescribeParametersResult."""

    Parameters: list[ParameterMetadata]
    NextToken: str


class ParameterMetadata(TypedDict, total=False):
    """AWS: ParameterMetadata."""

    Name: str
    ARN: str
    Type: str
    KeyId: str
    LastModifiedDate: float
    LastModifiedUser: str
    Description: str
    AllowedPattern: str
    Version: int
    Tier: str
    Policies: list[ParameterInlinePolicy]
    DataType: str


class ParameterInlinePolicy(TypedDict, total=False):
    """AWS: ParameterInlinePolicy."""

    PolicyText: str
    PolicyType: str
    PolicyStatus: str


class GetParameterRequest(TypedDict, total=False):
    """AWS: GetParameterRequest."""

    Name: Required[str]
    WithDecryption: bool


class GetParameterResult(TypedDict, total=False):
    """AWS: GetParameterResult."""

    Parameter: Parameter


class Parameter(TypedDict, total=False):
    """AWS: Parameter."""

    Name: str
    Type: str
    Value: str
    Version: int
    Selector: str
    SourceResult: str
    LastModifiedDate: float
    ARN: str
    DataType: str


class GetParameterHistoryRequest(TypedDict, total=False):
    """AWS: GetParameterHistoryRequest."""

    Name: Required[str]
    WithDecryption: bool
    MaxResults: int
    NextToken: str


class GetParameterHistoryResult(TypedDict, total=False):
    """AWS: GetParameterHistoryResult."""

    Parameters: list[ParameterHistory]
    NextToken: str


class ParameterHistory(TypedDict, total=False):
    """AWS: ParameterHistory."""

    Name: str
    Type: str
    KeyId: str
    LastModifiedDate: float
    LastModifiedUser: str
    Description: str
    Value: str
    AllowedPattern: str
    Version: int
    Labels: list[str]
    Tier: str
    Policies: list[ParameterInlinePolicy]
    DataType: str


class GetParametersRequest(TypedDict, total=False):
    """AWS: GetParametersRequest."""

    Names: Required[list[str]]
    WithDecryption: bool


class GetParametersResult(TypedDict, total=False):
    """AWS: GetParametersResult."""

    Parameters: list[Parameter]
    InvalidParameters: list[str]


class GetParametersByPathRequest(TypedDict, total=False):
    """AWS: GetParametersByPathRequest."""

    Path: Required[str]
    Recursive: bool
    ParameterFilters: list[ParameterStringFilter]
    WithDecryption: bool
    MaxResults: int
    NextToken: str


class GetParametersByPathResult(TypedDict, total=False):
    """AWS: GetParametersByPathResult."""

    Parameters: list[Parameter]
    NextToken: str


class LabelParameterVersionRequest(TypedDict, total=False):
    """AWS: LabelParameterVersionRequest."""

    Name: Required[str]
    ParameterVersion: int
    Labels: Required[list[str]]


class LabelParameterVersionResult(TypedDict, total=False):
    """AWS: LabelParameterVersionResult."""

    InvalidLabels: list[str]
    ParameterVersion: int


class ListTagsForResourceRequest(TypedDict, total=False):
    """AWS: ListTagsForResourceRequest."""

    ResourceType: Required[str]
    ResourceId: Required[str]


class ListTagsForResourceResult(TypedDict, total=False):
    """AWS: ListTagsForResourceResult."""

    TagList: list[Tag]


class PutParameterRequest(TypedDict, total=False):
    """AWS: PutParameterRequest."""

    Name: Required[str]
    Description: str
    Value: Required[str]
    Type: str
    KeyId: str
    Overwrite: bool
    AllowedPattern: str
    Tags: list[Tag]
    Tier: str
    Policies: str
    DataType: str


class PutParameterResult(TypedDict, total=False):
    """AWS: PutParameterResult."""

    Version: int
    Tier: str


class RemoveTagsFromResourceRequest(TypedDict, total=False):
    """AWS: RemoveTagsFromResourceRequest."""

    ResourceType: Required[str]
    ResourceId: Required[str]
    TagKeys: Required[list[str]]


class RemoveTagsFromResourceResult(TypedDict, total=False):
    """AWS: RemoveTagsFromResourceResult."""


class UnlabelParameterVersionRequest(TypedDict, total=False):
    """AWS: UnlabelParameterVersionRequest."""

    Name: Required[str]
    ParameterVersion: Required[int]
    Labels: Required[list[str]]


class UnlabelParameterVersionResult(TypedDict, total=False):
    """AWS: UnlabelParameterVersionResult."""

    RemovedLabels: list[str]
    InvalidLabels: list[str]

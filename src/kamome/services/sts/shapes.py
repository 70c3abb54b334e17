"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py sts
From: the model of AWS Security Token Service, 2011-06-15.
"""

from __future__ import annotations

from typing import TypedDict


class GetCallerIdentityRequest(TypedDict, total=False):
    """AWS: GetCallerIdentityRequest."""


class GetCallerIdentityResult(TypedDict, total=False):
    """AWS: GetCallerIdentityResponse."""

    UserId: str
    Account: str
    Arn: str

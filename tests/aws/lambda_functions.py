"""Functions for the tests that call Lambda by real clients."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest
    from botocore.exceptions import ClientError

ECHO = "def handler(event, context):\n    print('seen', event)\n    return event\n"


def package(source: str, name: str = "app.py") -> bytes:
    """A deployment package of one module; the same source makes the same archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), source)
    return file.getvalue()


def create(client: Any, source: str, name: str = "f", **more: object) -> str:
    """Create a function and wait for it, as clients do; returns its ARN."""
    request = {
        "FunctionName": name,
        "Runtime": "python3.11",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Handler": "app.handler",
        "Code": {"ZipFile": package(source)},
        **more,
    }
    arn: str = client.create_function(**request)["FunctionArn"]
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return arn


def create_node(client: Any, source: str, name: str = "f") -> str:
    """A Node.js function of one CommonJS module."""
    code = {"ZipFile": package(source, "app.js")}
    return create(client, "", name, Runtime="nodejs20.x", Code=code)


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    """Code and status of a refusal."""
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

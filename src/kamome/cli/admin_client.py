"""Questions and orders to the admin API of a running server."""

from __future__ import annotations

import json
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import click

# Advancing by years can take minutes.
_TIMEOUT_S = 600
_ANSWER_BYTES_MAX = 64 * 1024 * 1024

endpoint_option = click.option(
    "--endpoint",
    envvar="KAMOME_ENDPOINT",
    default="http://127.0.0.1:4566",
    show_default=True,
    help="The running server.",
)
json_option = click.option("--json", "is_json", is_flag=True, help="JSON instead of text.")


def ask(endpoint: str, path: str, method: str = "GET", order: object = None) -> dict[str, object]:
    """The answer to one request under `/_kamome/`.

    Raises:
        ClickException: nobody answers, somebody else does, or the server refuses.
    """
    try:
        request = Request(  # noqa: S310 - the operator names the endpoint
            f"{endpoint.rstrip('/')}/_kamome/{path}",
            data=None if order is None else json.dumps(order).encode(),
            headers={"content-type": "application/json"},
            method=method,
        )
        # A proxy of the environment is for other machines.
        with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT_S) as response:
            return _answer(response.read(_ANSWER_BYTES_MAX), endpoint)
    except HTTPError as error:
        with error:
            answer = _answer(error.read(_ANSWER_BYTES_MAX), endpoint)
        raise click.ClickException(str(answer.get("message", error.reason))) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise click.ClickException(f"No server answers at {endpoint}: {reason}") from error


def download(endpoint: str, path: str) -> bytes:
    """The bytes that a path under `/_kamome/` gives.

    Raises:
        ClickException: as `ask`.
    """
    url = f"{endpoint.rstrip('/')}/_kamome/{path}"
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=_TIMEOUT_S) as response:
            content: bytes = response.read(_ANSWER_BYTES_MAX)
            return content
    except HTTPError as error:
        with error:
            answer = _answer(error.read(_ANSWER_BYTES_MAX), endpoint)
        raise click.ClickException(str(answer.get("message", error.reason))) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise click.ClickException(f"No server answers at {endpoint}: {reason}") from error


def print_json(value: object) -> None:
    """For programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _answer(body: bytes, endpoint: str) -> dict[str, object]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise click.ClickException(f"What answers at {endpoint} is not Kamome.")
    return answer

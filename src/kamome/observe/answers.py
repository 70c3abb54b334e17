"""Answers of the admin API: JSON, and refusals in one sentence."""

from __future__ import annotations

import orjson

from kamome.wire import HttpResponse


def json_response(value: object, status: int = 200) -> HttpResponse:
    """A JSON answer."""
    headers = [("content-type", "application/json"), ("cache-control", "no-store")]
    return HttpResponse(status, headers, orjson.dumps(value))


def refusal(status: int, message: str) -> HttpResponse:
    """A JSON answer that refuses, in one sentence."""
    return json_response({"message": message}, status)

"""AllowedPattern: the regular expression that a parameter's value must match.

An expression of a caller's can take forever on a value of a caller's, and the interpreter cannot
stop it; so it runs in a process of its own, which is ended when its time is up.

AWS: Systems Manager API Reference, PutParameter, AllowedPattern.
"""

from __future__ import annotations

import asyncio
import re
import sys

import orjson

from kamome.services.ssm.errors import (
    InvalidAllowedPatternException,
    ParameterPatternMismatchException,
)
from kamome.services.ssm.limits import PATTERN_S_MAX

_PROGRAM = (
    "import json,re,sys;"
    "pattern,value=json.load(sys.stdin);"
    "sys.stdout.write('1' if re.search(pattern,value) else '0')"
)


async def check_pattern(pattern: str, value: str) -> None:
    """The value matches the pattern somewhere; anchors tie it to the whole value.

    Raises:
        InvalidAllowedPatternException: it is no expression, or takes longer than five seconds.
        ParameterPatternMismatchException: the value does not match.

    AWS: Systems Manager API Reference, PutParameter, AllowedPattern.
    """
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidAllowedPatternException(
            f"The allowed pattern {pattern} is no regular expression: {error}"
        ) from None
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", "-c", _PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        found, _ = await asyncio.wait_for(
            process.communicate(orjson.dumps([pattern, value])), PATTERN_S_MAX
        )
    except TimeoutError:
        raise InvalidAllowedPatternException(
            f"The allowed pattern {pattern} takes longer than {PATTERN_S_MAX:g} seconds."
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if found != b"1":
        raise ParameterPatternMismatchException(
            f"Parameter value, cannot be validated against allowedPattern: {pattern}"
        )

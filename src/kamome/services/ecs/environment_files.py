"""Environment files: `NAME=VALUE`, one a line. Pure.

AWS: ECS Developer Guide, Pass environment variables to an Amazon ECS container (Environment file).
"""

from __future__ import annotations

from collections.abc import Iterator

from kamome.arn import parse_arn


def file_of_arn(arn: str) -> tuple[str, str] | None:
    """Bucket and key of an environment file, None where the ARN names no object."""
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "s3":
        return None
    bucket, slash, key = parsed.resource.partition("/")
    return (bucket, key) if slash and key else None


def variables_of(text: str) -> dict[str, str]:
    """The variables of a file. Lines that begin with `#` say nothing; values are taken as they are.

    Of a variable that comes twice the first value counts, over several files as well.
    """
    variables: dict[str, str] = {}
    for name, value in _pairs(text):
        variables.setdefault(name, value)
    return variables


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip() and not line.lstrip().startswith("#") and "\0" not in line:
            yield name.strip(), value

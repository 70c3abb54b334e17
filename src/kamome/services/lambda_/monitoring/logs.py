"""What functions have written, for the command line: read from the files of `runtimes/output.py`.

Not an AWS API: CloudWatch Logs has that. A position counts the bytes since the file began; when the
file has been rotated meanwhile, reading goes on at the new file's beginning.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from kamome.services.lambda_.limits import LOG_ANSWER_BYTES_MAX
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.services.lambda_.slice import Lambda

PREFIX = "/_kamome/lambda-logs"
_PATH = re.compile(
    re.escape(PREFIX)
    + r"/(?P<account>\d{12})/(?P<region>[a-z0-9-]{1,32})/(?P<name>[A-Za-z0-9_-]{1,64})"
)


def answer(lambda_: Lambda, request: HttpRequest) -> HttpResponse:
    """`GET …/ACCOUNT/REGION/NAME?from=POSITION`: text, and the position to go on from.

    Without a position, the end of the log is read. At most 1 MB at once.

    AWS: Lambda Developer Guide, Viewing CloudWatch logs for Lambda functions.
    """
    found = _PATH.fullmatch(request.raw_path)
    if found is None or request.method != "GET":
        return _json(404, {"message": f"GET {PREFIX}/ACCOUNT/REGION/NAME[?from=POSITION]"})
    given = re.fullmatch(r"from=(\d{1,15})", request.raw_query)
    if request.raw_query and given is None:
        return _json(400, {"message": "from is a position that was given out before"})
    folder = lambda_.host.log_folder / found["account"] / found["region"]
    text, position = read_log(folder / f"{found['name']}.log", int(given[1]) if given else None)
    return _json(200, {"text": text, "position": position})


def read_log(path: Path, position: int | None) -> tuple[str, int]:
    """Whole lines from a position, or the last ones; and where to go on. A missing log is empty.

    AWS: Lambda Developer Guide, Viewing CloudWatch logs for Lambda functions.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if position is None:
                start = max(0, size - LOG_ANSWER_BYTES_MAX)
            else:
                start = position if position <= size else 0
            file.seek(start)
            text = file.read(LOG_ANSWER_BYTES_MAX)
    except FileNotFoundError:
        return "", 0
    whole = text.rfind(b"\n") + 1 or len(text)
    return text[:whole].decode("utf-8", "replace"), start + whole


def _json(status: int, document: object) -> HttpResponse:
    return HttpResponse(status, [("content-type", "application/json")], orjson.dumps(document))

"""The tenant's program: runs as an ECS task for each mail that has been recorded for a tenant.

It is started with the mail's object, reads it by a presigned URL (so it needs neither a role nor
an SDK), and prints what it has found as one line of JSON, its entry in the log. It ends with 0, or
with 1 where the mail cannot be read, so that the task shows what became of it.

Environment: `TENANT`, `MAIL_BUCKET`, `MAIL_KEY`, `MAIL_URL`.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from email.parser import BytesHeaderParser

TIMEOUT_S = 30
# A mail of SES is 40 MB at most; its header fields are far below this.
HEADER_BYTES_MAX = 1024 * 1024


def main() -> int:
    """Read the mail and report; the exit code of the task."""
    mail = {"tenant": os.environ["TENANT"], "object": os.environ["MAIL_KEY"]}
    try:
        header, size = read_mail(os.environ["MAIL_URL"])
    except (urllib.error.URLError, OSError, ValueError) as error:
        print(json.dumps({**mail, "error": str(error)}))
        return 1
    fields = BytesHeaderParser().parsebytes(header)
    print(json.dumps({**mail, "bytes": size, "from": str(fields.get("From", ""))}))
    return 0


def read_mail(url: str) -> tuple[bytes, int]:
    """The beginning of the mail, which holds its header fields, and the size of all of it."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=TIMEOUT_S) as answer:
        header = answer.read(HEADER_BYTES_MAX)
        size = len(header)
        while piece := answer.read(HEADER_BYTES_MAX):
            size += len(piece)
        announced = int(answer.headers["Content-Length"])
    if size != announced:
        raise ValueError(f"{size} bytes of {announced} came")
    return header, size


if __name__ == "__main__":
    sys.exit(main())

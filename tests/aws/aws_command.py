"""The aws command line, as its users' shells run it, without its start: each takes a second.

One process imports `awscli` and then makes a child for each command, by fork: with the command's
own arguments, environment, folder and output, and an exit of its own.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_PARENT = """
import json, os, sys, tempfile, traceback
import awscli.clidriver

data_path = os.environ["AWS_DATA_PATH"]  # set by the import

def run(order):
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"], AWS_DATA_PATH=data_path)
    sys.argv = ["aws", *order["arguments"]]
    return awscli.clidriver.main()

for line in sys.stdin:
    order = json.loads(line)
    said = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
    child = os.fork()
    if child == 0:
        status = 255
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for number, file in enumerate(said, 1):
                os.dup2(file.fileno(), number)
            status = run(order)
        except SystemExit as end:
            status = end.code or 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for file in said:
        file.seek(0)
    texts = [file.read().decode() for file in said]
    print(json.dumps([status, *texts]), flush=True)
"""


def reason() -> str:
    """Why there is no aws command line here, empty where there is."""
    return "" if find_spec("awscli") else "the aws command line is not installed beside this Python"


def aws(
    *arguments: str, environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run `aws` with these arguments and nothing but this environment."""
    return _parent().run(arguments, environment, folder)


class _Parent:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PARENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        atexit.register(self._end)

    def run(
        self, arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path
    ) -> subprocess.CompletedProcess[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            status, stdout, stderr = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(["aws", *arguments], status, stdout, stderr)

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@cache
def _parent() -> _Parent:
    return _Parent()

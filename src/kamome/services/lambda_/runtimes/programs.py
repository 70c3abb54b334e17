"""Which program runs a function: Python with awslambdaric, Node.js with our client, a bootstrap.

AWS: Lambda Developer Guide, Lambda runtimes; Building a custom runtime for AWS Lambda.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from kamome.services.lambda_.runtimes.port import Outcome, RuntimeSpec

logger = logging.getLogger(__name__)

_NODE_CLIENT = Path(__file__).with_name("node_client.mjs")
_PROBE_S = 10
_VERSIONS_KEPT = 32


class NoProgram(Exception):
    """Nothing here can run the function; `outcome` is how its init has failed."""

    def __init__(self, error_type: str, words: str) -> None:
        super().__init__(words)
        self.outcome = Outcome("exited", words.encode(), error_type)


def cannot_exec(program: str, error: OSError) -> NoProgram:
    """The system refuses to run a program: it is no program of this machine, or not executable.

    AWS: Lambda Developer Guide, Troubleshoot invocation issues in Lambda.
    """
    why = os.strerror(error.errno).lower() if error.errno else str(error)
    return NoProgram("Runtime.InvalidEntrypoint", f"fork/exec {program}: {why}")


def command_of(spec: RuntimeSpec) -> list[str]:
    """The command of an instance. May start a program to ask it: call it off the loop.

    Raises:
        NoProgram: Node.js is not installed, or the package has no bootstrap.

    AWS: Lambda Developer Guide, Lambda runtimes.
    """
    if spec.runtime.startswith("python"):
        interpreter = python_of(spec.runtime.removeprefix("python"))
        return [interpreter, "-m", "awslambdaric", spec.handler]
    if spec.runtime.startswith("nodejs"):
        node = shutil.which("node")
        if node is None:
            raise NoProgram(
                "Runtime.InvalidEntrypoint",
                "Node.js is needed to run this function: put `node` on the server's PATH.",
            )
        return [node, f"--max-old-space-size={spec.memory_mb}", str(_NODE_CLIENT)]
    return [_bootstrap(spec)]


@lru_cache(_VERSIONS_KEPT)
def python_of(version: str) -> str:
    """The interpreter of a version that has awslambdaric; else the server's own, with a notice.

    AWS: Lambda Developer Guide, Lambda runtimes (Python).
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version == own:
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is not None and _has_client(found):
        return found
    why = "has no awslambdaric" if found is not None else "is not installed"
    logger.warning(
        "Python %s %s: its functions run on the server's Python %s. Install it with"
        " `python%s -m pip install awslambdaric` to run them on their own.",
        version,
        why,
        own,
        version,
    )
    return sys.executable


def _has_client(interpreter: str) -> bool:
    try:
        probe = subprocess.run(
            [interpreter, "-c", "import awslambdaric.bootstrap"],
            capture_output=True,
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


def _bootstrap(spec: RuntimeSpec) -> str:
    """`bootstrap` of the package, else of a layer."""
    for folder in (spec.code_folder, *spec.layer_folders):
        path = folder / "bootstrap"
        if path.is_file():
            return str(path)
    raise NoProgram(
        "Runtime.InvalidEntrypoint",
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
    )

"""The lines that Lambda itself writes into a function's log.

AWS: Lambda Developer Guide, Viewing CloudWatch logs for Lambda functions; and Understanding the
Lambda execution environment lifecycle, Failures during the invoke phase (`Status`, `Error Type`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil

from kamome.services.lambda_.runtimes.port import OUT_OF_MEMORY, Outcome

EXIT_ERROR = "Runtime.ExitError"


def start_line(request_id: str, version: str) -> str:
    """`START RequestId: … Version: $LATEST`."""
    return f"START RequestId: {request_id} Version: {version}\n"


def end_line(request_id: str) -> str:
    """`END RequestId: …`."""
    return f"END RequestId: {request_id}\n"


def report_line(
    request_id: str,
    outcome: Outcome,
    *,
    duration_ms: float,
    init_duration_ms: float | None,
    memory_mb: int,
    max_memory_mb: int,
) -> str:
    """`REPORT RequestId: …` with durations in ms and memory in MB.

    The billed duration is rounded up to the millisecond and includes the init.
    """
    billed_ms = ceil(duration_ms + (init_duration_ms or 0))
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {billed_ms} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {max_memory_mb} MB",
    ]
    if init_duration_ms is not None:
        fields.append(f"Init Duration: {init_duration_ms:.2f} ms")
    if outcome.kind == "timed_out":
        fields.append("Status: timeout")
    elif outcome.kind in {"exited", "undelivered"}:
        fields += ["Status: error", f"Error Type: {outcome.error_type}"]
    return "\t".join([*fields, "\n"])


def timed_out_line(request_id: str, now_ms: int, timeout_s: int) -> str:
    """`2026-01-31T09:00:00.000Z … Task timed out after 3.00 seconds`."""
    return f"{iso_time(now_ms)} {request_id} {timed_out_words(timeout_s)}\n\n"


def exit_line(request_id: str, outcome: Outcome) -> str:
    """`RequestId: … Error: Runtime exited with error: signal: killed`, and `Runtime.ExitError`."""
    return f"RequestId: {request_id} Error: {ended_words(outcome)}\n{ended_type(outcome)}\n"


def timed_out_words(timeout_s: int) -> str:
    """`Task timed out after 3.00 seconds`."""
    return f"Task timed out after {timeout_s}.00 seconds"


def ended_words(outcome: Outcome) -> str:
    """Why a runtime has ended: by its exit status, or why it could not be started."""
    return outcome.payload.decode() or exit_words(outcome.exit_code)


def ended_type(outcome: Outcome) -> str:
    """The error type of a runtime that has ended; that of too much memory is the REPORT line's."""
    is_shown = outcome.error_type and outcome.error_type != OUT_OF_MEMORY
    return outcome.error_type if is_shown else EXIT_ERROR


def exit_words(exit_code: int | None) -> str:
    """How the end of a runtime reads: by its exit status, or by the signal that ended it."""
    if not exit_code:
        return "Runtime exited without providing a reason"
    if exit_code < 0:
        return f"Runtime exited with error: signal: {_SIGNAL_WORDS.get(-exit_code, -exit_code)}"
    return f"Runtime exited with error: exit status {exit_code}"


def iso_time(now_ms: int) -> str:
    """`2026-01-31T09:00:00.000Z`."""
    moment = datetime.fromtimestamp(now_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def log_stream_name(now_ms: int, version: str, unique: str) -> str:
    """`2026/01/31/[$LATEST]<32 hexadecimal digits>`."""
    day = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y/%m/%d")
    return f"{day}/[{version}]{unique}"


# As Lambda's own runtime supervisor, a Go program, prints them.
_SIGNAL_WORDS = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    5: "trace/breakpoint trap",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    10: "user defined signal 1",
    11: "segmentation fault",
    12: "user defined signal 2",
    13: "broken pipe",
    14: "alarm clock",
    15: "terminated",
}

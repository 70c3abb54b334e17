"""No test sleeps on the real clock, and none looks again and again: it waits for an event.

What a busy machine does late must not fail a test, and what it does early must not be waited for.
`tests/watched_loop.py` tells what has come about on the test's own loop, `tests/file_events.py`
what other processes do to files; a queue has its long poll, a server `advance(0)`, a process its
output and its end.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from tests.house.source import ROOT, project_files

# A wait that is meant to run out is a sleep; one that is not meant to may be patient.
_PATIENCE_S_MIN = 1
# What a loop of passes stands for is a guess above this: `idle` knows.
_PASSES_MAX = 20
_CLOCKS = frozenset({"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"})

# File and function, and why it cannot be otherwise. In a kill test the moment is what is varied.
_ALLOWED = {
    ("tests/durability/test_kill_pipeline.py", "run_round"): "the moment of the kill is random",
    ("tests/durability/test_kill_feedback.py", "run_round"): "the moment of the kill is random",
    ("tests/durability/test_kill_s3.py", "_work_until_killed"): "the moment of the kill is random",
}


def test_tests_wait_for_events() -> None:
    found = [
        f"{file.name}:{line} {what}"
        for file in project_files()
        if file.path.is_relative_to(ROOT / "tests")
        for function, line, what in _waits(file.tree)
        if (file.name, function) not in _ALLOWED
    ]

    assert not found, "wait for an event instead"


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(0.1)",
        "from time import sleep\nsleep(1)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(delay)",
        "import time\nuntil = time.monotonic() + 5",
        "async def f():\n    while not done():\n        await asyncio.sleep(0)",
        "async def f():\n    for _ in range(9):\n        await asyncio.sleep(0)\n        break",
        "async def f():\n    for _ in range(200):\n        await asyncio.sleep(0)",
        "while not done():\n    event.wait(2)",
        "event.wait(0.05)",
        "thread.join(timeout=0.2)",
        "threading.Event().wait(delay)",
        "stop.wait(random.uniform(0.1, 1))",
        "thread.join(delay_s)",
        "async def f():\n    await asyncio.wait_for(read(), 0.001)",
    ],
)
def test_the_rule_sees_each_way_to_sleep(source: str) -> None:
    assert list(_waits(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "async def f():\n    await asyncio.sleep(0)",
        "async def f():\n    for _ in range(5):\n        await asyncio.sleep(0)",
        "assert event.wait(10)",
        "thread.join()",
        "', '.join(words)",
        "async def f():\n    await asyncio.Event().wait()",
        "while messages := receive(WaitTimeSeconds=20):\n    take(messages)",
        "async def f():\n    while not done():\n        await asyncio.sleep(0)\n        yield b'x'",
        "began = time.thread_time()",
    ],
)
def test_the_rule_lets_events_be_awaited(source: str) -> None:
    assert not list(_waits(ast.parse(source)))


def test_what_is_allowed_is_still_there() -> None:
    files = {file.name: file for file in project_files()}

    for name, function in _ALLOWED:
        assert function in {found for found, _, _ in _waits(files[name].tree)}, f"{name} {function}"


def _waits(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    """Function, line and kind of each wait on the real clock."""
    for function, node in _with_functions(tree, ""):
        if isinstance(node, ast.Call):
            what = _sleep(node) or _wait_that_runs_out(node)
            if what:
                yield function, node.lineno, what
        elif isinstance(node, ast.While | ast.For) and _is_polling(node):
            yield function, node.lineno, "looks again and again"


def _with_functions(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node, with the outermost function that it is in."""
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = function or child.name
        yield inside, child
        yield from _with_functions(child, inside)


def _sleep(call: ast.Call) -> str:
    name = ast.unparse(call.func)
    if name in {"sleep", "time.sleep", "asyncio.sleep"} and not _is_pass(call):
        return "sleeps"
    owner, _, attribute = name.rpartition(".")
    return "reads the machine's clock" if owner == "time" and attribute in _CLOCKS else ""


def _wait_that_runs_out(call: ast.Call) -> str:
    """A wait with a time so short, or for an event so private, that it must run out."""
    if not isinstance(call.func, ast.Attribute) or isinstance(call.func.value, ast.Constant):
        return ""  # texts are joined, too
    place = {"wait": 0, "join": 0, "wait_for": 1, "timeout": 0}.get(call.func.attr)
    if place is None:
        return ""
    times = [each.value for each in call.keywords if each.arg == "timeout"]
    times += call.args[place : place + 1]
    if not times:
        return ""
    is_private = isinstance(call.func.value, ast.Call) and call.func.attr == "wait"
    return "waits until its time runs out" if is_private or _is_short(times[0]) else ""


def _is_short(time: ast.expr) -> bool:
    """Whether a time is no patience: a moment, a random one, or one that is called a delay."""
    if isinstance(time, ast.Constant):
        return isinstance(time.value, int | float) and time.value < _PATIENCE_S_MIN
    return any(word in ast.unparse(time) for word in ("delay", "random"))


def _is_polling(loop: ast.While | ast.For) -> bool:
    """Whether a loop pauses, and goes on until something is so, or has been long enough."""
    inside = [node for each in loop.body for node in ast.walk(each)]
    if any(isinstance(node, ast.Yield) for node in inside):
        return False  # it is asked for each turn
    pauses = [node for node in inside if isinstance(node, ast.Call) and _is_pause(node)]
    if not pauses:
        return False
    if isinstance(loop, ast.While) and not isinstance(loop.test, ast.Constant | ast.Name):
        return True
    if any(isinstance(node, ast.Return | ast.Break) for node in inside):
        return True
    return len(loop.body) == 1 and isinstance(loop, ast.For) and _count(loop) > _PASSES_MAX


def _is_pause(call: ast.Call) -> bool:
    return _is_pass(call) or (
        isinstance(call.func, ast.Attribute) and call.func.attr == "wait" and bool(call.args)
    )


def _is_pass(call: ast.Call) -> bool:
    return ast.unparse(call) == "asyncio.sleep(0)"


def _count(loop: ast.For) -> int:
    """How often `for _ in range(n)` goes round; 0 where that is not written there."""
    if isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "range":
        last = loop.iter.args[-1]
        if isinstance(last, ast.Constant) and isinstance(last.value, int):
            return last.value
    return 0

"""Functions fit a screen, files can be read in one go."""

from __future__ import annotations

import ast

from tests.house.source import project_files

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600


def test_functions_have_at_most_70_lines_without_their_docstring() -> None:
    too_long = [
        f"{file.name}:{function.lineno} {function.name}: {lines} lines"
        for file in project_files()
        for function in _functions(file.tree)
        if (lines := _lines(function)) > FUNCTION_LINES_MAX
    ]

    assert not too_long, "split them by what the parts are for"


def test_files_have_at_most_600_lines() -> None:
    too_long = [
        f"{file.name}: {len(file.lines)} lines"
        for file in project_files()
        if not file.is_generated and len(file.lines) > FILE_LINES_MAX
    ]

    assert not too_long, "split them by AWS's own headings"


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    assert docstring.end_lineno is not None
    return lines - (docstring.end_lineno - docstring.lineno + 1)

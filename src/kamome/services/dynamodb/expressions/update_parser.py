"""Reads update expressions.

AWS: DynamoDB Developer Guide, Using update expressions in DynamoDB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.dynamodb.attribute_values import SET_TYPES, type_of
from kamome.services.dynamodb.expressions.parser import Parser
from kamome.services.dynamodb.expressions.paths import PathsClash, tree_of
from kamome.services.dynamodb.expressions.placeholders import Placeholders
from kamome.services.dynamodb.expressions.syntax import (
    Action,
    AddAction,
    Arithmetic,
    DeleteAction,
    IfNotExists,
    ListAppend,
    Literal,
    Path,
    PathOperand,
    RemoveAction,
    SetAction,
    Value,
)

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

_SECTIONS = frozenset(("SET", "REMOVE", "ADD", "DELETE"))
_CONDITION_FUNCTIONS = frozenset(
    (
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "size",
    )
)
# How AWS names types where ADD and DELETE refuse them.
_TYPE_WORDS = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
    "M": "MAP",
    "L": "LIST",
    "NULL": "NULL",
    "BOOL": "BOOLEAN",
}


def parse_update(expression: str, placeholders: Placeholders) -> tuple[Action, ...]:
    """The actions of an update expression, in its order.

    Raises:
        ValidationException: the expression is not one, or its paths overlap or conflict.

    AWS: DynamoDB Developer Guide, Using update expressions in DynamoDB.
    """
    parser = _UpdateParser("UpdateExpression", expression, placeholders)
    actions = parser.sections()
    try:
        tree_of(action.path for action in actions)
    except PathsClash as clash:
        parser.fail(str(clash))
    return tuple(actions)


class _UpdateParser(Parser):
    """`SET …, … REMOVE …, … ADD …, … DELETE …, …` in any order, each section at most once."""

    def sections(self) -> list[Action]:
        """Read all sections."""
        readers = {
            "SET": self._set_action,
            "REMOVE": self._remove_action,
            "ADD": self._add_action,
            "DELETE": self._delete_action,
        }
        seen: set[str] = set()
        actions: list[Action] = []
        while self.token.kind != "end":
            section = self.keyword()
            if section not in readers:
                self.syntax_error()
            if section in seen:
                self.fail(f'The "{section}" section can only be used once in an update expression;')
            seen.add(section)
            self.next_token()
            actions.append(readers[section]())
            while self.accept(","):
                actions.append(readers[section]())
        return actions

    def path(self) -> Path:
        """Read a document path; a section's keyword is not the name of an attribute."""
        if self.keyword() in _SECTIONS:
            self.syntax_error()
        return super().path()

    # ------------------------------------------------------------------ actions

    def _set_action(self) -> Action:
        path = self.path()
        self.expect("=")
        return SetAction(path, self._sum())

    def _remove_action(self) -> Action:
        return RemoveAction(self.path())

    def _add_action(self) -> Action:
        self.count_operator()
        path = self.path()
        value = self.value()
        if type_of(value) != "N" and type_of(value) not in SET_TYPES:
            self._fail_action_type("ADD", value)
        return AddAction(path, value)

    def _delete_action(self) -> Action:
        self.count_operator()
        path = self.path()
        value = self.value()
        if type_of(value) not in SET_TYPES:
            self._fail_action_type("DELETE", value)
        return DeleteAction(path, value)

    def _fail_action_type(self, operator: str, value: AttributeValue) -> None:
        self.fail(
            f"Incorrect operand type for operator or function; operator: {operator}, operand type:"
            f" {_TYPE_WORDS[type_of(value)]}, typeSet: ALLOWED_FOR_{operator}_OPERAND"
        )

    # ------------------------------------------------------------------ values of SET

    def _sum(self) -> Value:
        first = self._term()
        steps: list[tuple[str, Value]] = []
        while self.is_at("+") or self.is_at("-"):
            self.count_operator()
            operator = self.next_token().text
            term = self._term()
            for operand in (first, term) if not steps else (term,):
                self._check_type(operator, operand, "N")
            steps.append((operator, term))
        return Arithmetic(first, tuple(steps)) if steps else first

    def _term(self) -> Value:
        if self.token.kind == ":":
            return Literal(self.value())
        if self.at_function():
            return self._function()
        return PathOperand(self.path())

    def _function(self) -> Value:
        function = self.token.text
        if function in _CONDITION_FUNCTIONS:
            self.fail(f"The function is not allowed in an update expression; function: {function}")
        if function not in ("if_not_exists", "list_append"):
            self.fail(f"Invalid function name; function: {function}")
        operands = self._call()
        self.check_operands(function, len(operands), 2)
        first, second = operands
        if function == "list_append":
            self._check_type(function, first, "L")
            self._check_type(function, second, "L")
            return ListAppend(first, second)
        if not isinstance(first, PathOperand):
            self.fail(
                f"Operator or function requires a document path; operator or function: {function}"
            )
        return IfNotExists(first.path, second)

    def _call(self) -> list[Value]:
        self.count_operator()
        self.next_token()
        self.expect("(")
        self.enter()
        operands = [self._term()]
        while self.accept(","):
            operands.append(self._term())
        self.leave()
        self.expect(")")
        return operands

    def _check_type(self, operator: str, operand: Value, kind: str) -> None:
        if isinstance(operand, Literal) and type_of(operand.value) != kind:
            self.fail_operand_type(operator, type_of(operand.value))
        if isinstance(operand, ListAppend) and kind != "L":
            self.fail_operand_type(operator, "L")

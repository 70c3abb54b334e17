"""Reads condition, filter and key condition expressions.

AWS: DynamoDB Developer Guide, Condition and filter expressions, operators, and functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kamome.services.dynamodb.attribute_values import (
    ORDERED_TYPES,
    equal,
    precedes,
    shown,
    type_of,
)
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.parser import Parser
from kamome.services.dynamodb.expressions.placeholders import Placeholders
from kamome.services.dynamodb.expressions.syntax import (
    And,
    AttributeType,
    BeginsWith,
    Between,
    Comparison,
    Condition,
    Contains,
    Exists,
    In,
    Literal,
    Not,
    Operand,
    Or,
    Path,
    PathOperand,
    Size,
    path_shown,
)
from kamome.services.dynamodb.limits import IN_OPERANDS_MAX

COMPARATORS = frozenset(("=", "<>", "<", "<=", ">", ">="))
_EQUALITIES = frozenset(("=", "<>"))
_WORDS = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN"))
_UPDATE_FUNCTIONS = frozenset(("if_not_exists", "list_append"))
_TYPES = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")
_SIZED_TYPES = frozenset(("S", "B", "SS", "NS", "BS", "L", "M"))


def parse_condition(
    parameter: str, expression: str, placeholders: Placeholders
) -> tuple[Condition, list[Path]]:
    """The tree of a condition, and every document path in it.

    `parameter` is ConditionExpression, FilterExpression or KeyConditionExpression.

    Raises:
        ValidationException: the expression is not one, worded as AWS does.

    AWS: DynamoDB Developer Guide, Condition and filter expressions, operators, and functions.
    """
    parser = _ConditionParser(parameter, expression, placeholders)
    condition = parser.condition()
    parser.expect_end()
    return condition, parser.paths


class _ConditionParser(Parser):
    """Precedence from loose to tight: OR, AND, NOT, comparators with IN and BETWEEN, functions."""

    def __init__(self, parameter: str, expression: str, placeholders: Placeholders) -> None:
        super().__init__(parameter, expression, placeholders)
        # Where the last parentheses opened and closed, to find those that enclose only others.
        self._last_pair = (-1, -1)
        self._functions: Mapping[str, Callable[[list[Operand]], Condition]] = {
            "attribute_exists": lambda operands: self._exists("attribute_exists", operands),
            "attribute_not_exists": lambda operands: self._exists("attribute_not_exists", operands),
            "attribute_type": self._attribute_type,
            "begins_with": self._begins_with,
            "contains": self._contains,
        }

    def condition(self) -> Condition:
        """Read alternatives joined by OR."""
        alternatives = [self._all_of()]
        while self.accept_keyword("OR"):
            self.count_operator()
            alternatives.append(self._all_of())
        return alternatives[0] if len(alternatives) == 1 else Or(tuple(alternatives))

    def _all_of(self) -> Condition:
        conditions = [self._unary()]
        while self.accept_keyword("AND"):
            self.count_operator()
            conditions.append(self._unary())
        return conditions[0] if len(conditions) == 1 else And(tuple(conditions))

    def _unary(self) -> Condition:
        negations = 0
        while self.accept_keyword("NOT"):
            self.count_operator()
            negations += 1
        condition = self._in_parentheses() if self.is_at("(") else self._predicate()
        if negations > 1 and negations % 2 == 0:
            return condition
        return Not(condition) if negations else condition

    def _in_parentheses(self) -> Condition:
        opened = self.position
        self.expect("(")
        self.enter()
        condition = self.condition()
        self.leave()
        closed = self.position
        self.expect(")")
        if self._last_pair == (opened + 1, closed - 1):
            self.fail("The expression has redundant parentheses;")
        self._last_pair = (opened, closed)
        return condition

    def _predicate(self) -> Condition:
        if self.at_function() and self.token.text != "size":
            return self._function_condition()
        is_size = self.at_function()
        operand = self._operand()
        token = self.token
        if token.kind == "operator" and token.text in COMPARATORS:
            self.next_token()
            return self._comparison(token.text, operand, self._operand())
        if self.accept_keyword("BETWEEN"):
            return self._between(operand)
        if self.accept_keyword("IN"):
            return self._in(operand)
        if is_size and (token.kind == "end" or self.keyword() or self.is_at(")")):
            raise self._misused("size")
        raise self.wrong_token()

    # ------------------------------------------------------------------ operands

    def _operand(self) -> Operand:
        if self.token.kind == ":":
            return Literal(self.value())
        if self.at_function():
            return self._size()
        if self.keyword() in _WORDS:
            self.syntax_error()
        return PathOperand(self.path())

    def _size(self) -> Size:
        function = self.token.text
        if function != "size":
            self._refuse_unknown(function)
            raise self._misused(function)
        operands = self._call()
        self.check_operands("size", len(operands), 1)
        operand = operands[0]
        if isinstance(operand, Size):
            raise self._misused("size")
        if isinstance(operand, Literal) and type_of(operand.value) not in _SIZED_TYPES:
            self.fail_operand_type("size", type_of(operand.value))
        return Size(operand)

    def _call(self) -> list[Operand]:
        """Read a function's name and its operands."""
        self.count_operator()
        self.next_token()
        self.expect("(")
        self.enter()
        operands = [self._operand()]
        while self.accept(","):
            operands.append(self._operand())
        self.leave()
        self.expect(")")
        return operands

    # ------------------------------------------------------------------ comparators

    def _comparison(self, operator: str, left: Operand, right: Operand) -> Condition:
        self.count_operator()
        self._check_distinct(operator, left, (right,))
        if operator not in _EQUALITIES:
            self._check_ordered(operator, (left, right))
        return Comparison(operator, left, right)

    def _between(self, operand: Operand) -> Condition:
        self.count_operator()
        low = self._operand()
        if not self.accept_keyword("AND"):
            self.syntax_error()
        high = self._operand()
        self._check_distinct("BETWEEN", operand, (low, high))
        self._check_ordered("BETWEEN", (operand, low, high))
        if isinstance(low, Literal) and isinstance(high, Literal):
            self._check_bounds(low, high)
        return Between(operand, low, high)

    def _check_bounds(self, low: Literal, high: Literal) -> None:
        bounds = (
            f"lower bound operand: AttributeValue: {shown(low.value)}, upper bound operand:"
            f" AttributeValue: {shown(high.value)}"
        )
        if type_of(low.value) != type_of(high.value):
            self.fail(
                f"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}"
            )
        if precedes(high.value, low.value):
            self.fail(
                "The BETWEEN operator requires upper bound to be greater than or equal to lower"
                f" bound; {bounds}"
            )

    def _in(self, operand: Operand) -> Condition:
        self.count_operator()
        self.expect("(")
        options = [self._operand()]
        while self.accept(","):
            options.append(self._operand())
        self.expect(")")
        if len(options) > IN_OPERANDS_MAX:
            self.check_operands("IN", len(options) + 1, 0)
        self._check_distinct("IN", operand, tuple(options))
        return In(operand, tuple(options))

    def _check_ordered(self, operator: str, operands: tuple[Operand, ...]) -> None:
        for operand in operands:
            if isinstance(operand, Literal) and type_of(operand.value) not in ORDERED_TYPES:
                self.fail_operand_type(operator, type_of(operand.value))

    def _check_distinct(self, operator: str, first: Operand, others: tuple[Operand, ...]) -> None:
        if isinstance(first, PathOperand) and first in others:
            self.fail(
                "The first operand must be distinct from the remaining operands for this operator"
                f" or function; operator: {operator}, first operand: {path_shown(first.path)}"
            )
        if isinstance(first, Literal) and any(
            isinstance(other, Literal) and equal(first.value, other.value) for other in others
        ):
            self.fail(
                "The first operand must be distinct from the remaining operands for this operator"
                f" or function; operator: {operator}, first operand: {shown(first.value)}"
            )

    # ------------------------------------------------------------------ functions

    def _function_condition(self) -> Condition:
        function = self.token.text
        self._refuse_unknown(function)
        return self._functions[function](self._call())

    def _refuse_unknown(self, function: str) -> None:
        if function in _UPDATE_FUNCTIONS:
            self.fail(
                f"The function is not allowed in a condition expression; function: {function}"
            )
        if function not in self._functions:
            self.fail(f"Invalid function name; function: {function}")

    def _misused(self, function: str) -> ValidationException:
        return self.refusal(
            "The function is not allowed to be used this way in an expression; function:"
            f" {function}"
        )

    def _exists(self, function: str, operands: list[Operand]) -> Condition:
        self.check_operands(function, len(operands), 1)
        operand = operands[0]
        if not isinstance(operand, PathOperand):
            self.fail(
                f"Operator or function requires a document path; operator or function: {function}"
            )
        return Exists(operand.path, wanted=function == "attribute_exists")

    def _attribute_type(self, operands: list[Operand]) -> Condition:
        self.check_operands("attribute_type", len(operands), 2)
        wanted = operands[1]
        if not isinstance(wanted, Literal):
            self.fail(
                "Operator or function requires an expression attribute value; operator or"
                " function: attribute_type"
            )
        if "S" not in wanted.value:
            self.fail_operand_type("attribute_type", type_of(wanted.value))
        if wanted.value["S"] not in _TYPES:
            self.fail(
                f"Invalid attribute type name found; type: {wanted.value['S']}, valid types:"
                f" {{{','.join(_TYPES)}}}"
            )
        return AttributeType(operands[0], wanted.value["S"])

    def _begins_with(self, operands: list[Operand]) -> Condition:
        self.check_operands("begins_with", len(operands), 2)
        for operand in operands:
            if isinstance(operand, Size):
                self.fail_operand_type("begins_with", "N")
            if isinstance(operand, Literal) and type_of(operand.value) not in ("S", "B"):
                self.fail_operand_type("begins_with", type_of(operand.value))
        self._check_distinct("begins_with", operands[0], (operands[1],))
        return BeginsWith(operands[0], operands[1])

    def _contains(self, operands: list[Operand]) -> Condition:
        self.check_operands("contains", len(operands), 2)
        self._check_distinct("contains", operands[0], (operands[1],))
        return Contains(operands[0], operands[1])

"""What all expressions share: reading tokens, document paths and placeholders, and the errors.

AWS: DynamoDB Developer Guide, Using expressions in DynamoDB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.lexer import Token, tokens_of
from kamome.services.dynamodb.expressions.placeholders import Placeholders
from kamome.services.dynamodb.expressions.reserved_words import RESERVED_WORDS
from kamome.services.dynamodb.expressions.syntax import Path
from kamome.services.dynamodb.limits import (
    EXPRESSION_BYTES_MAX,
    EXPRESSION_NESTING_MAX,
    EXPRESSION_OPERATORS_MAX,
)

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

# An index of more digits than this is beyond any list that fits an item.
_INDEX_DIGITS_MAX = 9


class Parser:
    """Reads the tokens of one expression. `parameter` is its name in the request.

    The methods of a kind of expression are in its subclass. `paths` gathers every document path
    read. Every method that meets what it cannot read raises ValidationException.
    """

    def __init__(self, parameter: str, expression: str, placeholders: Placeholders) -> None:
        self.parameter = parameter
        self.paths: list[Path] = []
        self._expression = expression
        self._placeholders = placeholders
        self._operators = 0
        self._nesting = 0
        if not expression.strip():
            self.fail("The expression can not be empty;")
        size = len(expression.encode())
        if size > EXPRESSION_BYTES_MAX:
            self.fail(
                f"Expression size has exceeded the maximum allowed size; expression size: {size}"
            )
        self._tokens = tokens_of(expression)
        self._at = 0

    # ------------------------------------------------------------------ tokens

    @property
    def token(self) -> Token:
        """The token that is next."""
        return self._tokens[self._at]

    @property
    def position(self) -> int:
        """How many tokens have been read."""
        return self._at

    def next_token(self) -> Token:
        """Read one token. The end may be read again and again."""
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def is_at(self, text: str) -> bool:
        """Whether the next token is this operator."""
        token = self._tokens[self._at]
        return token.text == text and token.kind == "operator"

    def accept(self, text: str) -> bool:
        """Read the operator if it is next."""
        if self.is_at(text):
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Read the operator, which must be next."""
        if not self.accept(text):
            self.syntax_error()

    def keyword(self) -> str:
        """The next token in upper case if it is a bare word, else an empty string."""
        token = self._tokens[self._at]
        return token.text.upper() if token.kind == "name" else ""

    def accept_keyword(self, word: str) -> bool:
        """Read the keyword if it is next, in any case of letters."""
        if self.keyword() == word:
            self._at += 1
            return True
        return False

    def expect_end(self) -> None:
        """The expression ends here."""
        if self.token.kind != "end":
            self.syntax_error()

    def at_function(self) -> bool:
        """Whether a function call is next: a bare word and an opening parenthesis."""
        if self.token.kind != "name":
            return False
        following = self._tokens[self._at + 1]
        return following.kind == "operator" and following.text == "("

    # ------------------------------------------------------------------ paths and values

    def path(self) -> Path:
        """Read a document path, `a.#b[2]`."""
        parts: list[str | int] = [self._attribute_name()]
        while True:
            if self.accept("."):
                parts.append(self._attribute_name())
            elif self.accept("["):
                parts.append(self._list_index())
                self.expect("]")
            else:
                break
        path = tuple(parts)
        self.paths.append(path)
        return path

    def _attribute_name(self) -> str:
        token = self.token
        if token.kind == "#":
            self._at += 1
            name = self._placeholders.name(token.text)
            if name is None:
                self.fail(
                    "An expression attribute name used in the document path is not defined;"
                    f" attribute name: {token.text}"
                )
            return name
        if token.kind != "name":
            self.syntax_error()
        if token.text.upper() in RESERVED_WORDS:
            self.fail(f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
        self._at += 1
        return token.text

    def _list_index(self) -> int:
        token = self.token
        if token.kind != "number":
            self.syntax_error()
        if len(token.text) > _INDEX_DIGITS_MAX:
            self.fail(f"List index is not within the allowable range; index: [{token.text}]")
        self._at += 1
        return int(token.text)

    def value(self) -> AttributeValue:
        """Read `:value`, which must be next."""
        token = self.token
        if token.kind != ":":
            self.syntax_error()
        self._at += 1
        value = self._placeholders.value(token.text)
        if value is None:
            self.fail(
                "An expression attribute value used in expression is not defined; attribute"
                f" value: {token.text}"
            )
        return value

    # ------------------------------------------------------------------ bounds and errors

    def count_operator(self) -> None:
        """One more operator or function has been read."""
        self._operators += 1
        if self._operators > EXPRESSION_OPERATORS_MAX:
            self.fail(
                "The expression contains too many operators; operator count:"
                f" {self._operators}, maximum: {EXPRESSION_OPERATORS_MAX}"
            )

    def enter(self) -> None:
        """One level deeper of what may stand in itself; `leave` ends it."""
        self._nesting += 1
        if self._nesting > EXPRESSION_NESTING_MAX:
            self.fail(f"The expression is nested deeper than {EXPRESSION_NESTING_MAX} levels")

    def leave(self) -> None:
        """One level up again."""
        self._nesting -= 1

    def check_operands(self, function: str, found: int, wanted: int) -> None:
        """A function has been given as many operands as it takes."""
        if found != wanted:
            self.fail(
                "Incorrect number of operands for operator or function; operator or function:"
                f" {function}, number of operands: {found}"
            )

    def fail_operand_type(self, operator: str, kind: str) -> NoReturn:
        """An operand's type is not one the operator or function takes."""
        self.fail(
            "Incorrect operand type for operator or function; operator or function:"
            f" {operator}, operand type: {kind}"
        )

    def syntax_error(self) -> NoReturn:
        """Refuse the next token."""
        raise self.wrong_token()

    def wrong_token(self) -> ValidationException:
        """The refusal of the next token, which AWS shows between its neighbours."""
        token = self.token
        start = self._tokens[max(self._at - 1, 0)].start
        end = self._tokens[min(self._at + 1, len(self._tokens) - 1)].end
        near = self._expression[start:end].strip()
        return self.refusal(f'Syntax error; token: "{token.text}", near: "{near}"')

    def fail(self, reason: str) -> NoReturn:
        """Refuse the expression."""
        raise self.refusal(reason)

    def refusal(self, reason: str) -> ValidationException:
        """The error that refuses the expression."""
        return ValidationException(f"Invalid {self.parameter}: {reason}")

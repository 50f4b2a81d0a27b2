"""How the text of an expression becomes a tree: own tokenizer, recursive descent; nothing is run as code."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mtl.expressions.tree import (
    Arithmetic,
    Column,
    Comparison,
    Constant,
    Expression,
    ExpressionError,
    IsMissing,
    Junction,
    Negation,
    Negative,
    Node,
    Number,
    Words,
)

MAX_LENGTH = 4000
MAX_DEPTH = 25
MAX_LIST = 200

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<quoted>`(?:[^`]|``)+`)
      | (?P<name>[^\W\d]\w*)
      | (?P<sign>==|!=|<=|>=|[<>()\[\],+\-*/])""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = frozenset({"or", "and", "not", "in", "is", "missing", "true", "false"})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_REMEDIES = {
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
    "≥": "write >=",
    "≤": "write <=",
    "≠": "write !=",
    '"': "close the text with the same quotation mark",
    "'": "close the text with the same quotation mark",
    "`": "close the column's name with a backtick",
    ".": "put a column's name that is not one word in backticks",
}


def quote_column(name: str) -> str:
    """A column's name as an expression: bare when it is one word, else in backticks.

    Examples
    --------
    >>> quote_column("nodes"), quote_column("worst area"), quote_column("in")
    ('nodes', '`worst area`', '`in`')
    """
    if re.fullmatch(r"[^\W\d]\w*", name) and name not in _KEYWORDS:
        return name
    return "`" + name.replace("`", "``") + "`"


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Read an expression.

    Grammar, loosest first: `or`; `and`; `not`; `== != < <= > >=`, `in [...]`, `not in [...]`, `is missing`,
    `is not missing`; `+ -`; `* /`; minus; parentheses, numbers, quoted text, `true`, `false`, columns
    (bare, or in backticks when the name is not one word). A comparison with a missing cell is neither true
    nor false, and division by zero is missing.

    Raises
    ------
    ExpressionError
        The text is empty, too long, too deep or not in the grammar; the message gives position and remedy.

    Examples
    --------
    >>> parse("grade == 3").columns
    frozenset({'grade'})
    >>> parse("grade = 3")
    Traceback (most recent call last):
    ...
    mtl.expressions.tree.ExpressionError: 'grade = 3', character 7: unexpected '='; write == to compare
    """
    if len(text) > MAX_LENGTH:
        start = text[:40]
        raise ExpressionError(f"{start!r}...: {len(text)} characters; an expression has at most {MAX_LENGTH}")
    if not text.strip():
        raise ExpressionError(f"{text!r}: empty; write a column or a condition such as nodes > 0")
    parser = _Parser(text)
    root = parser.disjunction(0)
    parser.expect_end()
    return Expression(text, root)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


class _Parser:
    def __init__(self, text: str) -> None:
        self.source = text
        self.tokens = list(self._tokenize())
        self.place = 0

    def _tokenize(self) -> list[_Token]:
        tokens, position = [], 0
        while position < len(self.source):
            match = _TOKEN.match(self.source, position)
            if match is None:
                sign = self.source[position]
                raise self.error(f"unexpected {sign!r}", _REMEDIES.get(sign, "remove it"), position)
            kind = match.lastgroup or ""
            word = match.group()
            if kind == "number" and re.match(r"\w", self.source[match.end() : match.end() + 1]):
                raise self.error(
                    f"a number runs into a name at {word!r}", "put the name in backticks", position
                )
            if kind == "name" and word in _KEYWORDS:
                kind = "word"
            if kind != "space":
                tokens.append(_Token(kind, word, position))
            position = match.end()
        tokens.append(_Token("end", "", len(self.source)))
        return tokens

    def error(self, what: str, remedy: str, position: int) -> ExpressionError:
        shown = self.source if len(self.source) <= 120 else self.source[:117] + "..."
        return ExpressionError(f"{shown!r}, character {position + 1}: {what}; {remedy}")

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def take(self, *texts: str) -> _Token | None:
        token = self.next
        if token.kind in ("word", "sign") and token.text in texts:
            self.place += 1
            return token
        return None

    def expect(self, text: str) -> None:
        if self.take(text) is None:
            raise self.unexpected(f"write {text!r} here")

    def expect_end(self) -> None:
        if self.next.kind == "end":
            return
        if self.next.text in _COMPARISONS:
            raise self.unexpected("join two comparisons with and")
        raise self.unexpected("join conditions with and/or, and put names that are not one word in backticks")

    def unexpected(self, remedy: str) -> ExpressionError:
        token = self.next
        what = "it ends too early" if token.kind == "end" else f"unexpected {token.text!r}"
        return self.error(what, remedy, token.position)

    def disjunction(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            remedy = f"at most {MAX_DEPTH} levels of parentheses, not or minus"
            raise self.error("nested too deeply", remedy, self.next.position)
        return self._junction("or", depth)

    def _junction(self, word: Literal["and", "or"], depth: int) -> Node:
        position = self.next.position
        members = [self._member(word, depth)]
        while self.take(word):
            self._condition(members[-1], word, position)
            position = self.next.position
            members.append(self._member(word, depth))
            self._condition(members[-1], word, position)
        return members[0] if len(members) == 1 else Junction(word, tuple(members))

    def _member(self, word: Literal["and", "or"], depth: int) -> Node:
        return self._junction("and", depth) if word == "or" else self.negation(depth)

    def _condition(self, node: Node, word: str, position: int) -> None:
        if node.sort not in ("condition", "column"):
            raise self.error(f"{word!r} needs a condition", "compare the value, as in nodes > 0", position)

    def negation(self, depth: int) -> Node:
        token = self.take("not")
        if token is None:
            return self.comparison(depth)
        if depth >= MAX_DEPTH:
            raise self.error("nested too deeply", f"at most {MAX_DEPTH} levels", token.position)
        position = self.next.position
        node = self.negation(depth + 1)
        self._condition(node, "not", position)
        return Negation(node)

    def comparison(self, depth: int) -> Node:
        position = self.next.position
        left = self.sum(depth)
        if self.take("is"):
            negated = self.take("not") is not None
            self.expect("missing")
            return IsMissing(left, negated)
        if self.take("in"):
            return self.membership(left, position)
        if self.next.text == "not" and self.tokens[min(self.place + 1, len(self.tokens) - 1)].text == "in":
            self.take("not")
            self.take("in")
            return Negation(self.membership(left, position))
        sign = self.take(*_COMPARISONS)
        if sign is None:
            return left
        return self._comparison(left, sign, self.sum(depth))

    def _comparison(self, left: Node, sign: _Token, right: Node) -> Comparison:
        sorts = {left.sort, right.sort}
        ordering = sign.text not in ("==", "!=")
        if ordering and sorts & {"text", "condition"}:
            what = f"{sign.text!r} needs numbers on both sides"
            raise self.error(what, 'name the levels instead, as in size in ["20-50", ">50"]', sign.position)
        if "condition" in sorts and not sorts <= {"condition", "column"}:
            raise self.error(
                "a condition compared with a value", "join conditions with and/or", sign.position
            )
        return Comparison(left, sign.text, right)

    def membership(self, left: Node, position: int) -> Node:
        if left.sort == "condition":
            raise self.error("'in' needs a value on its left", "put a column there", position)
        self.expect("[")
        items: list[Node] = []
        while True:
            sign = self.take("-")
            token = self.next
            item = self.literal()
            if item is None or (sign and not isinstance(item, Number)):
                raise self.unexpected("a list holds numbers and quoted text, as in [1, 2] or ['a', 'b']")
            if isinstance(item, Constant) and left.sort != "column":
                raise self.error("true or false in a list", "compare a column with them", token.position)
            items.append(Number(-item.value) if sign and isinstance(item, Number) else item)
            if len(items) > MAX_LIST:
                raise self.error("a long list", f"at most {MAX_LIST} values", token.position)
            if self.take("]"):
                break
            self.expect(",")
        equals = tuple(Comparison(left, "==", item) for item in items)
        return equals[0] if len(equals) == 1 else Junction("or", equals)

    def sum(self, depth: int) -> Node:
        return self._chain(("+", "-"), depth)

    def _chain(self, signs: tuple[str, str], depth: int) -> Node:
        position = self.next.position
        first = self._operand(signs, depth)
        rest: list[tuple[str, Node]] = []
        while sign := self.take(*signs):
            self._value(first, sign.text, position)
            after = self.next.position
            operand = self._operand(signs, depth)
            self._value(operand, sign.text, after)
            rest.append((sign.text, operand))
        return Arithmetic(first, tuple(rest)) if rest else first

    def _operand(self, signs: tuple[str, str], depth: int) -> Node:
        return self._chain(("*", "/"), depth) if "+" in signs else self.minus(depth)

    def _value(self, node: Node, sign: str, position: int) -> None:
        if node.sort not in ("number", "column"):
            raise self.error(f"{sign!r} needs a number", "put a number or a column there", position)

    def minus(self, depth: int) -> Node:
        sign = self.take("-")
        if sign is None:
            return self.primary(depth)
        if depth >= MAX_DEPTH:
            raise self.error("nested too deeply", f"at most {MAX_DEPTH} levels", sign.position)
        position = self.next.position
        node = self.minus(depth + 1)
        self._value(node, "-", position)
        return Negative(node)

    def primary(self, depth: int) -> Node:
        if self.take("("):
            node = self.disjunction(depth + 1)
            self.expect(")")
            return node
        literal = self.literal()
        if literal is not None:
            return literal
        token = self.next
        if token.kind == "name":
            self.place += 1
            return Column(token.text)
        if token.kind == "quoted":
            self.place += 1
            return Column(token.text[1:-1].replace("``", "`"))
        raise self.unexpected("put a column, a number, a quoted text or a parenthesis here")

    def literal(self) -> Node | None:
        token = self.next
        if word := self.take("true", "false"):
            return Constant(word.text == "true")
        if token.kind == "number":
            self.place += 1
            value = float(token.text)
            if not math.isfinite(value):
                raise self.error("a number too large", "write a smaller one", token.position)
            return Number(value)
        if token.kind == "text":
            self.place += 1
            return Words(re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL))
        return None

"""What a parsed expression is and how it is evaluated over a table in Kleene's three-valued logic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.expressions import cells

Sort = Literal["number", "text", "condition", "column"]
Truth = NDArray[np.float64]  # 1 true, 0 false, NaN cannot say


class ExpressionError(ValueError):
    """An expression that cannot be read, or a table that lacks one of its columns."""


class _Reader:
    """The columns of one table, each read once."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table
        self.rows = len(table)
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._texts: dict[str, NDArray[np.object_]] = {}

    def numbers(self, name: str) -> NDArray[np.float64]:
        if name not in self._numbers:
            self._numbers[name] = cells.numbers(self.table[name])
        return self._numbers[name]

    def texts(self, name: str) -> NDArray[np.object_]:
        if name not in self._texts:
            self._texts[name] = cells.texts(self.table[name])
        return self._texts[name]


class Node:
    """One piece of an expression; `sort` says what it stands for."""

    sort: Sort

    def _parts(self) -> tuple[Node, ...]:
        """The nodes directly below this one."""
        return ()

    def _number(self, reader: _Reader) -> NDArray[np.float64]:
        """Values as float64, NaN where missing."""
        raise TypeError(f"{type(self).__name__} has no numeric value")

    def _text(self, reader: _Reader) -> NDArray[np.object_]:
        """Values as text, None where missing."""
        raise TypeError(f"{type(self).__name__} has no text value")

    def _truth(self, reader: _Reader) -> Truth:
        """Truth as 1, 0, or NaN for "cannot say"."""
        raise TypeError(f"{type(self).__name__} has no truth value")

    def _missing(self, reader: _Reader) -> NDArray[np.bool_]:
        """Where there is no value."""
        if self.sort == "condition":
            return np.isnan(self._truth(reader))
        return np.isnan(self._number(reader))


@dataclass(frozen=True)
class Column(Node):
    """A column of the table, read as its neighbours in the expression ask."""

    name: str
    sort: Sort = "column"

    def _number(self, reader: _Reader) -> NDArray[np.float64]:
        return reader.numbers(self.name)

    def _text(self, reader: _Reader) -> NDArray[np.object_]:
        return reader.texts(self.name)

    def _truth(self, reader: _Reader) -> Truth:
        return cells.truths(reader.table[self.name])

    def _missing(self, reader: _Reader) -> NDArray[np.bool_]:
        return cells.missing(reader.table[self.name])


@dataclass(frozen=True)
class Number(Node):
    """A number written in the expression."""

    value: float
    sort: Sort = "number"

    def _number(self, reader: _Reader) -> NDArray[np.float64]:
        return np.full(reader.rows, self.value)


@dataclass(frozen=True)
class Words(Node):
    """A quoted text written in the expression."""

    value: str
    sort: Sort = "text"

    def _number(self, reader: _Reader) -> NDArray[np.float64]:
        return np.repeat(cells.numbers(pd.Series([self.value], dtype=object)), reader.rows)

    def _text(self, reader: _Reader) -> NDArray[np.object_]:
        return np.full(reader.rows, self.value.strip(), dtype=object)

    def _missing(self, reader: _Reader) -> NDArray[np.bool_]:
        return np.zeros(reader.rows, dtype=bool)


@dataclass(frozen=True)
class Constant(Node):
    """`true` or `false`."""

    value: bool
    sort: Sort = "condition"

    def _truth(self, reader: _Reader) -> Truth:
        return np.full(reader.rows, float(self.value))


@dataclass(frozen=True)
class Arithmetic(Node):
    """A chain of `+ -` or of `* /`, from the left; not finite (as after division by zero) means missing."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    sort: Sort = "number"

    def _parts(self) -> tuple[Node, ...]:
        return (self.first, *(node for _, node in self.rest))

    def _number(self, reader: _Reader) -> NDArray[np.float64]:
        total = self.first._number(reader)
        with np.errstate(all="ignore"):
            for sign, node in self.rest:
                total = _ARITHMETIC[sign](total, node._number(reader))
                total = np.where(np.isfinite(total), total, np.nan)
        return total


@dataclass(frozen=True)
class Negative(Node):
    """Minus a number."""

    of: Node
    sort: Sort = "number"

    def _parts(self) -> tuple[Node, ...]:
        return (self.of,)

    def _number(self, reader: _Reader) -> NDArray[np.float64]:
        return -self.of._number(reader)


@dataclass(frozen=True)
class Comparison(Node):
    """`left sign right`; cannot say where either side is missing or cannot be read as the other's sort."""

    left: Node
    sign: str
    right: Node
    sort: Sort = "condition"

    def _parts(self) -> tuple[Node, ...]:
        return (self.left, self.right)

    def _truth(self, reader: _Reader) -> Truth:
        sorts = {self.left.sort, self.right.sort}
        if "condition" in sorts:
            return _compare(self.sign, self.left._truth(reader), self.right._truth(reader))
        left, right = self.left._number(reader), self.right._number(reader)
        by_number = _compare(self.sign, left, right)
        if "number" in sorts or self.sign not in ("==", "!="):
            return by_number
        # Columns and quoted text: equal as numbers where both are numbers, else as text.
        words, others = self.left._text(reader), self.right._text(reader)
        equal = np.asarray(words == others, dtype=np.float64)
        equal = equal if self.sign == "==" else 1.0 - equal
        known = ~cells.absent(words) & ~cells.absent(others)
        return np.where(~np.isnan(by_number), by_number, np.where(known, equal, np.nan))


@dataclass(frozen=True)
class IsMissing(Node):
    """`x is missing` or `x is not missing`: the one question that always has an answer."""

    of: Node
    negated: bool
    sort: Sort = "condition"

    def _parts(self) -> tuple[Node, ...]:
        return (self.of,)

    def _truth(self, reader: _Reader) -> Truth:
        return np.asarray(self.of._missing(reader) != self.negated, dtype=np.float64)


@dataclass(frozen=True)
class Negation(Node):
    """`not x`."""

    of: Node
    sort: Sort = "condition"

    def _parts(self) -> tuple[Node, ...]:
        return (self.of,)

    def _truth(self, reader: _Reader) -> Truth:
        return 1.0 - self.of._truth(reader)


@dataclass(frozen=True)
class Junction(Node):
    """A chain of `and` or of `or`: with 0 < cannot say < 1 these are minimum and maximum."""

    word: Literal["and", "or"]
    members: tuple[Node, ...]
    sort: Sort = "condition"

    def _parts(self) -> tuple[Node, ...]:
        return self.members

    def _truth(self, reader: _Reader) -> Truth:
        choose = np.minimum if self.word == "and" else np.maximum
        ranked = (np.where(np.isnan(t), 0.5, t) for t in (node._truth(reader) for node in self.members))
        result: Truth = reduce(choose, ranked)
        return np.where(result == 0.5, np.nan, result)


_ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
_COMPARE = {
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal,
    ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


def _compare(sign: str, left: NDArray[np.float64], right: NDArray[np.float64]) -> Truth:
    answer = np.asarray(_COMPARE[sign](left, right), dtype=np.float64)
    return np.where(np.isnan(left) | np.isnan(right), np.nan, answer)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for part in node._parts():
        yield from _walk(part)


@dataclass(frozen=True)
class Expression:
    """A parsed expression: its text, the columns it reads, and what it says of each row of a table.

    Examples
    --------
    >>> from mtl.expressions import parse
    >>> rule = parse("nodes > 0 and er >= 10")
    >>> sorted(rule.columns)
    ['er', 'nodes']
    >>> rule.evaluate(pd.DataFrame({"nodes": [2, 0, 1], "er": [20, None, None]})).tolist()
    [True, False, <NA>]
    """

    text: str
    root: Node = field(repr=False)
    columns: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        names = frozenset(node.name for node in _walk(self.root) if isinstance(node, Column))
        object.__setattr__(self, "columns", names)

    @property
    def sort(self) -> Sort:
        """ "condition", "number", "text" (only quoted words) or "column" (only a column's name)."""
        return self.root.sort

    @property
    def column(self) -> str | None:
        """The column's name when the expression is nothing else."""
        return self.root.name if isinstance(self.root, Column) else None

    def evaluate(self, table: pd.DataFrame) -> pd.Series:
        """What the expression says of each row of `table`.

        Returns
        -------
        A series on the table's index: "boolean" for conditions, "Float64" for arithmetic, each with NA
        where the answer is not known. A bare column gives "boolean" or "Float64" by its type, else
        "string".

        Raises
        ------
        ExpressionError
            A column is absent from the table, or occurs twice.
        """
        self._require_columns(table)
        reader = _Reader(table)
        column = self.column
        if column is not None and not pd.api.types.is_numeric_dtype(table[column].dtype):
            return pd.Series(reader.texts(column), index=table.index, dtype="string")
        if (
            column is not None and pd.api.types.is_bool_dtype(table[column].dtype)
        ) or self.sort == "condition":
            truth = self.root._truth(reader)
            unknown = np.isnan(truth)
            answer = pd.arrays.BooleanArray(np.where(unknown, 0.0, truth).astype(bool), unknown)
            return pd.Series(answer, index=table.index)
        if self.sort == "text":
            return pd.Series(self.root._text(reader), index=table.index, dtype="string")
        values = self.root._number(reader)
        unknown = np.isnan(values)
        return pd.Series(pd.arrays.FloatingArray(np.where(unknown, 0.0, values), unknown), index=table.index)

    def _require_columns(self, table: pd.DataFrame) -> None:
        present = list(table.columns)
        absent = sorted(name for name in self.columns if name not in present)
        if absent:
            names = ", ".join(repr(name) for name in absent)
            raise ExpressionError(
                f"{self.text!r}: the table has no column {names}; add it or correct the name"
            )
        twice = sorted(name for name in self.columns if present.count(name) > 1)
        if twice:
            raise ExpressionError(
                f"{self.text!r}: the table has column {twice[0]!r} twice; rename one of them"
            )

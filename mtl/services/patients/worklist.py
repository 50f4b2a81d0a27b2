"""The worklist: which patients, in which order, a page at a time, by SQL over the stored numbers.

Headings of a table never become SQL: the stored columns have plain names, a query's columns are looked up, and every
value is a bound parameter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from mtl.data.encode import encode_column
from mtl.services.patients.global_view import that_matter
from mtl.store.cohorts import Cohort
from mtl.store.damage import whole
from mtl.store.scores import Scores, scores_of

MOST_ROWS = 1000
MOST_FILTERS = 50
LONGEST_SEARCH = 200
MEMORY = "512MB"
_OWN = ("case_key", "identifier", "known", "of", "in_training", "flags")
RECORDED = (
    "recorded:"  # before a feature's name that is also an output's (a task may have its feature's name)
)
_FILE = "read_parquet(?)"


# What a patient may be marked with, in the order in which it is shown. Conditions on stored columns; that of the last is
# made for the cohort, see `_flags`.
NOVEL, RANGE, UNSEEN, LACKING = "out_of_distribution", "out_of_range", "unseen", "missing_that_matters"
FLAGS = (NOVEL, RANGE, UNSEEN, LACKING)


class QueryError(ValueError):
    """A query that names what the cohort does not have; the message says what it has."""


@dataclass(frozen=True)
class Filter:
    """A condition on one column; what is given must hold together.

    Attributes
    ----------
    column : str
        A feature's name or an output column ("recurrence@5y"). A name that is both means the output, unless
        `values` are given; "recorded:NAME" always means the feature.
    low, high : float or None
        Inclusive limits; for an ordinal feature on its level's number. A missing value is outside.
    values : tuple of str or None
        Levels (as `Level.text`), or "true"/"false" for a boolean; any of them.
    missing : bool or None
        True: only patients without a value. False: only patients with one.
    """

    column: str
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] | None = None
    missing: bool | None = None


@dataclass(frozen=True)
class Query:
    """Which patients, in which order, which page of them.

    Attributes
    ----------
    search : str
        Part of an identifier, capitals ignored; over all rows.
    filters : tuple of Filter
    sort : str or None
        A feature's name, an output column (see `Filter.column`), the identifier's column, or "known" (completeness).
        None: as recorded. Missing values always come last.
    descending : bool
        Only where there is something to sort by.
    offset, limit : int
        The page. `limit` is at most 1000.
    flags : tuple of str
        Of :data:`FLAGS`: only patients marked with every one of them.
    """

    search: str = ""
    filters: tuple[Filter, ...] = ()
    sort: str | None = None
    descending: bool = True
    offset: int = 0
    limit: int = 50
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Worklist:
    """One page of a cohort.

    Attributes
    ----------
    rows : DataFrame
        "case_key", "identifier"; each feature as recorded (`recorded` says in which column); each of `outputs`, with
        ".low" and ".high" beside it where there is an interval; "known" (features with a value), "of" (features),
        "in_training" (bool: the numbers are out of fold) and "flags" (a tuple of :data:`FLAGS`).
    features : tuple of str
        Features whose column has their own name, in study order.
    recorded : dict
        Every feature -> its column: its name, or "recorded:NAME" where an output has that name.
    outputs : tuple of str
        Output columns, in study order of tasks.
    n_subset, n_total : int
        Patients that the query matches, and all.
    """

    rows: pd.DataFrame
    features: tuple[str, ...]
    recorded: dict[str, str]
    outputs: tuple[str, ...]
    n_subset: int
    n_total: int


@dataclass(frozen=True)
class Neighbours:
    """The cases before and after one in a query's order.

    `position` counts from 1; it is None, and so are both neighbours, where the query does not match the case.
    """

    previous: str | None
    next: str | None
    position: int | None
    n_subset: int


# Asking -------------------------------------------------------------------------------------------


def page(cohort: Cohort, query: Query) -> Worklist:
    """One page of a cohort."""
    plan = _Plan(cohort, query)
    limit, offset = _whole(query.limit, MOST_ROWS), _whole(query.offset, 2**40)
    # First the places, then their columns: sorting carries one number a row.
    sql = f"SELECT row FROM {_FILE} WHERE {plan.where} ORDER BY {plan.order} LIMIT {limit} OFFSET {offset}"
    places = [row[0] for row in _ask(sql, [plan.file, *plan.values])]
    recorded = _recorded(plan.features, plan.scores)
    own = tuple(name for name in plan.features if recorded[name] == name)
    return Worklist(_rows(cohort, plan.scores, places), own, recorded, plan.shown, plan.count(), cohort.n)


def _recorded(features: tuple[str, ...], scores: Scores) -> dict[str, str]:
    taken = {*scores.outputs, *_OWN}
    return {name: f"{RECORDED}{name}" if name in taken else name for name in features}


def columns_of(cohort: Cohort) -> tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]:
    """`features`, `recorded` and `outputs` of every worklist of a cohort."""
    plan = _Plan(cohort, Query())
    recorded = _recorded(plan.features, plan.scores)
    return tuple(name for name in plan.features if recorded[name] == name), recorded, plan.shown


def _rows(cohort: Cohort, scores: Scores, places: list[int]) -> pd.DataFrame:
    columns = {"case_key": "case_key", "identifier": "identifier"}
    features = tuple(feature.name for feature in cohort.study.features)
    columns |= {f"f{j}": column for j, column in enumerate(_recorded(features, scores).values())}
    columns |= {f"o{j}": name for j, name in enumerate(scores.outputs) if not name.endswith(".log_hazard")}
    marks = {f"{condition} AS mark{i}": flag for i, (flag, condition) in enumerate(_flags(cohort).items())}
    wanted = ", ".join(str(int(place)) for place in places) or "-1"
    sql = f"SELECT row, {', '.join([*columns, 'known', 'fold', *marks])} FROM {_FILE} WHERE row IN ({wanted})"
    with whole(scores.file), _cursor() as cursor:
        found: pd.DataFrame = cursor.execute(sql, [str(scores.file)]).df()
    found = found.set_index("row").loc[places].reset_index(drop=True)
    rows = found[list(columns)].set_axis(pd.Index(columns.values()), axis=1)
    lit = found[[f"mark{i}" for i in range(len(marks))]].to_numpy(dtype=bool)
    flags = [tuple(word for word, holds in zip(marks.values(), row, strict=True) if holds) for row in lit]
    rows["known"], rows["of"] = found["known"], len(cohort.study.features)
    rows["in_training"], rows["flags"] = found["fold"] >= 0, pd.Series(flags, index=rows.index, dtype=object)
    return rows


def _flags(cohort: Cohort) -> dict[str, str]:
    """Each flag's condition in SQL. Stored columns have plain names, so no heading of a table is in it."""
    names = [feature.name for feature in cohort.study.features]
    lacking = [f"x{names.index(feature.name)} IS NULL" for feature in that_matter(cohort)]
    return {
        NOVEL: "novel",
        RANGE: "(out_of_range > 0)",
        UNSEEN: "(unseen > 0)",
        LACKING: f"({' OR '.join(lacking) or 'false'})",
    }


def in_range(cohort: Cohort, output: str, low: float, high: float, rng: np.random.Generator) -> str | None:
    """Key of a random case whose number lies in [low, high]."""
    plan = _Plan(cohort, Query(filters=(Filter(output, low, high),)))
    n = plan.count()
    if not n:
        return None
    at = int(rng.integers(n))
    sql = f"SELECT case_key FROM {_FILE} WHERE {plan.where} ORDER BY row LIMIT 1 OFFSET {at}"
    return str(_ask(sql, [plan.file, *plan.values])[0][0])


def around(cohort: Cohort, query: Query, case_key: str) -> Neighbours:
    """The cases before and after one; each is the first on its side, so nothing is numbered."""
    plan = _Plan(cohort, query)
    n, place = plan.count(), cohort.place(case_key)
    nowhere = Neighbours(None, None, None, n)
    if place is None:
        return nowhere
    if plan.where == "true" and plan.by == "NULL":  # everybody, as recorded: the order is that of the rows
        keys = cohort.case_keys
        before, after = (keys[at].decode() if 0 <= at < n else None for at in (place - 1, place + 1))
        return Neighbours(before, after, place + 1, n)
    sql = f"SELECT {plan.by} FROM {_FILE} WHERE row = {int(place)} AND {plan.where}"
    found = _ask(sql, [plan.file, *plan.values])
    if not found:
        return nowhere
    before, after, values = plan.sides(found[0][0], int(place))

    def first(side: str, order: str) -> str | None:
        sql = f"SELECT case_key FROM {_FILE} WHERE {plan.where} AND {side} ORDER BY {order} LIMIT 1"
        rows = _ask(sql, [plan.file, *plan.values, *values])
        return str(rows[0][0]) if rows else None

    sql = f"SELECT count(*) FROM {_FILE} WHERE {plan.where} AND {before}"
    position = int(_ask(sql, [plan.file, *plan.values, *values])[0][0]) + 1
    return Neighbours(first(before, plan.backwards), first(after, plan.order), position, n)


# From a query to SQL ------------------------------------------------------------------------------


class _Plan:
    """The conditions and the order of a query, with the values to bind."""

    def __init__(self, cohort: Cohort, query: Query) -> None:
        self.cohort, self.scores = cohort, scores_of(cohort)
        self.file = str(self.scores.file)
        self.features = tuple(feature.name for feature in cohort.study.features)
        hidden = (".log_hazard", ".low", ".high")
        self.shown = tuple(name for name in self.scores.outputs if not name.endswith(hidden))
        self._encoded = {name: f"x{j}" for j, name in enumerate(self.features)}
        self._columns = {
            f"{RECORDED}{name}": column for name, column in self._encoded.items()
        } | self._encoded
        self._columns |= {name: f"o{j}" for j, name in enumerate(self.scores.outputs)}
        self.values: list[Any] = []
        if len(query.filters) > MOST_FILTERS or len(query.search) > LONGEST_SEARCH:
            raise QueryError(f"at most {MOST_FILTERS} filters and {LONGEST_SEARCH} characters to search for")
        self.where = " AND ".join(
            [
                "true",
                *self._search(query.search),
                *self._marked(query.flags),
                *(c for f in query.filters for c in self._filter(f)),
            ]
        )
        self.by = "NULL" if query.sort is None else self._sortable(query.sort)
        self._falls = query.descending
        way, back = ("DESC", "ASC") if query.descending else ("ASC", "DESC")
        self.order = "row" if query.sort is None else f"{self.by} {way} NULLS LAST, row"
        self.backwards = "row DESC" if query.sort is None else f"{self.by} {back} NULLS FIRST, row DESC"

    def count(self) -> int:
        """Patients that match."""
        if self.where == "true":
            return self.cohort.n
        return int(_ask(f"SELECT count(*) FROM {_FILE} WHERE {self.where}", [self.file, *self.values])[0][0])

    def sides(self, value: float | None, place: int) -> tuple[str, str, list[Any]]:
        """Conditions for the rows before and after one in the order, with the values that both bind."""
        if self.by == "NULL":
            return f"row < {place}", f"row > {place}", []
        if value is None:
            return (
                f"({self.by} IS NOT NULL OR row < {place})",
                f"({self.by} IS NULL AND row > {place})",
                [],
            )
        first, last = (">", "<") if self._falls else ("<", ">")
        return (
            f"({self.by} {first} ? OR ({self.by} = ? AND row < {place}))",
            f"({self.by} {last} ? OR ({self.by} = ? AND row > {place}) OR {self.by} IS NULL)",
            [value, value],
        )

    def _search(self, text: str) -> list[str]:
        if not text.strip():
            return []
        self.values.append(text.strip().casefold())
        return ["contains(search, ?)"]

    def _marked(self, flags: tuple[str, ...]) -> list[str]:
        if not flags:
            return []
        known = _flags(self.cohort)
        for flag in flags:
            if flag not in known:
                raise QueryError(f"there is no flag {str(flag)[:80]!r}; there are {', '.join(known)}")
        return [known[flag] for flag in dict.fromkeys(flags)]

    def _column(self, name: str) -> str:
        if name not in self._columns:
            known = ", ".join([*self.features, *self.shown])
            raise QueryError(f"the cohort has no column {name[:80]!r}; it has {known}")
        return self._columns[name]

    def _sortable(self, name: str) -> str:
        if name == "known" and name not in self._columns:
            return "known"
        return "id_rank" if name == self.cohort.study.identifier else self._column(name)

    def _filter(self, wanted: Filter) -> list[str]:
        column, conditions = self._column(wanted.column), []
        for limit, sign in ((wanted.low, ">="), (wanted.high, "<=")):
            if limit is not None:
                self.values.append(_number(wanted.column, limit))
                conditions.append(f"{column} {sign} ?")
        if wanted.values is not None:
            conditions.append(self._any_of(wanted.column, wanted.values))
        if wanted.missing is not None:
            conditions.append(f"{column} IS {'' if wanted.missing else 'NOT '}NULL")
        return conditions

    def _any_of(self, name: str, values: tuple[str, ...]) -> str:
        plain = name if name in self._encoded else name.removeprefix(RECORDED)
        if plain not in self._encoded:
            raise QueryError(f"column {name!r}: a number has no levels; give limits instead")
        feature = self.cohort.study.feature(plain)
        encoded, _ = encode_column(feature, pd.Series(list(values)[:1000], dtype=object))
        known = [float(value) for value in encoded if not math.isnan(value)]
        self.values += known
        return f"{self._encoded[plain]} IN ({', '.join('?' * len(known))})" if known else "false"


def _number(column: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or math.isnan(value):
        raise QueryError(f"column {column!r}: a limit has to be a number")
    return float(value)


def _whole(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise QueryError("a page begins at 0 or later and has 0 rows or more")
    return min(int(value), most)


# The engine ---------------------------------------------------------------------------------------

_opening = Lock()


@lru_cache(maxsize=1)
def _engine() -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 2,
        "memory_limit": MEMORY,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    made = duckdb.connect(":memory:", config=settings)
    made.execute("SET GLOBAL parquet_metadata_cache = true")
    return made


def _cursor() -> duckdb.DuckDBPyConnection:
    with _opening:
        return _engine().cursor()


def _ask(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """Rows of the file that `values` begins with."""
    with whole(Path(str(values[0]))), _cursor() as cursor:
        return cursor.execute(sql, values).fetchall()

"""What a column is, judged by its cells and its name: numbers, an order, categories, yes or no, a date, text, nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.expressions import cells
from mtl.tables.infer_names import Meaning, meaning
from mtl.tables.infer_scales import scale_of

Form = Literal["numeric", "ordinal", "categorical", "boolean", "date", "text", "constant", "empty"]

MANY_ROWS, SOME_ROWS, MANY_VALUES = (
    200_000,
    50_000,
    1_000,
)  # when a column is long, and how much is then looked at
MOST_LEVELS = 30  # categories beyond which a column of words is a text
LONGEST_LEVEL = 200  # signs: as long as a name in a study may be
FEW_NUMBERS = 6  # distinct whole numbers up to which 0, 1, 2, ... or 1, 2, 3, ... are the steps of a scale
MOST_UNKNOWN_DATES = 0.05

_DATE = re.compile(
    r"^(\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{1,2}-[A-Za-z]{3}-\d{2,4})"
    r"([ T]\d{1,2}:\d{2}.*)?$"
)


@dataclass(frozen=True)
class Column:
    """A column of a table, as far as its cells say.

    `levels` are the distinct values of a column that has few, with their counts, ordered where there is an order.
    `numbers` (n,) float, NaN where unknown, of numeric, ordinal, boolean and date columns (days); `codes` (n,) the place
    among `levels`, -1 where unknown. `unique` is the share of distinct among known cells. `why` says what decided.
    """

    name: str
    form: Form
    why: str
    rows: int
    known: int
    distinct: int
    levels: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    whole: bool = False
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), repr=False, compare=False)
    codes: NDArray[np.intp] = field(
        default_factory=lambda: np.empty(0, dtype=np.intp), repr=False, compare=False
    )
    words: bool = False

    @property
    def says(self) -> Meaning:
        """What the name says."""
        return meaning(self.name)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which cells are unknown, (n,)."""
        return self.codes < 0

    @property
    def unique(self) -> float:
        """Distinct cells over known cells."""
        return self.distinct / self.known if self.known else 0.0

    @property
    def two(self) -> bool:
        """Whether exactly two values occur."""
        return self.distinct == 2 and self.form not in ("date", "text")


def column_of(name: str, cells_of: pd.Series) -> Column:
    """What a column is.

    Parameters
    ----------
    name
        The column's name; it decides only where cells allow several readings.
    cells_of
        Its cells (n,): numbers, booleans, text or dates.

    Examples
    --------
    >>> column_of("grade", pd.Series([1, 2, 3, 2, 1])).form, column_of("nodes", pd.Series([0, 1, 12, 3])).form
    ('ordinal', 'numeric')
    >>> column_of("age group", pd.Series([">=60", "<40", "40-59"])).levels
    ('<40', '40-59', '>=60')
    """
    if isinstance(cells_of.dtype, pd.CategoricalDtype):
        cells_of = cells_of.astype(object)
    if pd.api.types.is_datetime64_any_dtype(cells_of.dtype):
        return _dates(name, cells_of)
    if pd.api.types.is_bool_dtype(cells_of.dtype) or pd.api.types.is_numeric_dtype(cells_of.dtype):
        return _numbers(name, cells_of)
    words = cells.texts(cells_of)
    codes, found = pd.factorize(words)
    uniques = [str(word) for word in found]
    if uniques and all(word in ("true", "false") for word in uniques):
        return _numbers(
            name,
            pd.Series(
                np.where(
                    codes < 0, np.nan, np.array([*[w == "true" for w in uniques], False], dtype=float)[codes]
                )
            ),
        )
    if len(uniques) > 2 and _all_numbers(uniques[:500]) and _all_numbers(uniques):
        return _numbers(name, pd.Series(cells.numbers(cells_of)))
    return _words(name, codes.astype(np.intp), uniques)


def _all_numbers(uniques: list[str]) -> bool:
    values = cells.numbers(pd.Series(uniques, dtype=object))
    return bool(np.isfinite(values).all())


def _numbers(name: str, cells_of: pd.Series) -> Column:
    values = cells.numbers(cells_of)
    known = np.isfinite(values)
    if len(values) > MANY_ROWS:
        some = values[known][:: max(1, int(known.sum()) // SOME_ROWS)]
        if len(np.unique(some)) > MANY_VALUES:
            return _many_numbers(name, values, known, some)
    codes, found = pd.factorize(np.where(known, values, np.nan))
    order = np.argsort(found, kind="stable")
    place = np.empty(len(found) + 1, dtype=np.intp)
    place[order], place[-1] = np.arange(len(found)), -1
    codes, distinct = place[codes], np.asarray(found)[order]
    n = int(known.sum())
    whole = bool((distinct == np.round(distinct)).all())
    levels: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    if len(distinct) <= MOST_LEVELS:
        levels = tuple(cells.cell_text(float(value)) or "" for value in distinct)
        counts = tuple(np.bincount(codes[known], minlength=len(distinct)).tolist())
    form, why = _form_of_numbers(name, distinct, whole, n)
    return Column(name, form, why, len(values), n, len(distinct), levels, counts, whole, values, codes)


def _many_numbers(
    name: str, values: NDArray[np.float64], known: NDArray[np.bool_], some: NDArray[np.float64]
) -> Column:
    """A long column of clearly more values than a scale has: counted exactly only where they are whole."""
    whole = bool((values[known] == np.round(values[known])).all())
    distinct = len(pd.unique(values[known])) if whole else len(np.unique(some))
    codes = np.where(known, 0, -1).astype(np.intp)
    return Column(
        name,
        "numeric",
        "numbers",
        len(values),
        int(known.sum()),
        distinct,
        whole=whole,
        numbers=values,
        codes=codes,
    )


def _form_of_numbers(name: str, distinct: NDArray[np.float64], whole: bool, known: int) -> tuple[Form, str]:
    says = meaning(name)
    if not len(distinct):
        return "empty", "no cell holds a value"
    if len(distinct) == 1:
        return "constant", "every known cell holds the same value"
    if len(distinct) == 2:
        if distinct.tolist() == [0.0, 1.0]:
            return "boolean", "only 0 and 1"
        if "finding" in says:
            return "ordinal", "the steps of a scale by the column's name"
        return ("categorical", "two numbers that are codes") if whole else ("numeric", "numbers")
    step = bool(
        len(distinct) <= 12 and whole and np.ptp(distinct) == len(distinct) - 1 and distinct[0] in (0, 1)
    )
    if "calendar" in says or ("count" in says and "finding" not in says):
        return "numeric", "a count or a year by its name"
    if "nominal" in says and "finding" not in says and whole and len(distinct) <= 12:
        return "categorical", "whole numbers that are codes by the column's name"
    if "finding" in says and len(distinct) <= 12 and "laboratory" not in says:
        return "ordinal", "the steps of a scale by the column's name"
    few = len(distinct) <= FEW_NUMBERS and known >= 4 * len(distinct)
    halves = bool(few and (2 * distinct == np.round(2 * distinct)).all() and np.ptp(distinct) <= 3)
    if ((step and few) or halves) and "laboratory" not in says:
        return "ordinal", "few values in even steps from 0 or 1"
    return "numeric", "numbers"


def _words(name: str, codes: NDArray[np.intp], uniques: list[str]) -> Column:
    n = int((codes >= 0).sum())
    rows, distinct = len(codes), len(uniques)
    if distinct == 0:
        return Column(name, "empty", "no cell holds a value", rows, 0, 0, codes=codes, words=True)
    if distinct == 1:
        return Column(
            name,
            "constant",
            "every known cell holds the same value",
            rows,
            n,
            1,
            (uniques[0],),
            (n,),
            codes=codes,
            words=True,
        )
    some = uniques[:: max(1, distinct // 500)]
    if sum(bool(_DATE.match(word)) for word in some) >= (1 - MOST_UNKNOWN_DATES) * len(some):
        return _dates(name, pd.Series(np.array([*uniques, None], dtype=object)[codes]), codes)
    if distinct > MOST_LEVELS:
        why = f"{distinct} different words"
        return Column(name, "text", why, rows, n, distinct, codes=codes, words=True)
    if max(map(len, uniques)) > LONGEST_LEVEL:
        why = f"a text of more than {LONGEST_LEVEL} signs"
        return Column(name, "text", why, rows, n, distinct, codes=codes, words=True)
    truths = cells.truths(pd.Series(uniques, dtype=object))
    if distinct == 2 and np.isfinite(truths).all() and len(set(truths)) == 2:
        values = np.append(truths, np.nan)[codes]
        return _ordered(name, "boolean", "yes or no", codes, uniques, truths.tolist(), values)
    # the more of one value there is, the more often a category is seen; words all different are a text
    if distinct > 12 and n < 3 * distinct:
        return Column(
            name,
            "text",
            f"{distinct} different words in {n} cells",
            rows,
            n,
            distinct,
            codes=codes,
            words=True,
        )
    scale = scale_of(uniques)
    says = meaning(name)
    if (
        scale is not None
        and (distinct > 2 or "finding" in says)
        and not (
            {"race", "ethnicity", "sex", "gender", "site"} & set(says.words)
        )  # 1_white, 2_black: codes, no order
    ):
        return _ordered(name, "ordinal", "words of a known scale", codes, uniques, scale)
    counts = np.bincount(codes[codes >= 0], minlength=distinct)
    return _ordered(name, "categorical", "a few words", codes, uniques, (-counts).tolist())


def _ordered(
    name: str, form: Form, why: str, codes: NDArray[np.intp], uniques: list[str], by: list[float] | list[int],
    values: NDArray[np.float64] | None = None,
) -> Column:  # fmt: skip
    order = sorted(range(len(uniques)), key=lambda place: (by[place], uniques[place]))
    place = np.empty(len(uniques) + 1, dtype=np.intp)
    place[order], place[-1] = np.arange(len(uniques)), -1
    codes = place[codes]
    counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
    if values is None:
        values = np.where(codes < 0, np.nan, codes.astype(float)) if form == "ordinal" else np.empty(0)
    levels = tuple(uniques[i] for i in order)
    return Column(
        name, form, why, len(codes), int((codes >= 0).sum()), len(uniques), levels, tuple(counts.tolist()),
        numbers=values, codes=codes, words=True,
    )  # fmt: skip


def _dates(name: str, cells_of: pd.Series, codes: NDArray[np.intp] | None = None) -> Column:
    if not pd.api.types.is_datetime64_any_dtype(cells_of.dtype):
        text = cells_of.astype("string").str.replace(r"[年月]", "-", regex=True).str.replace("日", "")
        uniques = pd.Series(text.dropna().unique())
        read = dict(zip(uniques, _read_dates(uniques), strict=True))
        cells_of = pd.Series(pd.to_datetime(text.map(read)))
    days = cells_of.to_numpy(dtype="datetime64[s]").astype("int64").astype(float) / 86400
    known = cells_of.notna().to_numpy()
    if codes is None:
        codes, _found = pd.factorize(cells_of)
    distinct = int(codes.max()) + 1 if len(codes) else 0
    form: Form = "empty" if distinct == 0 else "date"
    return Column(
        name, form, "dates", len(codes), int(known.sum()), distinct, 
        numbers=np.where(known, days, np.nan), codes=np.asarray(codes, dtype=np.intp),
    )  # fmt: skip


def _read_dates(words: pd.Series) -> list[pd.Timestamp]:
    """Dates of words; the day comes first where that is the only reading that works for all."""
    year_first = words.str.match(r"^\d{4}").all()
    read = pd.to_datetime(words, errors="coerce", format="mixed", dayfirst=not year_first)
    return list(read)

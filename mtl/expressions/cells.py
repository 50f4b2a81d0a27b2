"""How a column of cells is read as numbers, as truth values or as text; what cannot be read is missing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WORDS = {"true": 1.0, "false": 0.0}
_TRUE_WORDS = frozenset({"true", "yes", "y", "t", "是", "有"})
_FALSE_WORDS = frozenset({"false", "no", "n", "f", "否", "无"})


def missing(column: pd.Series) -> NDArray[np.bool_]:
    """Which cells hold nothing: None, NaN, NA, NaT or text that is only white space.

    Examples
    --------
    >>> missing(pd.Series([1, None, " ", "x"])).tolist()
    [False, True, True, False]
    """
    if _is_plain(column):
        return np.asarray(column.isna(), dtype=bool)
    return absent(texts(column))


def absent(words: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which of the texts of `texts` are None."""
    return np.asarray(pd.isna(words), dtype=bool)


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """Cells as float64; NaN where a cell is missing, not a number, or not finite.

    Examples
    --------
    >>> numbers(pd.Series(["3", " 4.5 ", "high", None, True])).tolist()
    [3.0, 4.5, nan, nan, 1.0]
    """
    if _is_plain(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isfinite(values), values, np.nan)
    return _through_uniques(column, _numbers_of_objects)


def truths(column: pd.Series) -> NDArray[np.float64]:
    """Cells as 1.0 or 0.0: booleans, 1 and 0, and the words true/false, yes/no, 是/否; else NaN.

    Examples
    --------
    >>> truths(pd.Series([True, 0, "Yes", "no", 2, None])).tolist()
    [1.0, 0.0, 1.0, 0.0, nan, nan]
    """
    if _is_plain(column):
        values = numbers(column)
        return np.where((values == 0) | (values == 1), values, np.nan)
    return _through_uniques(column, _truths_of_objects)


def texts(column: pd.Series) -> NDArray[np.object_]:
    """Cells as stripped text, None where missing; whole numbers are written without a decimal point.

    Examples
    --------
    >>> texts(pd.Series([" a ", 3.0, 0.5, None, ""])).tolist()
    ['a', '3', '0.5', None, None]
    """
    codes, uniques = _factorize(column)
    return np.array([cell_text(cell) for cell in uniques] + [None], dtype=object)[codes]


def levels(column: pd.Series, keys: dict[str, int]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The index of each cell among levels, NaN elsewhere; and which of the latter held something.

    `keys` maps the text of a level to its index. A cell equals a level when the texts are equal or when
    both are the same number ("1.0" and 1).
    """
    codes, uniques = _factorize(column)
    words = [cell_text(cell) for cell in uniques]
    place = dict(zip(_canonical(list(keys)), keys.values(), strict=True)) | keys
    unmatched = [word for word in words if word is not None and word not in place]
    place |= {
        word: place[number]
        for word, number in zip(unmatched, _canonical(unmatched), strict=True)
        if number in place
    }
    found = np.array([math.nan if word is None else place.get(word, math.nan) for word in words] + [math.nan])
    filled = np.array([word is not None for word in words] + [False], dtype=bool)
    index = found[codes]
    return index, filled[codes] & np.isnan(index)


def _canonical(words: list[str]) -> list[str]:
    """Texts that are numbers in one way of writing: "1" for "1.0" and "01"."""
    values = _numbers_of_objects(list(words))
    return [cell_text(value) or word for word, value in zip(words, values, strict=True)]


def cell_text(cell: Any) -> str | None:
    """One cell as stripped text; None when it holds nothing.

    Examples
    --------
    >>> cell_text(2.0), cell_text(" <=20 "), cell_text(True)
    ('2', '<=20', 'true')
    """
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (float, np.floating)):
        number = float(cell)
        if math.isnan(number):
            return None
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, Decimal) and cell.is_nan()):
        return None
    try:
        return str(cell).strip() or None
    except (ValueError, RecursionError):  # an integer of thousands of digits, a list that contains itself
        return "unreadable"


def _is_plain(column: pd.Series) -> bool:
    """Numbers or booleans throughout, so that no cell needs to be looked at."""
    dtype = column.dtype
    return (pd.api.types.is_bool_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype)) or (
        pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)
    )


def _factorize(column: pd.Series) -> tuple[NDArray[np.intp], list[Any]]:
    """Codes into distinct cells, so that each is read once; -1 (the last place of a table) where missing."""
    if _is_plain(column):
        codes, numeric = pd.factorize(column)
        return codes, list(numeric)
    values = column.to_numpy(dtype=object)
    kinds = set(map(type, values))
    if bool in kinds or np.bool_ in kinds:  # True and 1 hash alike, yet read differently as text
        truth = [isinstance(cell, (bool, np.bool_)) for cell in values]
        values = values.copy()
        values[truth] = [cell_text(cell) for cell in values[truth]]
    try:
        codes, uniques = pd.factorize(values)
    except (TypeError, ValueError, InvalidOperation):  # cells that cannot be hashed, such as lists
        words = np.empty(len(values), dtype=object)
        words[:] = [cell_text(cell) for cell in values]
        codes, uniques = pd.factorize(words)
    return codes, list(uniques)


def _through_uniques(
    column: pd.Series, read: Callable[[list[Any]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    if not isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.kind in "mMc":
        return np.full(len(column), np.nan)
    codes, uniques = _factorize(column)
    return np.append(read(uniques), np.nan)[codes]


def _numbers_of_objects(cells: list[Any]) -> NDArray[np.float64]:
    values = np.array([_one_number(cell) for cell in cells], dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _one_number(cell: Any) -> float:
    # float() rounds correctly, which pandas' own reader does not: a threshold may lie between the two
    if isinstance(cell, str):
        word = cell.strip()
        if _NUMBER.fullmatch(word):
            return float(word)
        return _WORDS.get(word, math.nan)
    if not isinstance(cell, (int, float, np.number, Decimal)) or isinstance(
        cell, complex | np.complexfloating
    ):
        return math.nan
    try:
        return float(cell)
    except (OverflowError, ValueError):  # an integer beyond float, a signalling Decimal
        return math.nan


def _truths_of_objects(cells: list[Any]) -> NDArray[np.float64]:
    values = _numbers_of_objects(cells)
    values = np.where((values == 0) | (values == 1), values, np.nan)
    for place, cell in enumerate(cells):
        if isinstance(cell, str):
            word = cell.strip().lower()
            if word in _TRUE_WORDS:
                values[place] = 1.0
            elif word in _FALSE_WORDS:
                values[place] = 0.0
    return values

"""How a cell's text is read as a number: its decimal mark, its sign of a limit, its unit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from mtl.tables.dates import looks_like_date
from mtl.tables.units import unit_named
from mtl.tables.words import plain

Mark = Literal[".", ","]

_LIMIT = re.compile(r"(?P<sign><=|>=|=<|=>|<|>|≤|≥|≦|≧|＜|＞)\s*(?P<rest>.+)")
_SIGNS = {"=<": "<=", "≤": "<=", "≦": "<=", "=>": ">=", "≥": ">=", "≧": ">=", "＜": "<", "＞": ">"}
_NUMBER_THEN_UNIT = re.compile(
    r"(?P<number>[+-]?[\d.][\d.,'’ ]*?(?:[eE][+-]?\d+)?)\s*(?P<unit>[^\d\s.,'’+-].*|10[⁹^*].*)?"
)
_POINT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_GROUPS_OF_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
_GROUPS_OF_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?")
_GROUPS_APART = re.compile(r"[+-]?[1-9]\d{0,2}(?:[ '’]\d{3})+(?:[.,]\d*)?")
_MINUS = str.maketrans("−–", "--")


@dataclass(frozen=True)
class Reading:
    """A text read as a number.

    Attributes
    ----------
    point, comma : float or None
        The value if the decimal mark is a point, or a comma; None where the text is no number then.
    sign : str
        "<", "<=", ">" or ">=" for a limit, else "".
    unit : str or None
        The unit beside the number.
    grouped : bool
        Whether thousands are set apart under one of the readings.
    """

    point: float | None
    comma: float | None
    sign: str = ""
    unit: str | None = None
    grouped: bool = False

    @property
    def ambiguous(self) -> bool:
        """Whether the two decimal marks give two numbers."""
        return self.point is not None and self.comma is not None and self.point != self.comma

    def value(self, mark: Mark) -> float | None:
        """The number, where the mark matters under that mark."""
        if self.ambiguous:
            return self.point if mark == "." else self.comma
        return self.comma if self.point is None else self.point


def read_number(text: str) -> Reading | None:
    """A text (see :func:`mtl.tables.words.plain`) as a number; None where it is none under any reading.

    Examples
    --------
    >>> read_number("1,5").value("."), read_number("1.234,5").value(".")
    (1.5, 1234.5)
    >>> read_number("1,234").ambiguous, read_number("1,234").value("."), read_number("1,234").value(",")
    (True, 1234.0, 1.234)
    >>> read_number("<0.1 ng/mL"), read_number("20-50")
    (Reading(point=0.1, comma=None, sign='<', unit='ng/mL', grouped=False), None)
    """
    text = text.translate(_MINUS)
    limit = _LIMIT.fullmatch(text)
    sign = ""
    if limit:
        sign, text = _SIGNS.get(limit["sign"], limit["sign"]), limit["rest"]
    parts = _NUMBER_THEN_UNIT.fullmatch(text)
    if parts is None or not parts["number"]:
        return None
    unit = None
    if parts["unit"]:
        unit = unit_named(parts["unit"])
        if unit is None:
            return None
    digits = parts["number"].strip()
    point, comma = _under_point(digits), _under_comma(digits)
    if point is None and comma is None:
        return None
    return Reading(point, comma, sign, unit, _is_grouped(digits))


def _is_grouped(digits: str) -> bool:
    return any(p.fullmatch(digits) for p in (_GROUPS_OF_COMMA, _GROUPS_OF_POINT, _GROUPS_APART))


def _under_point(digits: str) -> float | None:
    if _POINT.fullmatch(digits):
        return _finite(digits)
    if _GROUPS_OF_COMMA.fullmatch(digits):
        return _finite(digits.replace(",", ""))
    if _GROUPS_APART.fullmatch(digits) and "," not in digits:
        return _finite(re.sub("[ '’]", "", digits))
    return None


def _under_comma(digits: str) -> float | None:
    if _COMMA.fullmatch(digits):
        return _finite(digits.replace(",", "."))
    if _GROUPS_OF_POINT.fullmatch(digits):
        return _finite(digits.replace(".", "").replace(",", "."))
    if _GROUPS_APART.fullmatch(digits) and "." not in digits:
        return _finite(re.sub("[ '’]", "", digits).replace(",", "."))
    if _POINT.fullmatch(digits) and "." not in digits:
        return _finite(digits)
    return None


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def looks_like_value(text: str) -> bool:
    """Whether a cell is a number, with or without unit or sign, or a date: what no heading is.

    Examples
    --------
    >>> [looks_like_value(text) for text in ("12", "<0,1", "3.4 cm", "45%", "2020-01-31", "age", "", "CA19-9")]
    [True, True, True, True, True, False, False, False]
    """
    short = plain(text)
    if not short or len(short) > 40:
        return False
    return read_number(short) is not None or looks_like_date(short)

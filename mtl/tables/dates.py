"""How a cell's text is read as a day or a moment; a day that could be two is never guessed."""

from __future__ import annotations

import datetime
import re
from typing import Literal

Order = Literal["day_first", "month_first"]
ORDERS: tuple[Order, ...] = ("day_first", "month_first")

_SECOND = r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
_CLOCK = rf"(?:[T ]+(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}}){_SECOND})?"
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _CLOCK
)
_CHINESE = re.compile(r"(?P<year>\d{4}) ?年 ?(?P<month>\d{1,2}) ?月 ?(?P<day>\d{1,2}) ?[日号]" + _CLOCK)
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4})" + _CLOCK)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(
    r"(?:(?P<day>\d{1,2})[-. ]+)?(?P<month>[A-Za-z]{3,9})\.?[-, ]+"
    r"(?:(?P<day_after>\d{1,2})(?:st|nd|rd|th)?,? +)?(?P<year>\d{4})"
)
_ISO_PLAIN = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?")


def looks_like_date(text: str) -> bool:
    """Whether a text is a date in any of the ways we read.

    Examples
    --------
    >>> [looks_like_date(text) for text in ("2020-01-31", "31/1/2020", "1.13.2020", "2020年1月31日", "12 Mar 2020")]
    [True, True, True, True, True]
    >>> looks_like_date("2020"), looks_like_date("32/13/2020")
    (False, False)
    """
    return read_date(text, "day_first") is not None or read_date(text, "month_first") is not None


def is_iso(text: str) -> bool:
    """Whether a date is written as the international standard has it, so that reading it changes nothing."""
    return _ISO_PLAIN.fullmatch(text) is not None


def possible_orders(text: str) -> frozenset[Order] | None:
    """Under which orders a text is a date; both orders also where they agree; None where it is no date at all.

    Examples
    --------
    >>> sorted(possible_orders("03/04/2020")), sorted(possible_orders("13/04/2020")), possible_orders("n/a")
    (['day_first', 'month_first'], ['day_first'], None)
    """
    found = frozenset(order for order in ORDERS if read_date(text, order) is not None)
    return found or None


def depends_on_order(text: str) -> bool:
    """Whether the two orders give two days."""
    one, two = read_date(text, "day_first"), read_date(text, "month_first")
    return one is not None and two is not None and one != two


def read_date(text: str, order: Order) -> datetime.datetime | None:
    """A text as a moment without time zone; None where it is no date that there is.

    Year first (with -, / or .), 年月日, or a named month are read in one way; two numbers before a year in the
    order given. A time zone is dropped: the clock stays as written.

    Examples
    --------
    >>> read_date("03/04/2020", "day_first").date().isoformat(), read_date("2020-02-30", "day_first")
    ('2020-04-03', None)
    """
    if not 8 <= len(text) <= 40:
        return None
    found = _YEAR_FIRST.fullmatch(text) or _CHINESE.fullmatch(text)
    if found:
        return _moment(found["year"], found["month"], found["day"], found)
    found = _YEAR_LAST.fullmatch(text)
    if found:
        day, month = (found["one"], found["two"]) if order == "day_first" else (found["two"], found["one"])
        return _moment(found["year"], month, day, found)
    found = _NAMED.fullmatch(text)
    if found and bool(found["day"]) != bool(found["day_after"]):
        name = found["month"].lower()[:3]
        if name in _MONTHS:
            return _moment(
                found["year"], str(_MONTHS.index(name) + 1), found["day"] or found["day_after"], None
            )
    return None


def _moment(year: str, month: str, day: str, clock: re.Match[str] | None) -> datetime.datetime | None:
    hour, minute, second = (int(clock[name] or 0) if clock else 0 for name in ("hour", "minute", "second"))
    fraction = int(((clock["fraction"] or "") + "000000")[:6]) if clock else 0
    try:
        return datetime.datetime(int(year), int(month), int(day), hour, minute, second, fraction)
    except ValueError:  # the 31st of February
        return None

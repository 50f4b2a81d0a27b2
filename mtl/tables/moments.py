"""A column of dates: which order of day and month it shows, and the days that mean "no value"."""

from __future__ import annotations

import numpy as np

from mtl.tables.dates import ORDERS, Order, depends_on_order, is_iso, possible_orders, read_date
from mtl.tables.questions import Answers, Question
from mtl.tables.raw import RawColumn
from mtl.tables.texts import Outcome, Texts
from mtl.tables.words import plain

_LEAST_SHARE, _LEAST_DISTINCT = 0.95, 10
# The first days of spreadsheets and of Unix, and the last of databases.
_SUSPECTS = (
    "1899-12-30",
    "1899-12-31",
    "1900-01-01",
    "1970-01-01",
    "1111-11-11",
    "9999-12-31",
    "2099-12-31",
    "2999-12-31",
)


def read(found: Texts, column: RawColumn, answers: Answers, sure: bool = False) -> Outcome | None:
    """The column as dates; None where it is none. `sure`: a person said that it is, so other words become missing.

    Where day and month could be exchanged, and no day above 12 tells, it stays text and is asked.
    """
    values = np.flatnonzero(found.is_value)
    total = found.n_values
    dates: list[int] = []
    unread: list[int] = []
    lost = 0
    for place in values:
        if not found.simple[place] and possible_orders(plain(found.words[place])):
            dates.append(int(place))
            continue
        unread.append(int(place))
        lost += int(found.counts[place])
        if not sure and lost > (1 - _LEAST_SHARE) * total:
            return None
    if not dates or (unread and not sure and len(dates) < _LEAST_DISTINCT):
        return None
    order = answers.dates.get(column.name) or _shown_order(found, dates)
    if order is None:
        unsure = [place for place in dates if depends_on_order(plain(found.words[place]))]
        examples = tuple(found.words[place] for place in unsure[:3])
        question = Question(column.name, "date_order", ORDERS, int(found.counts[unsure].sum()), examples)
        return Outcome.text(found, (question,), pending=True)
    return _fill(found, column, answers, "day_first" if order == "day_first" else "month_first", unread)


def _shown_order(found: Texts, dates: list[int]) -> Order | None:
    """The order that the days above 12 show; any where it does not matter, None where it does and nothing tells."""
    possible = [possible_orders(plain(found.words[place])) or frozenset() for place in dates]
    shown = {order for orders in possible if len(orders) == 1 for order in orders}
    if len(shown) == 1:
        return next(iter(shown))
    if shown or any(depends_on_order(plain(found.words[place])) for place in dates):
        return None
    return "day_first"


def _fill(found: Texts, column: RawColumn, answers: Answers, order: Order, unread: list[int]) -> Outcome:
    outcome = Outcome.start(found, "date")
    none = set(unread)
    for place in np.flatnonzero(found.is_value):
        word = found.words[place]
        usual = plain(word)
        moment = None if int(place) in none else read_date(usual, order)
        if moment is None:
            outcome.become(int(place), "", "unreadable")
            continue
        outcome.moments[place] = np.datetime64(moment, "us")
        day_only = not (moment.hour or moment.minute or moment.second or moment.microsecond)
        written = moment.date().isoformat() if day_only else moment.isoformat(sep=" ")
        rule: str = order if _is_year_last(usual) else "date"
        if is_iso(usual):
            rule = "" if usual == word else "spaces"
        outcome.become(int(place), written, rule)
    said = answers.sentinels.get(column.name)
    suspected = [np.datetime64(day, "us") for day in (_SUSPECTS if said is None else said) if _is_day(day)]
    for day in suspected:
        hit = np.flatnonzero(outcome.moments == day)
        if not len(hit) or len(hit) == int((~np.isnat(outcome.moments)).sum()):
            continue
        if said is None:
            count = int(found.counts[hit].sum())
            outcome.questions += (Question(column.name, "sentinel", (str(day)[:10], "value"), count),)
            continue
        for place in hit:
            outcome.moments[place] = np.datetime64("NaT", "us")
            outcome.become(int(place), "", "sentinel")
    return outcome


def _is_year_last(usual: str) -> bool:
    return not usual[:4].isdigit() and not any(character.isalpha() for character in usual)


def _is_day(text: str) -> bool:
    return len(text) == 10 and read_date(text, "day_first") is not None and text[4] == "-"

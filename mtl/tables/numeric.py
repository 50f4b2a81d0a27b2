"""A column of numbers: its decimal mark, its unit, its limits, and the numbers that may mean "no value"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.tables.questions import Answers, Question
from mtl.tables.raw import RawColumn
from mtl.tables.sentinels import suspects
from mtl.tables.texts import Outcome, Texts, tidied
from mtl.tables.units import factor
from mtl.tables.values import Mark, Reading, read_number
from mtl.tables.words import plain

# Beyond these shares and counts a column with words in it is one of words: grades 1, 2, 3, X are no measurements.
_LEAST_SHARE, _LEAST_DISTINCT = 0.9, 10
_LEAST_CODES = 0.05


@dataclass(frozen=True)
class _Read:
    """The words of a column that are numbers otherwise than plainly, and the places of those that are none."""

    readings: dict[int, Reading]
    unread: list[int]


def read(
    found: Texts, column: RawColumn, answers: Answers, file_mark: str | None, sure: bool = False
) -> Outcome | None:
    """The column as numbers; None where it is none. `sure`: a person said that it is, so words become missing.

    A few words among many different numbers become missing, with a log line ("unreadable"). A column that holds
    digits with leading zeros, or more digits than a number can hold, is one of codes.
    """
    words = _readings(found, sure)
    if words is None or not (sure or _is_numeric(found, words)):
        return None
    mark = _mark(found, words, answers.decimals.get(column.name), file_mark)
    if mark is None:
        return _ask_decimal(found, words, column.name)
    units = _units(found, words, column, answers.units.get(column.name))
    if isinstance(units, Question):
        return Outcome.text(found, (units,), pending=True)
    outcome = _fill(found, words, mark, units)
    questions = (units.question,) if units.question is not None else ()
    outcome.questions = questions + _sentinels(found, outcome, column.name, answers)
    return outcome


def _readings(found: Texts, sure: bool) -> _Read | None:
    """Read the odd words; give up as soon as too many cells are none."""
    values = found.is_value
    total = found.n_values
    readings: dict[int, Reading] = {}
    unread: list[int] = []
    lost = 0
    for place in found.odd:
        if not values[place]:
            continue
        word = plain(found.words[place])
        reading = read_number(word) if len(word) <= 40 else None
        if reading is None:
            unread.append(int(place))
            lost += int(found.counts[place])
            if not sure and lost > (1 - _LEAST_SHARE) * total:
                return None
        else:
            readings[int(place)] = reading
    return _Read(readings, unread)


def _is_numeric(found: Texts, words: _Read) -> bool:
    values = found.is_value
    if (found.long_digits() & values).any():
        return False
    if found.counts[found.codes_like() & values].sum() >= _LEAST_CODES * found.n_values:
        return False
    limits = [place for place, reading in words.readings.items() if reading.sign]
    plainly = int((found.simple & values).sum()) + len(words.readings) - len(limits)
    if limits and (plainly < 3 or 2 * found.counts[limits].sum() > found.n_values):
        return False  # bands such as <50 and >=50
    return not words.unread or (plainly >= _LEAST_DISTINCT and 2 * len(words.unread) <= plainly)


def _mark(found: Texts, words: _Read, asked: str | None, file_mark: str | None) -> Mark | None:
    """The decimal mark of the column; None where nothing tells and it matters."""
    if asked is not None:
        return "," if asked == "," else "."
    values = found.is_value
    grouped = found.maybe_grouped() & values
    comma = any(reading.point is None for reading in words.readings.values())
    point = any(reading.comma is None for reading in words.readings.values())
    point = point or bool((found.pointed() & values & ~grouped).any())
    unsure = any(reading.ambiguous for reading in words.readings.values())
    if comma != point:
        return "," if comma else "."
    if not unsure and (not grouped.any() or file_mark != ","):
        return "."
    if comma or file_mark is None:  # both marks occur, or neither anywhere in the file
        return None
    return None if not unsure else ("," if file_mark == "," else ".")


def _ask_decimal(found: Texts, words: _Read, name: str) -> Outcome:
    unsure = [place for place, reading in words.readings.items() if reading.ambiguous]
    unsure += _places(found.maybe_grouped() & found.is_value)
    question = Question(
        name, "decimal", (".", ","), int(found.counts[unsure].sum()), _examples(found, unsure)
    )
    return Outcome.text(found, (question,), pending=True)


def _examples(found: Texts, places: list[int]) -> tuple[str, ...]:
    return tuple(found.words[place] for place in places[:3])


@dataclass(frozen=True)
class _Units:
    """The unit of the column, that of numbers without one, and a question that may stay open."""

    unit: str | None
    bare: str | None
    question: Question | None = None


def _units(found: Texts, words: _Read, column: RawColumn, asked: str | None) -> _Units | Question:
    counts: Counter[str] = Counter()
    for place, reading in words.readings.items():
        if reading.unit is not None:
            counts[reading.unit] += int(found.counts[place])
    if not counts:
        return _Units(asked or column.unit, asked or column.unit)
    most = min(counts, key=lambda unit: (-counts[unit], unit))
    unit = column.unit or most
    bare = [place for place, reading in words.readings.items() if reading.unit is None]
    bare += _places(found.simple & found.is_value)
    n_bare = int(found.counts[bare].sum())
    proposals = tuple(dict.fromkeys([unit, *sorted(counts, key=lambda u: -counts[u])]))
    question = Question(column.name, "unit", proposals, n_bare, _examples(found, bare))
    if asked is not None:
        if factor(asked, unit) is None:
            unit = asked
        return _Units(unit, asked)
    if any(factor(other, unit) is None for other in counts):
        strange = [
            p for p, r in words.readings.items() if r.unit is not None and factor(r.unit, unit) is None
        ]
        return Question(
            column.name, "unit", proposals, int(found.counts[strange].sum()), _examples(found, strange)
        )
    if not bare or (column.unit is not None and unit != "%"):
        return _Units(unit, column.unit or unit)
    if unit == "%" and _look_like_fractions(found, words, bare):
        return Question(column.name, "unit", ("%", "fraction"), n_bare, _examples(found, bare))
    if column.unit is not None:
        return _Units(unit, unit)
    return question if len(counts) > 1 else _Units(unit, unit, question)


def _look_like_fractions(found: Texts, words: _Read, bare: list[int]) -> bool:
    """Whether the numbers without a percent sign are all at most 1 and those with one are not."""
    values = [found.numbers[p] if found.simple[p] else words.readings[p].value(".") or 0.0 for p in bare]
    signed = [reading.value(".") or 0.0 for reading in words.readings.values() if reading.unit == "%"]
    return max(values) <= 1 < max(signed)


def _fill(found: Texts, words: _Read, mark: Mark, units: _Units) -> Outcome:
    outcome = Outcome.start(found, "number")
    values = found.is_value
    scale = 1.0
    if units.bare is not None and units.unit is not None:
        scale = factor(units.bare, units.unit) or 1.0
    plainly = found.simple & values
    outcome.numbers[plainly] = found.numbers[plainly]
    if mark == ",":
        for place in _places(found.maybe_grouped() & values):
            outcome.numbers[place] = float(found.words[place].replace(".", ""))
            outcome.become(place, written(outcome.numbers[place]), "thousands")
    if scale != 1.0:
        for place in _places(plainly):
            outcome.numbers[place] = _times(outcome.numbers[place], scale)
            outcome.become(place, written(outcome.numbers[place]), "unit")
    converted = scale != 1.0
    for place, reading in words.readings.items():
        by = scale if reading.unit is None else factor(reading.unit, units.unit or reading.unit)
        if by is None:
            outcome.become(place, "", "unreadable")
            continue
        number = reading.value(mark)
        assert number is not None  # one of the two readings is there
        converted = converted or by != 1.0
        outcome.numbers[place] = _times(number, by)
        outcome.signs[place] = reading.sign
        outcome.become(place, written(outcome.numbers[place]), _rule(found.words[place], reading, mark))
    for place in words.unread:
        outcome.become(place, "", "unreadable")
    outcome.unit = units.unit
    outcome.whole = not converted and _is_whole(found, words, outcome)
    return outcome


def _places(chosen: NDArray[np.bool_]) -> list[int]:
    places: list[int] = np.flatnonzero(chosen).tolist()
    return places


def _times(number: float, by: float) -> float:
    """A converted number without the noise of binary fractions: 12 mm are 1.2 cm."""
    return number if by == 1.0 else float(f"{number * by:.12g}")


def _rule(word: str, reading: Reading, mark: Mark) -> str:
    """The rule that says most about what was read; "" for another way of writing the same number."""
    if reading.sign:
        return "limit"
    if reading.unit is not None:
        return "percent" if reading.unit == "%" else "unit"
    if reading.grouped and not (reading.ambiguous and mark == "," and "," in word):
        return "thousands"
    if "," in plain(word):
        return "decimal_comma"
    return "" if plain(word) == word else tidied(word)


def _is_whole(found: Texts, words: _Read, outcome: Outcome) -> bool:
    """Whether every value is written as a whole number."""
    values = found.is_value
    if (found.pointed() & values & (outcome.rules == "")).any():
        return False
    numbers = outcome.numbers[~np.isnan(outcome.numbers)]
    if not len(numbers) or (np.abs(numbers) > 2.0**53).any() or (numbers != np.round(numbers)).any():
        return False
    return not any("." in found.words[p] and not words.readings[p].grouped for p in words.readings)


def written(value: float) -> str:
    """A number as the log has it: the shortest text that reads back as the same.

    Examples
    --------
    >>> written(12.0), written(3.4 * 10), written(0.1)
    ('12', '34', '0.1')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(float(value))


def _sentinels(found: Texts, outcome: Outcome, name: str, answers: Answers) -> tuple[Question, ...]:
    """Make missing what a person named; else propose what looks like it."""
    said = answers.sentinels.get(name)
    if said is not None:
        wanted = _as_numbers({name: said})[name]
        for place in _places(np.isin(outcome.numbers, wanted) & (outcome.signs == "")):
            outcome.numbers[place] = np.nan
            outcome.become(place, "", "sentinel")
        return ()
    known = ~np.isnan(outcome.numbers) & (outcome.signs == "")
    numbers, places = np.unique(outcome.numbers[known], return_inverse=True)
    counts = np.bincount(places, weights=found.counts[known], minlength=len(numbers)).astype(np.int64)
    return tuple(
        Question(name, "sentinel", (written(value), "value"), count, (), nearest)
        for value, count, nearest in suspects(numbers, counts)
    )


def _as_numbers(said: Mapping[str, tuple[str, ...]]) -> dict[str, NDArray[np.float64]]:
    found = {}
    for name, texts in said.items():
        values = [reading.value(".") for text in texts if (reading := read_number(plain(text))) is not None]
        found[name] = np.array([value for value in values if value is not None], dtype=float)
    return found

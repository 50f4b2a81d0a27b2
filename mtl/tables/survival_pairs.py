"""Which two columns are a time and its event, judged by names where they speak and by content where they do not."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from mtl.expressions import quote_column
from mtl.language import gettext as _
from mtl.language import measured, percent
from mtl.tables.infer_names import Concept, time_unit
from mtl.tables.kinds import Column

TimeUnit = Literal["days", "weeks", "months", "years"]
Floats = NDArray[np.float64]

FEWEST_EVENTS = 5
FEWEST_TIMES = 8  # distinct times below which a column is no follow-up time
MOST_STATES = 6
JUDGED_ROWS = 20_000
BY_CONTENT = 0.75  # chance that a patient without the event has the longer time, where a name says nothing
BESIDE = 0.55  # the same where the time's name speaks and the other column stands beside it
TAIL = 0.5  # events among the tenth with the longest times, over events among all, at most, for names that say nothing

_NO_EVENT = re.compile(
    r"(?i).*(cens|alive|living|surviving|survived|withdr|lost|event.?free|disease.?free|未|删失|存活|失访|无事件|在世)"
    r".*|no|none|never|a|n|false|否|无|生存|活"
)
_EVENT = re.compile(
    r"(?i).*(dead|death|deceas|died|event|relaps|recur|progress|expired|死|复发|进展|转移).*|yes|d|y|true|是|有"
)


@dataclass(frozen=True)
class Pair:
    """A follow-up time and what ended it.

    `event` is the condition under which the event occurred; `time` the column. `years` (n,) and `occurred` (n,) are
    float, NaN where unknown. `longer` is the chance that a patient without the event has the longer time.
    """

    time: str
    column: str
    event: str
    unit: TimeUnit
    concept: Concept
    reason: str
    event_reason: str
    unit_reason: str
    longer: float
    years: Floats = field(repr=False, compare=False)
    occurred: Floats = field(repr=False, compare=False)


def survival_pairs(columns: list[Column], units: dict[str, str]) -> list[Pair]:
    """The time and event columns of a table, best supported first; no column is in two pairs.

    Parameters
    ----------
    columns
        The columns of the table, in its order.
    units
        Units that headers gave, by column.
    """
    whole = {column.name: column for column in columns}
    judged = [_shortened(column) for column in columns]
    times = [c for c in judged if _may_be_time(c)]
    events = [c for c in judged if _may_be_event(c)]
    place = {column.name: i for i, column in enumerate(columns)}
    found: list[tuple[float, Pair, float]] = []
    for time in times:
        for event in events:
            support = _support(time, event, abs(place[time.name] - place[event.name]))
            if support is None:
                continue
            pair = _pair(time, event, units, support >= 2)
            if pair is None:
                continue
            score = _accepted(time, event, pair, support)
            if score is not None:
                found.append((score, pair, support))
    taken: set[str] = set()
    chosen = []
    for _score, pair, support in sorted(found, key=lambda item: -item[0]):
        if not taken & {pair.time, pair.column} and np.nanmin(whole[pair.time].numbers) >= 0:
            full = _pair(whole[pair.time], whole[pair.column], units, support >= 2)
            chosen.append(full or pair)
            taken |= {pair.time, pair.column}
    return sorted(chosen, key=lambda pair: place[pair.time])


def _shortened(column: Column) -> Column:
    """A long column by a row in so many: enough to judge how it behaves."""
    step = len(column.codes) // JUDGED_ROWS
    if step < 2:
        return column
    return replace(column, numbers=column.numbers[::step], codes=column.codes[::step])


def _may_be_time(column: Column) -> bool:
    if column.form != "numeric" or column.distinct < FEWEST_TIMES:
        return False
    if not np.isfinite(column.numbers).any() or np.nanmin(column.numbers) < 0:
        return False
    says = column.says
    if says.compact in ("start", "tstart", "time0"):
        return False
    if "time" not in says and column.whole and column.distinct == column.known:
        return False  # numbers that never repeat count rows
    return not (
        "identifier" in says
        or "history" in says
        or ({"background", "laboratory", "delay"} & says.flags and "time" not in says)
    )


def _may_be_event(column: Column) -> bool:
    if not 2 <= column.distinct <= MOST_STATES or not column.levels or min(sorted(column.counts)[-2:]) < 2:
        return False
    return column.form in ("boolean", "categorical", "ordinal")


_CLEAR = frozenset(
    ("state", "background", "history", "arm", "therapy", "laboratory", "finding", "pathology", "nominal")
)


_LETTERS = re.compile(r"(?i)t(\w)/[dse]\1")


def _support(time: Column, event: Column, apart: int) -> float | None:
    """How much the names speak for the pair; 0 where neither says anything, None where they speak against it."""
    t, e = time.says, event.says
    if _CLEAR & e.flags and "event" not in e:
        return None
    named_time = "time" in t
    named_event = "event" in e or (named_time and bool(t.stem) and t.stem == e.stem)
    if _LETTERS.fullmatch(f"{time.name}/{event.name}"):
        named_time = named_event = True
    if t.concept and e.concept and t.concept != e.concept:
        return None
    if not named_time and not named_event:
        return 0.25 * (apart == 1) if not t.known and not e.known else None
    if not named_time and (t.known or "outcome" in t):
        return None
    if not named_event and (e.known and not {"outcome", "diagnosis", "weak"} & e.flags):
        return None
    score = 2.0 * named_time + 2.0 * named_event
    score += 3.0 * bool(t.concept and t.concept == e.concept) + 2.5 * bool(t.stem and t.stem == e.stem)
    if t.stem and e.stem and t.stem != e.stem and not (t.concept and t.concept == e.concept):
        score -= 0.5
    return score + (0.75 if apart == 1 else 0.25 if apart <= 3 else 0.0)


def _accepted(time: Column, event: Column, pair: Pair, support: float) -> float | None:
    if support >= 3.5:  # both names speak
        return support + pair.longer
    longest = pair.years >= np.nanquantile(pair.years, 0.9)
    known = np.isfinite(pair.occurred)
    tail = (
        pair.occurred[longest & known].mean() / pair.occurred[known].mean()
        if (longest & known).any()
        else 1.0
    )
    if "event" not in event.says and not (
        event.form == "boolean" or event.levels == ("0", "1", "2") or _speaks(event)
    ):
        return None
    beside = "time" in time.says and support > 2.5 and pair.longer >= BESIDE
    if not beside and (pair.longer < BY_CONTENT or tail > TAIL):
        return None
    days = time.whole and time.distinct >= 50 and np.nanmax(time.numbers) >= 100
    return support + pair.longer if "time" in time.says or days else None


def _speaks(event: Column) -> bool:
    """Whether the two words of a column are those of an event."""
    return event.distinct == 2 and any(_EVENT.fullmatch(_bare(level)) for level in event.levels)


def _pair(time: Column, event: Column, units: dict[str, str], named: bool) -> Pair | None:
    read = event_of(event, time.numbers)
    if read is None:
        return None
    text, occurred, why = read
    known = np.isfinite(time.numbers) & np.isfinite(occurred)
    ended = known & (occurred == 1)
    if known.sum() < 2 or not ended.any() or ended.sum() == known.sum():
        return None
    longer = chance_longer(time.numbers[known], occurred[known])
    unit, unit_reason = unit_of_time(time, units.get(time.name, ""))
    per_year = {"days": 365.25, "weeks": 365.25 / 7, "months": 12.0, "years": 1.0}[unit]
    concept = event.says.concept or time.says.concept
    if named:
        reason = _("{time} and {event} are a time and its event by their names").format(
            time=time.name, event=event.name
        )
    else:
        reason = _(
            "{time} and {event} behave like a time and its event: without the event the time is the longer one "
            "in {share} of pairs"
        ).format(time=time.name, event=event.name, share=percent(longer))
    return Pair(
        time.name, event.name, text, unit, concept, reason, why, unit_reason, longer, time.numbers / per_year, occurred
    )  # fmt: skip


def chance_longer(time: Floats, occurred: Floats) -> float:
    """The chance that a patient without the event has the longer time than one with it; ties count half.

    >>> float(chance_longer(np.array([1.0, 2.0, 5.0, 9.0]), np.array([1.0, 1.0, 0.0, 0.0])))
    1.0
    """
    ranks = rankdata(time)
    without = occurred == 0
    n, m = int(without.sum()), int((~without).sum())
    if not n or not m:
        return 0.5
    return float((ranks[without].sum() - n * (n + 1) / 2) / (n * m))


def event_of(column: Column, time: Floats) -> tuple[str, Floats, str] | None:
    """The condition that says the event occurred, what it gives (n,), and why it is read so.

    0 is no event, and of 1 and 2 it is 1; words say it themselves; else the value that goes with the longest times is
    no event. A name such as `cens` may mean either, so the times decide.
    """
    name = quote_column(column.name)
    alive = bool(re.search(r"(?i)alive|surviv(ed|e|or)|存活", column.name)) and not re.search(
        r"(?i)dead|death", column.name
    )
    if column.form == "boolean":
        values = column.numbers
        by_time = "cens" in column.name.lower() or "删失" in column.name
        turned = alive or (by_time and chance_longer(*_both(time, values)) < 0.5)
        if turned:
            why = (
                _("1 goes with survival by its name")
                if alive
                else _("those with 1 have the longer times, so 1 is read as censored")
            )
            text = f"not {name}" if column.words else f"{name} == 0"
            return text, 1 - values, why
        why = (
            _("those with 1 have the shorter times, so 1 is read as the event")
            if by_time
            else _("1 is the event, 0 is censored")
        )
        return name, values, why
    if column.words:
        without = [level for level in column.levels if _NO_EVENT.fullmatch(_bare(level)) and not _dies(level)]
        with_event = [
            level for level in column.levels if _EVENT.fullmatch(_bare(level)) and level not in without
        ]
        if not without:
            rest = [level for level in column.levels if level not in with_event]
            if not rest:
                return None
            without = [_longest(column, rest, time)]
        others = [level for level in column.levels if level not in without]
        if not others:
            return None
        why = _("{none} is read as censored, every other state as the event").format(none=", ".join(without))
        return _among(name, others, text=True), _one_of(column, others), why
    if "0" in column.levels:
        others = [level for level in column.levels if level != "0"]
        text = (
            f"{name} > 0"
            if not any(level.startswith("-") for level in others)
            else _among(name, others, text=False)
        )
        why = _("0 is censored, every other state ({states}) counts as the event").format(
            states=", ".join(others)
        )
        return text, _one_of(column, others), why
    cens = "cens" in column.name.lower()
    first = (
        column.levels[0]
        if len(column.levels) == 2 and not cens
        else _longest(column, list(column.levels), time)
    )
    others = [level for level in column.levels if level != first]
    if len(column.levels) == 2 and not cens:
        why = _("of two codes the lower is censored, as survival data are usually coded")
    else:
        why = _(
            "{none} goes with the longest times, so it is read as censored and every other state as the event"
        ).format(none=first)
    return _among(name, others, text=False), _one_of(column, others), why


def _both(time: Floats, occurred: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(time) & np.isfinite(occurred)
    return time[known], occurred[known]


def _bare(level: str) -> str:
    return re.sub(r"^\d+\s*[:_=.-]\s*", "", level).strip()


def _dies(level: str) -> bool:
    return bool(re.search(r"(?i)dead|died|死亡", level)) and not re.search(r"(?i)alive|未", level)


def _longest(column: Column, levels: list[str], time: Floats) -> str:
    def typical(level: str) -> float:
        own = time[(column.codes == column.levels.index(level)) & np.isfinite(time)]
        return float(np.median(own)) if len(own) else -1.0

    return max(levels, key=typical)


def _one_of(column: Column, levels: list[str]) -> Floats:
    wanted = [column.levels.index(level) for level in levels]
    return np.where(column.codes < 0, np.nan, np.isin(column.codes, wanted).astype(float))


def _among(name: str, levels: list[str], text: bool) -> str:
    shown = [quote_text(level) if text else level for level in levels]
    return f"{name} == {shown[0]}" if len(shown) == 1 else f"{name} in [{', '.join(shown)}]"


def quote_text(text: str) -> str:
    """A text as an expression writes it.

    >>> print(quote_text('20" or more'))
    "20\\" or more"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unit_of_time(column: Column, unit: str) -> tuple[TimeUnit, str]:
    """The unit of a follow-up time: what its header says, else what its range suggests."""
    said = time_unit(column.name, unit)
    if said:
        return said, _("the header says so")
    longest = float(np.nanmax(column.numbers))
    if longest > (150 if column.whole else 400):
        guess: TimeUnit = "days"
    elif longest > 45 or column.whole:
        guess = "months"
    else:
        guess = "years"
    return guess, _("the longest is {longest} and the header names no unit; please check").format(
        longest=measured(longest)
    )

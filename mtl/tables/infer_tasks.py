"""Which columns of a table are outcomes, and what kind of question each makes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.expressions import quote_column
from mtl.language import gettext as _
from mtl.study.entries import Role
from mtl.tables.infer_labels import ENDPOINTS, label
from mtl.tables.kinds import Column
from mtl.tables.survival_pairs import Pair, quote_text
from mtl.tables.suspicion import Goal

Floats = NDArray[np.float64]

FEWEST_LABELLED = 20  # as the model asks
FEWEST_OF_A_KIND = 5
FEWEST_OF_A_CLASS = 10
MOST_CLASSES = 12
MOST_TASKS = 12
AT_RISK = 20
HORIZONS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0)
USUAL = (1.0, 3.0, 5.0, 10.0)

_POSITIVE = re.compile(
    r"(?i).*(malignan|positive|dead|death|died|disease|abnormal|impaired|present|relaps|recur|progress|case|cancer|yes|fail"
    r"|恶性|阳性|死亡|复发|转移|有效|异常|患).*|y|yes|true|是|有|d|\+"
)
_NEGATIVE = re.compile(
    r"(?i).*(benign|negative|alive|normal|control|absent|healthy|良性|阴性|存活|正常|对照|未|无).*|n|no|none|false|否|-"
)


@dataclass(frozen=True)
class Candidate:
    """A question that a table may answer.

    `entry` are the fields of a Task, `columns` those its target reads. `finding`: the column is a finding in its own
    right (a grade, a stage) and stays a feature of other tasks. `problem` says why it cannot be asked, if it cannot.
    """

    name: str
    columns: tuple[str, ...]
    entry: dict[str, Any]
    goal: Goal
    reason: str
    reasons: dict[str, str] = field(default_factory=dict)
    finding: bool = False
    problem: str = ""

    @property
    def kind(self) -> str:
        """The task's kind."""
        return str(self.entry["kind"])


def task_name(text: str) -> str:
    """A name a task may have, from a column's name.

    >>> task_name("a=b@c"), task_name("x.low")
    ('a_b_c', 'x_low')
    """
    name = re.sub(r"[@=]", "_", text.strip())
    return re.sub(r"\.(low|high|untreated|log_hazard)$", r"_\1", name)


def of_pair(pair: Pair) -> Candidate:
    """The survival task of a time and its event."""
    name = task_name(pair.concept or _named_after(pair))
    horizons, why = horizons_of(pair.years, pair.occurred)
    known = np.isfinite(pair.years) & np.isfinite(pair.occurred)
    events = int(np.nansum(pair.occurred[known]))
    problem = _too_few(int(known.sum()), events, _("events"))
    shown = ENDPOINTS.get(pair.concept) or label(name)
    entry: dict[str, Any] = {
        "name": name, "kind": "survival", "role": "prognosis", "label": shown, "event_label": shown,
        "time": quote_column(pair.time),
        "event": pair.event, "time_unit": pair.unit, "horizons": horizons,
    }  # fmt: skip
    reasons = {"event": pair.event_reason, "time_unit": pair.unit_reason, "horizons": why}
    goal = Goal(name, "survival", pair.occurred, pair.years)
    return Candidate(name, (pair.time, pair.column), entry, goal, pair.reason, reasons, problem=problem)


def _named_after(pair: Pair) -> str:
    generic = re.fullmatch(
        r"(?i)status|state|event|delta|[ed]\d?|cens\w*|fustat|结局|事件|删失|生存状态", pair.column
    )
    return "event" if generic and not re.search(r"\d", pair.column) else pair.column


def horizons_of(years: Floats, occurred: Floats) -> tuple[list[float], str]:
    """Times in years by which a risk can be given: at least `AT_RISK` patients are still followed and events came before.

    Examples
    --------
    >>> horizons_of(np.linspace(0.1, 12, 300), np.ones(300))[0]
    [1.0, 3.0, 5.0, 10.0]
    """
    known = np.isfinite(years) & np.isfinite(occurred)
    t, e = years[known], occurred[known] == 1
    if not len(t):
        return [1.0], _("no follow-up is known")

    def good(horizon: float) -> bool:
        return (
            int((t >= horizon).sum()) >= max(AT_RISK, 0.05 * len(t))
            and int((e & (t <= horizon)).sum()) >= FEWEST_OF_A_KIND
        )

    chosen = [horizon for horizon in USUAL if good(horizon)]
    if len(chosen) < 2:
        chosen = [horizon for horizon in HORIZONS if good(horizon)][-3:]
    why = _("at least {n} patients are followed beyond each").format(n=AT_RISK)
    if not chosen:
        middle = float(np.quantile(t[e], 0.5)) if e.any() else float(np.median(t))
        chosen = [max(float(f"{middle:.2g}"), 0.01)]
        why = _(
            "no usual time has {n} patients beyond it, so half of the events come before this one"
        ).format(n=AT_RISK)
    return chosen, why


def _too_few(rows: int, of_a_kind: int, what: str) -> str:
    if rows < FEWEST_LABELLED:
        return _("{n} rows have it, at least {least} are needed").format(n=rows, least=FEWEST_LABELLED)
    if of_a_kind < FEWEST_OF_A_KIND:
        return _("{n} {what}, at least {least} are needed").format(
            n=of_a_kind, what=what, least=FEWEST_OF_A_KIND
        )
    return ""


def of_column(column: Column, role: Role, reason: str, finding: bool = False) -> Candidate | None:
    """The task of one column, by its form; None where a column of this form is no outcome."""
    if column.form in ("empty", "constant"):
        return _unusable(column, role, reason)
    if column.two:
        return _binary(column, role, reason, finding)
    if column.form in ("categorical", "ordinal", "boolean") and 3 <= column.distinct <= MOST_CLASSES:
        return _multiclass(column, role, reason, finding)
    if column.form == "numeric":
        return _regression(column, role, reason)
    return None


def _unusable(column: Column, role: Role, reason: str) -> Candidate:
    problem = _("no row has it") if column.form == "empty" else _("every row has the same value")
    goal = Goal(column.name, "binary", np.full(column.rows, np.nan))
    return Candidate(
        column.name, (column.name,), {"kind": "binary", "role": role}, goal, reason, problem=problem
    )


def _binary(column: Column, role: Role, reason: str, finding: bool) -> Candidate:
    name, quoted = task_name(column.name), quote_column(column.name)
    y: Floats
    if column.form == "boolean":
        target, y, level = quoted, column.numbers, ""
    else:
        place = _positive(column)
        level = column.levels[place]
        target = f"{quoted} == {quote_text(level) if column.words else level}"
        y = np.where(column.codes < 0, np.nan, (column.codes == place).astype(float))
    why = (
        _("{level} is the class asked for").format(level=level)
        if level
        else _("1 or yes is the class asked for")
    )
    shown = label(column.name)
    entry: dict[str, Any] = {"name": name, "kind": "binary", "role": role, "label": shown, "target": target}
    if level:
        entry["event_label"] = f"{shown.en}: {level}"
    rarer = int(min(np.nansum(y), np.nansum(1 - y)))
    problem = _too_few(column.known, rarer, _("rows of the rarer class"))
    return Candidate(
        name, (column.name,), entry, Goal(name, "binary", y), reason, {"target": why}, finding, problem
    )


def _positive(column: Column) -> int:
    """Which of two levels is asked for: the one whose word says so, else the higher code or the rarer word."""
    words = [re.sub(r"^\d+\s*[:_=.-]\s*", "", level) for level in column.levels]
    says = [
        1 if _POSITIVE.fullmatch(w) and not _NEGATIVE.fullmatch(w) else -1 if _NEGATIVE.fullmatch(w) else 0
        for w in words
    ]
    if says[0] != says[1]:
        return int(np.argmax(says))
    if column.form == "ordinal" or not column.words:
        return 1
    return int(np.argmin(column.counts))


def _multiclass(column: Column, role: Role, reason: str, finding: bool) -> Candidate:
    name, quoted = task_name(column.name), quote_column(column.name)
    kept = [i for i, count in enumerate(column.counts) if count >= FEWEST_OF_A_CLASS]
    classes = [column.levels[i] if column.words else float(column.levels[i]) for i in kept]
    y = np.where(np.isin(column.codes, kept), column.codes.astype(float), np.nan)
    entry: dict[str, Any] = {
        "name": name,
        "kind": "multiclass",
        "role": role,
        "label": label(column.name),
        "target": quoted,
        "classes": classes,
    }
    reasons = {}
    rare = [column.levels[i] for i in range(column.distinct) if i not in kept]
    if rare:
        reasons["classes"] = _("{levels}: fewer than {n} rows each, so they are no class").format(
            levels=", ".join(rare), n=FEWEST_OF_A_CLASS
        )
    labelled = int(np.isfinite(y).sum())
    most = max((column.counts[i] for i in kept), default=0)
    problem = _too_few(labelled, labelled - most, _("rows outside the commonest class"))
    if len(kept) == 2:  # two classes are a yes or no; on a scale, everything beyond counts too
        upper = list(range(kept[1], column.distinct)) if column.form == "ordinal" else kept[1:]
        levels = [column.levels[i] for i in upper]
        words = [quote_text(level) if column.words else level for level in levels]
        target = f"{quoted} == {words[0]}" if len(words) == 1 else f"{quoted} in [{', '.join(words)}]"
        entry = {"name": name, "kind": "binary", "role": role, "label": label(column.name), "target": target}
        entry["event_label"] = f"{label(column.name).en}: {', '.join(levels)}"
        y = np.where(column.codes < 0, np.nan, np.isin(column.codes, upper).astype(float))
        reasons = {
            "target": _("{level} against the rest: the other levels are rare").format(level=", ".join(levels))
        }
        problem = _too_few(
            column.known, int(min(np.nansum(y), np.nansum(1 - y))), _("rows of the rarer class")
        )
        return Candidate(
            name, (column.name,), entry, Goal(name, "binary", y), reason, reasons, finding, problem
        )
    return Candidate(
        name, (column.name,), entry, Goal(name, "multiclass", y), reason, reasons, finding, problem
    )


def _regression(column: Column, role: Role, reason: str) -> Candidate:
    name = task_name(column.name)
    entry: dict[str, Any] = {
        "name": name,
        "kind": "regression",
        "role": role,
        "label": label(column.name),
        "target": quote_column(column.name),
    }
    problem = _too_few(column.known, column.known, _("rows"))
    return Candidate(
        name, (column.name,), entry, Goal(name, "regression", column.numbers), reason, problem=problem
    )


_SKIPPED = frozenset(("identifier", "person", "site", "calendar", "history", "state", "background"))


def of_names(columns: Sequence[Column], has_pairs: bool) -> tuple[list[Candidate], dict[str, str]]:
    """Tasks of the columns whose names say outcome, and the columns that are outcomes but make no task, with the reason.

    With a survival task, another column that says whether somebody died or relapsed is no task: without its time it
    ignores that follow-up ended.
    """
    found: list[Candidate] = []
    left: dict[str, str] = {}
    later: list[Candidate] = []
    weak: list[Column] = []
    for column in columns:
        says = column.says
        if column.form in ("date", "text") or ("identifier" in says and column.unique > 0.5):
            if "after" in says or (says.concept and "outcome" in says):
                left[column.name] = _("its name says it is known only after the outcome")
            continue
        if "after" in says and "history" not in says:
            left[column.name] = _("its name says it is known only after the outcome")
        elif "weak" in says and not ({"diagnosis", "finding"} & says.flags):
            weak.append(column)
        elif {"outcome", "event"} & says.flags and not {"history"} & says.flags:
            survival_like = bool(says.concept) or ("event" in says and "outcome" not in says)
            if survival_like and (has_pairs or column.form == "numeric"):
                left[column.name] = _("its name says it is an outcome")
                continue
            _add(found, of_column(column, "prognosis", _("its name says it is an outcome")))
        elif "diagnosis" in says and column.form != "numeric" and not _SKIPPED & says.flags:
            _add(found, of_column(column, "diagnosis", _("its name says it is a diagnosis")))
        elif "follow_up" in says and not _SKIPPED & says.flags:
            _add(later, of_column(column, "prognosis", _("its name says it was measured at follow-up")))
        elif "time" in says and has_pairs and column.form == "numeric":
            left[column.name] = _("its name says it is a follow-up time")
        elif "finding" in says and not {"history"} & says.flags and column.form != "numeric":
            _add(
                found,
                of_column(column, "diagnosis", _("its name says it is a finding of pathology"), finding=True),
            )
    dummies = Counter(c.goal.name.split("_")[0].lower() for c in found if c.finding and c.kind == "binary")
    found = [
        c
        for c in found
        if not (c.finding and c.kind == "binary" and dummies[c.name.split("_")[0].lower()] > 1)
    ]
    main = [c for c in found if not c.finding and not c.problem]
    if len(later) > MOST_TASKS - len(found):
        for candidate in later[MOST_TASKS - len(found) :]:
            left[candidate.name] = _("its name says it was measured at follow-up, and there are tasks enough")
        later = later[: max(MOST_TASKS - len(found), 0)]
    found += later
    if not has_pairs and not main and not later:
        for column in weak:
            role: Role = "prognosis" if "event" in column.says else "diagnosis"
            _add(
                found,
                of_column(
                    column, role, _("its name is one that outcomes often have, and no other column says more")
                ),
            )
    return found, left


def _add(found: list[Candidate], candidate: Candidate | None) -> None:
    if candidate is not None:
        found.append(candidate)


def fallback(columns: Sequence[Column]) -> Candidate | None:
    """The task where no name says outcome: the last column that may be one, where tables usually have it, else the first."""
    never = _SKIPPED | {"time", "laboratory"}
    free = [c for c in columns if c.form not in ("date", "text")]
    usable = [c for c in free if not never & c.says.flags] or [
        c for c in free if not (_SKIPPED | {"time"}) & c.says.flags
    ]
    if not usable:
        return None
    few = [c for c in usable if c.form != "numeric"]
    order = (
        [c for c in (usable[-1], usable[0]) if c in few]
        + [usable[-1]]
        + list(reversed(few))
        + list(reversed(usable))
    )
    for column in order:
        why = _("no name says outcome; {column} is the likeliest by its place: please choose").format(
            column=column.name
        )
        candidate = of_column(column, "diagnosis", why)
        if candidate is not None and not candidate.problem:
            return candidate
    return None

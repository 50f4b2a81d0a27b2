"""What makes a study unusable: every rule that ties its entries together, each with a remedy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mtl.expressions import Expression, ExpressionError, parse
from mtl.study.entries import Feature, Level, Task
from mtl.study.trials import HazardRatio, Treatment, Trial

if TYPE_CHECKING:
    from mtl.study.definition import Study

_SINGULAR = {
    "stages": "stage", "features": "feature", "tasks": "task", "treatments": "treatment", "trials": "trial",
    "hazard_ratios": "hazard_ratio", "levels": "level", "classes": "class",
}  # fmt: skip
_RESERVED_ENDINGS = (".low", ".high", ".untreated", ".log_hazard")
_MAX_ENTRIES = 5000


def explain(error: ValidationError, data: Any) -> list[str]:
    """The problems pydantic found, with entries named by their names instead of their places."""
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False):
        where = _where(problem["loc"], data)
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            message = "is required; add it"
        elif problem["type"] == "extra_forbidden":
            message = "is not an entry of a study; remove it or correct its spelling"
        elif "input" in problem and isinstance(problem["input"], (str, int, float, bool)):
            message += f"; got {str(problem['input'])[:60]!r}"
        found.setdefault(where, f"{where}: {message}")
    return list(found.values())


def _where(path: Iterable[int | str], data: Any) -> str:
    words: list[str] = []
    for step in path:
        data = data[step] if _holds(data, step) else None
        if isinstance(step, int):
            name = (data.get("name") or data.get("column")) if isinstance(data, dict) else None
            last = _SINGULAR.get(words[-1], words[-1]) if words else "entry"
            words[-1:] = [f"{last} {name!r}" if isinstance(name, str) else f"{last} {step + 1}"]
        elif not any(sign in step for sign in "[("):  # pydantic adds the tried type of a union
            words.append(step)
    return ", ".join(words)


def _holds(data: Any, step: int | str) -> bool:
    if isinstance(data, list):
        return isinstance(step, int) and step < len(data)
    return isinstance(data, dict) and step in data


def problems(study: Study) -> list[str]:
    """Every rule the study breaks, as sentences that name the entry and the remedy."""
    found = [*_lists(study), *_places(study)]
    for feature in study.features:
        found += [f"feature {feature.name!r}: {problem}" for problem in _feature(feature, study)]
    for task in study.tasks:
        found += [f"task {task.name!r}: {problem}" for problem in _task(task, study)]
    for treatment in study.treatments:
        start = f"treatment {treatment.column!r}"
        found += [f"{start}: {problem}" for problem in _treatment(treatment, study)]
        for trial in treatment.trials:
            found += [f"{start}, trial {trial.name!r}: {problem}" for problem in _trial(trial, study)]
    return found


def _lists(study: Study) -> Iterator[str]:
    for what, entries in (("stage", study.stages), ("feature", study.features), ("task", study.tasks)):
        if not entries:
            yield f"has no {what}; add a [[{what}]] table"
        if len(entries) > _MAX_ENTRIES:
            yield f"has {len(entries)} entries [[{what}]]; at most {_MAX_ENTRIES}"
        yield from _twice((entry.name for entry in entries), what)
    yield from _twice(study.treatment_columns, "treatment")
    for treatment in study.treatments:
        yield from _twice(
            (trial.name for trial in treatment.trials), f"treatment {treatment.column!r}, trial"
        )


def _places(study: Study) -> Iterator[str]:
    """The columns of hospital and date divide the cohort for validation; neither may be what names a row."""
    for word in ("site", "date"):
        column = getattr(study, word)
        if column is not None and column in (study.identifier, study.patient):
            yield f"{word}: {column!r} identifies the patient; name another column, or none"
    if study.site is not None and study.site == study.date:
        yield f"site and date: both are the column {study.site!r}; remove one of them"


def _twice(names: Iterable[str], what: str) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{what} {name!r}: occurs {count} times; rename or remove all but one"


def _known(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _stage(stage: str, study: Study) -> Iterator[str]:
    names = [entry.name for entry in study.stages]
    if stage not in names:
        yield f"stage {stage!r} is not in the study; use one of: {_known(names)}"


def _feature(feature: Feature, study: Study) -> Iterator[str]:
    yield from _stage(feature.stage, study)
    needs_levels = feature.kind in ("ordinal", "categorical")
    if needs_levels and len(feature.levels) < 2:
        yield f"a {feature.kind} feature needs levels; list at least two"
    if feature.levels and not needs_levels:
        yield f"a {feature.kind} feature has no levels; remove them or make it ordinal or categorical"
    yield from _levels(feature.levels, "level")
    if feature.kind == "ordinal" and any(a >= b for a, b in pairwise(feature.level_numbers)):
        yield "the levels that are numbers must ascend; put them in order"
    for word, limits in (("valid", feature.valid), ("typical", feature.typical)):
        if limits and feature.kind not in ("numeric", "ordinal"):
            yield f"{word}: a {feature.kind} feature has no range; remove it"
        if limits and limits[0] >= limits[1]:
            yield f"{word}: the lower end {limits[0]:g} is not below the upper {limits[1]:g}; correct them"
    if feature.valid and feature.typical:
        inside = feature.valid[0] <= feature.typical[0] and feature.typical[1] <= feature.valid[1]
        if not inside:
            yield "typical: lies outside valid; widen valid or narrow typical"
    given = [word for word in ("error", "error_percent") if getattr(feature, word) is not None]
    if given and feature.kind != "numeric":
        yield f"{given[0]}: of numeric features only; this one is {feature.kind}, remove it"
    if len(given) > 1:
        yield "error and error_percent: say the measurement error once; remove one of them"
    if feature.name in (study.identifier, study.patient):
        yield "identifies the patient; remove it from the features"
    for task in study.tasks:
        if task.kind == "survival" and feature.name in _columns_of(task):
            yield f"is the time or event of task {task.name!r}; remove it from the features"


def _columns_of(task: Task) -> frozenset[str]:
    try:
        return task.target_columns
    except ExpressionError:
        return frozenset()  # reported where the expression stands


def _levels(levels: list[Level], what: str) -> Iterator[str]:
    yield from _twice((level.text for level in levels), what)


def _task(task: Task, study: Study) -> Iterator[str]:
    yield from _stage(task.stage, study)
    if any(sign in task.name for sign in "@=") or task.name.endswith(_RESERVED_ENDINGS):
        yield "a task's name holds no @ or = and does not end like a prediction column; rename it"
    yield from _outcome(task)
    if task.kind == "multiclass" and len(task.classes) < 2:
        yield "a multiclass task needs classes; list at least two"
    if task.kind != "multiclass" and task.classes:
        yield f"a {task.kind} task has no classes; remove them"
    yield from _levels(task.classes, "class")
    if task.kind == "survival" and not task.horizons:
        yield "a survival task needs horizons; list years, as in [1, 5]"
    if task.kind != "survival" and task.horizons:
        yield f"a {task.kind} task has no horizons; remove them"
    if any(horizon <= 0 for horizon in task.horizons) or _falls(task.horizons):
        yield "horizons: years above 0, ascending; correct them"
    if _falls(task.cutoffs):
        yield "cutoffs: must ascend; put them in order"
    if task.kind != "regression" and not all(0 < cutoff < 1 for cutoff in task.cutoffs):
        yield "cutoffs: probabilities between 0 and 1; correct them"
    known = {feature.name for feature in study.features} | set(study.treatment_columns)
    for other in study.tasks:
        known |= _columns_of(other)
    for name in task.excludes:
        if name not in known:
            yield f"excludes: {name!r} is no feature, treatment or outcome column; correct or remove it"


def _falls(values: list[float]) -> bool:
    return any(a >= b for a, b in pairwise(values))


def _outcome(task: Task) -> Iterator[str]:
    survival = task.kind == "survival"
    for word, text, wanted in (
        ("target", task.target, not survival),
        ("time", task.time, survival),
        ("event", task.event, survival),
        ("time_unit", task.time_unit, survival),
    ):
        if wanted and text is None:
            yield f"{word}: a {task.kind} task needs it; add it"
        elif text is not None and not wanted:
            yield f"{word}: a {task.kind} task has none; remove it"
        elif text is not None and word != "time_unit":
            conditional = word == "event" or (word == "target" and task.kind == "binary")
            yield from _expression(word, text, "condition" if conditional else "number")


def _expression(
    word: str, text: str, wanted: str, check: Callable[[Expression], str] | None = None
) -> Iterator[str]:
    try:
        expression = parse(text)
    except ExpressionError as error:
        yield f"{word}: {error}"
        return
    if expression.sort not in (wanted, "column"):
        yield f"{word}: {text!r} is a {expression.sort}; a {wanted} or a column is needed"
    elif check is None and not expression.columns:
        yield f"{word}: {text!r} reads no column; name one"
    elif check is not None and (problem := check(expression)):
        yield f"{word}: {problem}"


def _treatment(treatment: Treatment, study: Study) -> Iterator[str]:
    yield from _levels(treatment.levels, "level")
    if treatment.column in (study.identifier, study.patient):
        yield "identifies the patient; name the column that says what was given"
    if treatment.task is None:
        return
    task = next((task for task in study.tasks if task.name == treatment.task), None)
    if task is None:
        names = _known(task.name for task in study.tasks)
        yield f"task {treatment.task!r} is not in the study; use one of: {names}"
    elif task.role != "treatment" or task.kind != "binary":
        yield f"task {task.name!r} is not a binary task with role treatment; name the task that predicts it"
    elif treatment.column not in _columns_of(task):
        yield f"the target of task {task.name!r} does not read {treatment.column!r}; correct one of them"


def _trial(trial: Trial, study: Study) -> Iterator[str]:
    columns = {feature.name for feature in study.features} | set(study.treatment_columns)

    def known(expression: Expression) -> str:
        unknown = sorted(expression.columns - columns)
        if not unknown:
            return ""
        return f"{unknown[0]!r} is no feature or treatment column; use one of: {_known(sorted(columns))}"

    for word, text in (("applies", trial.applies), ("no_effect", trial.no_effect)):
        if text is not None:
            yield from _expression(word, text, "condition", known)
    for name in trial.tasks:
        task = next((task for task in study.tasks if task.name == name), None)
        if task is None:
            names = _known(task.name for task in study.tasks if task.kind == "survival")
            yield f"task {name!r} is not in the study; use one of: {names}"
        elif task.kind != "survival" or task.role != "prognosis":
            yield f"task {name!r} is no survival task with role prognosis; a hazard ratio applies to no other"
    if not trial.hazard_ratios:
        yield "has no hazard ratio; add a [[treatment.trial.hazard_ratio]] table"
    yield from _ratios(trial.hazard_ratios, applied=bool(trial.tasks))


def _ratios(ratios: list[HazardRatio], applied: bool) -> Iterator[str]:
    for ratio in ratios:
        if (ratio.low is None) != (ratio.high is None):
            yield f"hazard ratio {ratio.value:g}: give both low and high, or neither"
        elif ratio.low is not None and ratio.high is not None and not ratio.low <= ratio.value <= ratio.high:
            yield f"hazard ratio {ratio.value:g}: not between {ratio.low:g} and {ratio.high:g}; correct it"
    ends = [math.inf if ratio.end is None else ratio.end for ratio in ratios]
    starts = [ratio.start for ratio in ratios]
    joined = (
        starts[:1] in ([], [0.0])
        and starts[1:] == ends[:-1]
        and all(a < b for a, b in zip(starts, ends, strict=True))
    )
    if not joined:
        yield "hazard ratios: periods must begin at 0 and each where the last ended; correct start and end"
    elif applied and ends and ends[-1] != math.inf:
        yield f"hazard ratios: nothing after year {ends[-1]:g}; remove the last end, or empty tasks"

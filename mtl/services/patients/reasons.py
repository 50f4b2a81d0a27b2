"""Why a number is what it is: its story, the table of all contributions, and what it would be at typical values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from mtl.data.encode import encode_column
from mtl.explain.points import Floats
from mtl.explain.sentences import Story, story, typical_sentence
from mtl.expressions import parse
from mtl.language import study_language
from mtl.model.offsets import treatment_offsets, trials_of
from mtl.services.patients.answer import Answer, link
from mtl.services.patients.printing import level_of, place_of, reference, value_text
from mtl.services.patients.texts import value_text as finding_text
from mtl.services.patients.view import Finding, Heatmap, Number, Typical, Why
from mtl.study import Feature, Study, Task

LINKS = {"binary": "logistic", "multiclass": "softmax", "survival": "survival", "regression": "identity"}


def points(found: Answer, task: Task, shown: Number) -> Floats:
    """(p,) contributions on the scale of the number."""
    base, values = found.base[task.name], found.values[task.name]
    response = link(found, task, shown.horizon)
    if task.kind == "multiclass":
        return np.asarray(response.points(values, base)[:, place_of(task, shown)])
    return np.asarray(response.points(values[:, 0], float(base[0])))


def story_of(
    found: Answer, task: Task, shown: Number, start: Number, findings: tuple[Finding, ...]
) -> Story | None:
    """The strongest reasons for a number; None where it cannot be estimated."""
    if shown.value is None or start.value is None:
        return None
    cells = {finding.feature.name: finding.value for finding in findings}
    worth = points(found, task, shown)
    return story(found.study.features, task, cells, worth, start.value, shown.value, level_of(task, shown))


def why(
    found: Answer, task: Task, shown: Number, findings: tuple[Finding, ...], told_only: bool = False
) -> Why:
    """Explain one number of a task; `told_only`: with second predictions for the findings of its story alone."""
    start = reference(found, task, shown)
    reasons = story_of(found, task, shown, start, findings)
    place, visible = place_of(task, shown), set(found.study.visible(task.name))
    margin = found.values[task.name][:, place]
    worth = points(found, task, shown) if shown.value is not None else np.full(len(margin), np.nan)
    wanted = visible
    if told_only and reasons is not None:
        wanted = {one.feature for one in reasons.contributions if one.feature is not None}
    typical = _typical(found, task, shown, wanted)
    order = [j for j in np.argsort(-np.abs(margin), kind="stable") if findings[j].feature.name in visible]
    names = [findings[j].feature.name for j in order]
    told = [typical.get(name) for name in names]
    table = pd.DataFrame(
        {
            "feature": names,
            "label": [findings[j].feature.title(study_language()) for j in order],
            "finding": [findings[j].text for j in order],
            "margin": margin[order],
            "points": worth[order],
            "typical": ["" if t is None else t.text for t in told],
            "if_typical": [math.nan if t is None or t.number is None else t.number for t in told],
        }
    )
    ends = float(found.base[task.name][place]), float(found.margins[task.name][place])
    return Why(task, shown, start, reasons, table, LINKS[task.kind], *ends, typical)


def _typical(found: Answer, task: Task, shown: Number, wanted: set[str]) -> dict[str, Typical]:
    """The second predictions, all at once: a row a feature, each with that one feature at its typical value."""
    cells = found.scores.typical
    chosen = [
        (j, f)
        for j, f in enumerate(found.study.features)
        if f.name in wanted and cells.get(f.name) is not None
    ]
    if not chosen or shown.value is None:
        return {}
    X = np.repeat(found.X, len(chosen), axis=0)
    for i, (j, feature) in enumerate(chosen):
        X[i, j] = encode_column(feature, pd.Series([cells[feature.name]], dtype=object))[0][0]
    values = _responses(found, task, shown, X, [(f.name, cells[f.name]) for _, f in chosen])
    return {
        f.name: _one(f, cells[f.name], task, shown, value)
        for (_, f), value in zip(chosen, values, strict=True)
    }


def _responses(
    found: Answer, task: Task, shown: Number, X: Floats, changed: list[tuple[str, Any]]
) -> list[float]:
    margin = found.reader.predictor.margins(X, (task.name,))[task.name]
    if task.kind != "survival":
        response = link(found, task, None).response(margin)
        return [float(v) for v in response[:, place_of(task, shown)]]
    offset = np.repeat(found.offsets[task.name][None, :], len(X), axis=0)
    # a finding may decide whether a trial applies
    read = _read_by_trials(found.study, task.name)
    deciding = [i for i, (name, _) in enumerate(changed) if name in read]
    if deciding:
        row = found.row[[name for name in found.row.columns if name in read]].astype(object)
        table = pd.concat([row.assign(**dict([changed[i]])) for i in deciding], ignore_index=True)
        offset[deciding] = treatment_offsets(found.study, table, task.name).values
    years = np.array([shown.horizon])
    return [float(v) for v in found.baseline(task.name).risk(margin[:, 0], offset, years)[:, 0]]


def _read_by_trials(study: Study, task: str) -> frozenset[str]:
    """Columns that decide which trial's effect, if any, a task's risk as treated holds."""
    conditions = [
        condition
        for treatment, trials in trials_of(study, task)
        for condition in (
            study.given(treatment.column),
            *(text for trial in trials for text in (trial.applies, trial.no_effect) if text),
        )
    ]
    return frozenset().union(*(parse(condition).columns for condition in conditions))


def _one(feature: Feature, cell: Any, task: Task, shown: Number, value: float) -> Typical:
    sentence = typical_sentence(feature, cell, task, value, level_of(task, shown), task.decimals)
    return Typical(feature.name, cell, finding_text(feature, cell), value, value_text(task, value), sentence)


def heatmap(found: Answer, tasks: list[tuple[Task, Number]], findings: tuple[Finding, ...]) -> Heatmap:
    """Contributions of all tasks, each in units of its own spread; for a multiclass task, of the number's class."""
    values = np.zeros((len(findings), len(tasks)))
    hidden = np.zeros(values.shape, dtype=bool)
    spread = found.scores.spread
    for t, (task, shown) in enumerate(tasks):
        place, visible = place_of(task, shown), set(found.study.visible(task.name))
        hidden[:, t] = [finding.feature.name not in visible for finding in findings]
        unit = spread.get(task.name, [0.0] * (place + 1))[place]
        if unit > 0:
            values[:, t] = found.values[task.name][:, place] / unit
    texts = tuple(f"{f.feature.title(study_language())}: {f.text}" for f in findings)
    return Heatmap(
        tuple(finding.feature for finding in findings),
        tuple(task for task, _ in tasks),
        values,
        hidden,
        texts,
        tuple(shown.category for _, shown in tasks),
    )

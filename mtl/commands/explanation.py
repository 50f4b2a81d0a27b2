"""One patient's number explained: contributions on the margin, in points, and in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.explain.attribution import Attribution
from mtl.explain.points import Identity, Link, Logistic, Softmax, SurvivalRisk
from mtl.explain.sentences import Story, finding_text, story
from mtl.model.offsets import treatment_offsets
from mtl.model.outputs import horizon_name, output_names
from mtl.multitask import MultiTaskModel
from mtl.study import Feature, Level, Task

Floats = NDArray[np.float64]

USUAL_HORIZON = 5.0  # years


@dataclass(frozen=True)
class Part:
    """What one feature adds: to the margin, and in points on the scale of the number shown."""

    feature: Feature
    finding: str
    margin: float
    points: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "feature": self.feature.name,
            "finding": self.finding,
            "margin": self.margin,
            "points": self.points,
        }


@dataclass(frozen=True)
class Explained:
    """One output column of a patient.

    ``base + sum of parts' margin == margin`` and ``start + sum of parts' points == value``; `start` is the reference
    patient's number. Parts are of the features that the task may see, the largest first.
    """

    column: str
    base: float
    margin: float
    start: float
    value: float
    parts: tuple[Part, ...]
    story: Story

    @property
    def sentences(self) -> list[str]:
        """The strongest contributions, said."""
        told = [contribution.sentence for contribution in self.story.contributions]
        return told + ([self.story.others.sentence] if self.story.others else [])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `--json` prints them."""
        return {
            "base": self.base, "margin": self.margin, "start": self.start, "value": self.value,
            "contributions": [part.to_dict() for part in self.parts], "sentences": self.sentences,
        }  # fmt: skip


def headline(task: Task, values: dict[str, dict[str, Any]]) -> str | None:
    """The column to speak of first: the most probable class, the 5-year risk or the middle one; None without a value."""
    if task.kind == "multiclass":
        return max(values, key=lambda column: values[column]["value"])
    if task.kind != "survival":
        return task.name
    usual = USUAL_HORIZON if USUAL_HORIZON in task.horizons else task.horizons[len(task.horizons) // 2]
    estimable = [h for h in task.horizons if values[horizon_name(task.name, h)]["value"] is not None]
    if not estimable:
        return None
    return horizon_name(task.name, usual if usual in estimable else estimable[-1])


def explain_task(model: MultiTaskModel, row: pd.DataFrame, task: str) -> list[Explained]:
    """Every output column of a task for a table of one row; horizons that cannot be estimated are left out."""
    attribution = model.explain(row, task)
    definition = model.study.task(task)
    values, base = attribution.values[0], np.asarray(attribution.base, dtype=np.float64)
    if definition.kind == "multiclass":
        return _classes(model, definition, attribution, values, base)
    links = (
        _survival_links(model, definition, row)
        if definition.kind == "survival"
        else {task: _plain_link(definition)}
    )
    return [
        _explained(model, attribution, definition, column, (values, float(base)), link)
        for column, link in links.items()
    ]


def _plain_link(task: Task) -> Link:
    return Logistic() if task.kind == "binary" else Identity()


def _survival_links(model: MultiTaskModel, task: Task, row: pd.DataFrame) -> dict[str, Link]:
    baseline = model.predictor_.task(task.name).baseline
    offset = treatment_offsets(model.study, row, task.name).values[0]
    links: dict[str, Link] = {}
    for years in task.horizons if baseline is not None else ():
        if baseline is not None and baseline.estimable(years):
            hazard = baseline.increments(np.array([years]))[0]
            links[horizon_name(task.name, years)] = SurvivalRisk.of(hazard, offset)
    return links


def _classes(
    model: MultiTaskModel, task: Task, attribution: Attribution, values: Floats, base: Floats
) -> list[Explained]:
    link = Softmax()
    points = link.points(values, base)
    start, end = link.response(base), link.response(base + values.sum(axis=0))
    found = []
    for k, column in enumerate(output_names(model.study, task)):
        between = (float(start[k]), float(end[k]))
        found.append(
            _told(
                model,
                attribution,
                task,
                column,
                (values[:, k], float(base[k])),
                points[:, k],
                between,
                task.classes[k],
            )
        )
    return found


def _explained(
    model: MultiTaskModel,
    attribution: Attribution,
    task: Task,
    column: str,
    margin: tuple[Floats, float],
    link: Link,
) -> Explained:
    values, base = margin
    start, end = link.response(np.array([base, base + values.sum()]))
    points = link.points(values, base)
    return _told(model, attribution, task, column, margin, points, (float(start), float(end)), None)


def _told(
    model: MultiTaskModel,
    attribution: Attribution,
    task: Task,
    column: str,
    margin: tuple[Floats, float],
    points: Floats,
    between: tuple[float, float],
    category: Level | None,
) -> Explained:
    values, base = margin
    findings = {name: attribution.data[name].iloc[0] for name in attribution.features}
    features = model.study.features
    visible = set(model.study.visible(task.name))
    parts = [
        Part(feature, finding_text(feature, findings[feature.name]), float(values[j]), float(points[j]))
        for j, feature in enumerate(features)
        if feature.name in visible
    ]
    parts.sort(key=lambda part: -abs(part.margin))
    told = story(features, task, findings, points, *between, category)
    return Explained(column, base, base + float(values.sum()), *between, tuple(parts), told)

"""A model as a whole, on a sample of a cohort: what matters to which task, how, and what the tasks share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.explain.global_importance import Band, bands, importance, ranks
from mtl.language import _, number, study_language
from mtl.services import owners, trail
from mtl.services.loaded import record
from mtl.services.patients import witness
from mtl.services.patients.cases import CaseError, open_case
from mtl.services.patients.similar import decoded
from mtl.services.patients.texts import value_text
from mtl.services.patients.view import Floats
from mtl.services.users import current, require
from mtl.store import leaves
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.overall import Overall
from mtl.store.overall import overall as computed
from mtl.study import Feature, Task

__all__ = [
    "AskError",
    "Dependence",
    "Importance",
    "Mark",
    "Shares",
    "Swarm",
    "SwarmRow",
    "dependence",
    "importances",
    "shares",
    "swarm",
    "that_matter",
]

SWARMED = 8  # features of a beeswarm
STEPS = 8  # groups of equal size along a number's axis
FEW_LEVELS = 8


class AskError(ValueError):
    """A question about a task, class or feature that the model does not have."""


@dataclass(frozen=True, eq=False)
class Importance:
    """Mean absolute contributions.

    Attributes
    ----------
    features : tuple of Feature
        f rows, the most important over all tasks first.
    tasks : tuple of Task
    values : (f, t)
        In units of each task's own spread (standard deviation of its margins).
    hidden : bool (f, t)
        The task may not see the feature.
    n, n_cohort, n_held_out : int
        Patients of the sample, of the cohort, and of the sample those in training, whose contributions come from a
        predictor that did not see them.
    """

    features: tuple[Feature, ...]
    tasks: tuple[Task, ...]
    values: Floats
    hidden: NDArray[np.bool_]
    n: int
    n_cohort: int
    n_held_out: int


@dataclass(frozen=True, eq=False)
class SwarmRow:
    """One feature of a beeswarm: its mean absolute contribution, each patient's contribution and the rank of the
    patient's value (0 to 1, NaN where missing), and the contributions by value in words."""

    feature: Feature
    importance: float
    contributions: Floats
    ranks: Floats
    bands: tuple[tuple[str, Band], ...]


@dataclass(frozen=True, eq=False)
class Swarm:
    """Contributions of one task (one class of it), the most important features first."""

    task: Task
    category: str | None
    scale: str
    rows: tuple[SwarmRow, ...]
    n_features: int


@dataclass(frozen=True)
class Mark:
    """Where a patient stands: key and identifier of the case, value (NaN where missing) in words, contribution."""

    key: str
    identifier: str
    x: float
    text: str
    contribution: float


@dataclass(frozen=True, eq=False)
class Dependence:
    """Contribution of one feature against its value, (m,) each.

    `ticks` names the levels of a feature that has few values; it is empty for a number. `mark` is the current patient.
    """

    task: Task
    category: str | None
    feature: Feature
    scale: str
    x: Floats
    contributions: Floats
    ticks: tuple[tuple[float, str], ...]
    bands: tuple[tuple[str, Band], ...]
    mark: Mark | None


@dataclass(frozen=True, eq=False)
class Shares:
    """What the experts and the tasks share.

    Attributes
    ----------
    tasks : tuple of Task
    experts : (t, 3)
        Share of linear, own and shared trees in the absolute contributions; a row sums to 1, or is 0.
    of, outputs : tuple of str
        Task, and name in the reader's language, of each of the k outputs of the shared trees.
    likeness : (k, k)
        Correlation of leaf values; NaN where there is none.
    apart : bool (k, k)
        The two see different findings, so they share no tree.
    trees : int (k, k)
    """

    tasks: tuple[Task, ...]
    experts: Floats
    of: tuple[str, ...]
    outputs: tuple[str, ...]
    likeness: Floats
    apart: NDArray[np.bool_]
    trees: NDArray[np.int64]


def _asked(cohort: str) -> tuple[Cohort, Overall]:
    require("cohort:read")
    found = owners.cohort(cohort)
    if found.model is None or found.scores is None:
        raise CohortError(
            f"cohort {found.name!r} has no predictions yet; wait for its model or choose another cohort"
        )
    return found, computed(found, record(found.model))


def that_matter(cohort: Cohort) -> tuple[Feature, ...]:
    """Inputs that matter: decisive for at least one task among the patients the model was trained on.

    Where those are not in the store, among the cohort's own. A feature is decisive for a task when it is one of the
    fewest that make up half of the task's summed mean absolute contributions.
    """
    require("cohort:read")
    model = record(str(cohort.model))
    trained = leaves.training_cohort(model)
    ground = trained if trained is not None and trained.model == cohort.model else cohort
    return tuple(cohort.study.features[j] for j in computed(ground, model).matter)


def importances(cohort: str) -> Importance:
    """Mean absolute contributions of every feature to every task; CohortError where the cohort has no numbers."""
    found, made = _asked(cohort)
    study = found.study
    tasks = tuple(task for task in study.tasks if task.name in made.tasks)
    values = np.column_stack([made.importance(task.name) for task in tasks])
    seen = [set(study.visible(task.name)) for task in tasks]
    hidden = np.array([[f.name not in names for names in seen] for f in study.features])
    order = np.argsort(-values.sum(axis=1), kind="stable")
    return Importance(
        features=tuple(study.features[j] for j in order),
        tasks=tasks,
        values=values[order],
        hidden=hidden[order],
        n=len(made.rows),
        n_cohort=found.n,
        n_held_out=int((made.folds >= 0).sum()),
    )


def _output(found: Cohort, made: Overall, task: str, category: str | None) -> tuple[Task, int, str | None]:
    """A task, which of its outputs, and the class of that output: the first class if none is asked for."""
    if task not in made.tasks:
        raise AskError(f"the model has no task {task[:80]!r}; it has {', '.join(made.tasks)}")
    entry = found.study.task(task)
    if entry.kind != "multiclass":
        return entry, 0, None
    names = [level.text for level in entry.classes]
    place = names.index(category) if category in names else 0
    return entry, place, names[place]


def scale_text(task: Task) -> str:
    """The additive scale of a task's contributions, in words."""
    if task.kind == "regression":
        return task.unit.get(study_language()) or _("the task's own unit")
    return {"binary": _("log-odds"), "multiclass": _("logit"), "survival": _("log hazard")}[task.kind]


def swarm(cohort: str, task: str, category: str | None = None) -> Swarm:
    """Contributions to one task over the sample; AskError where the model has no such task."""
    found, made = _asked(cohort)
    entry, place, level = _output(found, made, task, category)
    values = made.values(task)[:, :, place]
    weights = importance(values[:, :, None])
    seen = set(found.study.visible(task))
    order = [j for j in np.argsort(-weights, kind="stable") if found.study.features[j].name in seen]
    rows = []
    for j in order[:SWARMED]:
        feature = found.study.features[j]
        rows.append(
            SwarmRow(
                feature,
                float(weights[j]),
                values[:, j],
                ranks(made.X[:, j]),
                _told(feature, bands(made.X[:, j], values[:, j], _is_level(feature))),
            )
        )
    return Swarm(entry, level, scale_text(entry), tuple(rows), len(order))


def dependence(
    cohort: str, task: str, feature: str, category: str | None = None, case: str | None = None
) -> Dependence:
    """Contribution of one feature against its value, with a patient of the same model marked where one is given.

    Raises AskError where the model has no such task, or the task may not see such a feature.
    """
    found, made = _asked(cohort)
    entry, place, level = _output(found, made, task, category)
    seen = found.study.visible(task)
    if feature not in seen:
        raise AskError(f"task {task[:80]!r} sees no feature {feature[:80]!r}; it sees {', '.join(seen)}")
    j = [one.name for one in found.study.features].index(feature)
    one = found.study.features[j]
    x, y = made.X[:, j], made.values(task)[:, j, place]
    known = np.unique(x[~np.isnan(x)])
    few = _is_level(one) or len(known) <= FEW_LEVELS
    ticks = tuple((float(v), value_text(one, decoded(one, float(v)))) for v in known) if few else ()
    return Dependence(
        entry, level, one, scale_text(entry), x, y, ticks, _told(one, bands(x, y, few, STEPS)),
        None if case is None else _mark(found, case, task, j, place),
    )  # fmt: skip


def _mark(found: Cohort, key: str, task: str, j: int, place: int) -> Mark | None:
    """Where a case stands, by the predictor that answers for it; None for one of another model, or without leave."""
    if not current().may("case:read"):
        return None
    try:
        with witness.unseen():
            case = open_case(key)
    except CaseError:
        return None
    if case.model.key != found.model or task not in case.answer.values:
        return None
    finding = case.findings[j]
    trail.note_view("mark case", found.key, case_key=key, finding=finding.feature.name)
    x, y = float(case.answer.X[0, j]), float(case.answer.values[task][j, place])
    return Mark(key, case.identifier, x, finding.text, y)


def _is_level(feature: Feature) -> bool:
    return feature.kind != "numeric"


def _told(feature: Feature, found: Sequence[Band]) -> tuple[tuple[str, Band], ...]:
    return tuple((_band_text(feature, band), band) for band in found)


def _band_text(feature: Feature, band: Band) -> str:
    if np.isnan(band.low):
        return _("not measured")
    low = value_text(feature, decoded(feature, band.low))
    if band.low == band.high:
        return low
    if feature.kind == "numeric":
        low = number(band.low, feature.decimals)
    return _("{low} to {high}").format(low=low, high=value_text(feature, decoded(feature, band.high)))


def shares(cohort: str) -> Shares:
    """What each task's contributions come from, and how alike the tasks are in the leaves they share."""
    found, made = _asked(cohort)
    tasks = tuple(task for task in found.study.tasks if task.name in made.tasks)
    held = made.sharing
    names = []
    for name, place in held.outputs:
        entry = found.study.task(name)
        title = entry.title(study_language())
        if entry.kind == "multiclass":
            title = _("{label}: {value}").format(
                label=title, value=entry.classes[place].get(study_language())
            )
        names.append(title)
    return Shares(
        tasks,
        np.array([made.experts(task.name) for task in tasks]),
        tuple(name for name, _place in held.outputs),
        tuple(names),
        held.likeness,
        held.forest[:, None] != held.forest[None, :],
        held.trees,
    )

"""How a finding and what it adds are said, in the study's words and the reader's language.

Contributions are associations, never effects, so a sentence says "13 points higher", not "raises". What a
prediction would be at another value is a second prediction and has a sentence of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.explain.rounding import printed
from mtl.language import _, measured, ngettext, number, percent, study_language

if TYPE_CHECKING:
    from mtl.study import Feature, Level, Task

Floats = NDArray[np.float64]

AT_FIRST_SIGHT = 5  # contributions a reader takes in; the full table is one click away
_YES = {"true", "yes", "y", "1", "1.0"}
_NO = {"false", "no", "n", "0", "0.0"}


@dataclass(frozen=True)
class Contribution:
    """One line of an explanation.

    Attributes
    ----------
    feature : str or None
        Name of the feature; None for the others together.
    finding : str
        "Positive nodes: 4".
    points : float
        As printed: percentage points, or the target's unit.
    exact : float
        Before rounding, in the same unit.
    sentence : str
        "Positive nodes 4: 13 points higher".
    """

    feature: str | None
    finding: str
    points: float
    exact: float
    sentence: str


@dataclass(frozen=True)
class Story:
    """The strongest contributions, from the reference patient's number to the patient's.

    ``start + sum of points + others' points == end``, all as printed with `decimals` digits.
    """

    start: float
    end: float
    contributions: tuple[Contribution, ...]
    others: Contribution | None
    decimals: int


def is_missing(value: object) -> bool:
    """Whether a recorded value says nothing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, float | np.floating) and math.isnan(value)


def value_text(feature: Feature, value: object) -> str:
    """Write a feature's value with its unit: "61 fmol/mg", "postmenopausal", "yes", "not measured".

    A number has the feature's decimals, or up to three digits after the point. A level that the study does
    not know is written as it was recorded.
    """
    if is_missing(value):
        return _("not measured")
    level = _level(feature.levels, value)
    if level is not None:
        return _with_unit(feature, level.get(study_language()))
    if feature.kind == "boolean":
        word = str(value).strip().lower()
        if word in _YES | _NO:
            return _("yes") if word in _YES else _("no")
    amount = _number(value)
    if amount is None or feature.kind == "categorical":
        return str(value).strip()
    return _with_unit(feature, measured(amount, feature.decimals))


def finding_text(feature: Feature, value: object) -> str:
    """Write a finding for a table: "Positive nodes: 4", "Progesterone receptor: not measured"."""
    label = feature.title(study_language())
    return _("{label}: {value}").format(label=label, value=value_text(feature, value))


def subject_text(feature: Feature, value: object) -> str:
    """Write a finding for a sentence, without a colon: "ER 61 fmol/mg", "Grade (not measured)"."""
    label, text = feature.title(study_language()), value_text(feature, value)
    if text.casefold().startswith(label.casefold()):  # a level called "grade 3" of the feature "Grade"
        return text
    if text[:1].isdigit() or text[:1] in "−<>≤≥":
        return _("{label} {value}").format(label=label, value=text)
    return _("{label} ({value})").format(label=label, value=text)


def contribution_sentence(
    task: Task, subject: str, points: float, decimals: int = 0, category: Level | None = None
) -> str:
    """Say what a finding adds.

    Parameters
    ----------
    task : Task
    subject : str
        From `subject_text`.
    points : float
        As printed: percentage points, or the unit of a regression's target.
    decimals : int
        Digits after the point of `points`.
    category : Level, optional
        The class spoken of, for a multiclass task.
    """
    size, higher = abs(points), points > 0
    if task.kind == "regression":
        amount = _amount(task, size, decimals)
        if not size:
            return _("{finding}: no difference").format(finding=subject)
        sentence = _("{finding}: {amount} higher") if higher else _("{finding}: {amount} lower")
        return sentence.format(finding=subject, amount=amount)
    # gettext's plural takes a whole number: 1.5 points are more than one
    count = 1 if size == 1 else max(2, math.ceil(size))
    shown = number(size, decimals)
    if not size:
        return _("{finding}: 0 points").format(finding=subject)
    if category is not None:
        sentence = (
            ngettext(
                "{finding}: {points} point more for {category}",
                "{finding}: {points} points more for {category}",
                count,
            )
            if higher
            else ngettext(
                "{finding}: {points} point less for {category}",
                "{finding}: {points} points less for {category}",
                count,
            )
        )
        return sentence.format(finding=subject, points=shown, category=category.get(study_language()))
    sentence = (
        ngettext("{finding}: {points} point higher", "{finding}: {points} points higher", count)
        if higher
        else ngettext("{finding}: {points} point lower", "{finding}: {points} points lower", count)
    )
    return sentence.format(finding=subject, points=shown)


def story(
    features: Sequence[Feature],
    task: Task,
    findings: Mapping[str, object],
    points: Floats,
    start: float,
    end: float,
    category: Level | None = None,
    most: int = AT_FIRST_SIGHT,
) -> Story:
    """Tell the strongest contributions, and the others together.

    Parameters
    ----------
    features : p Feature
    task : Task
    findings : mapping
        The patient's recorded value of each feature, by name: a row of `Attribution.data`; absent is not
        measured.
    points : float64 (p,)
        From a link's `points`: probabilities (0.13 is 13 points), or the target's unit for a regression.
    start, end : float
        Reference patient's and patient's number on the same scale.
    category : Level, optional
        The class that `points` belong to, for a multiclass task.
    most : int
        Contributions told one by one; one more where only that one would be left over.

    Raises
    ------
    ValueError
        If the points do not lead from `start` to `end`.
    """
    exact = np.asarray(points, dtype=np.float64)
    if exact.shape != (len(features),):
        raise ValueError(f"task {task.name!r}: {exact.shape} points for {len(features)} features")
    decimals = _decimals(task, exact, start, end) if task.kind == "regression" else 0
    if task.kind != "regression":
        exact, start, end = 100 * exact, 100 * start, 100 * end
    order = np.argsort(-np.abs(exact), kind="stable")
    order = order[exact[order] != 0]  # what the task may not see, or did not use, is not among "the others"
    # one left over is told by its name
    told, rest = (order[:most], order[most:]) if len(order) > most + 1 else (order, order[:0])
    # summed in full so that the rounding is asked for what the page shows
    shown = printed(np.append(exact[told], exact[rest].sum()), start, end, decimals)
    lines = []
    for place, index in enumerate(told):
        feature, worth = features[index], float(shown.points[place])
        value = findings.get(feature.name)
        sentence = contribution_sentence(task, subject_text(feature, value), worth, decimals, category)
        lines.append(
            Contribution(feature.name, finding_text(feature, value), worth, float(exact[index]), sentence)
        )
    others = None
    if len(rest):
        name = _("The other {count} together").format(count=number(len(rest)))
        worth = float(shown.points[-1])
        sentence = contribution_sentence(task, name, worth, decimals, category)
        others = Contribution(None, name, worth, float(exact[rest].sum()), sentence)
    return Story(shown.start, shown.end, tuple(lines), others, decimals)


def typical_sentence(
    feature: Feature,
    typical: object,
    task: Task,
    prediction: float,
    category: Level | None = None,
    decimals: int | None = None,
) -> str:
    """Say what the prediction would be at the typical value of a feature, everything else as it is.

    Parameters
    ----------
    feature : Feature
    typical : object
        The value put in its place.
    task : Task
    prediction : float
        The model's answer to the changed patient: a second prediction, not a contribution. A probability, or
        the target's unit for a regression.
    category : Level, optional
        The class that `prediction` belongs to, for a multiclass task.
    decimals : int, optional
        Digits of a regression's prediction: those of the `Story` it stands beside.
    """
    value = value_text(feature, typical)
    if task.kind == "regression":
        amount = _amount(task, prediction, task.decimals if decimals is None else decimals)
        return _("At the typical value ({value}) the prediction would be {amount}").format(
            value=value, amount=amount
        )
    shown = percent(prediction)
    if category is not None:
        sentence = _("At the typical value ({value}) the probability of {category} would be {percent}")
        return sentence.format(value=value, category=category.get(study_language()), percent=shown)
    if task.role == "prognosis":
        return _("At the typical value ({value}) the risk would be {percent}").format(
            value=value, percent=shown
        )
    return _("At the typical value ({value}) the probability would be {percent}").format(
        value=value, percent=shown
    )


def _decimals(task: Task, points: Floats, start: float, end: float) -> int:
    """Digits the study asks for, else those that show the largest contribution with two figures."""
    if task.decimals is not None:
        return task.decimals
    largest = max(float(np.abs(points).max(initial=0)), abs(end - start))
    return 0 if largest == 0 or not math.isfinite(largest) else max(0, 1 - math.floor(math.log10(largest)))


def _amount(task: Task, size: float, decimals: int | None) -> str:
    unit = task.unit.get(study_language())
    return f"{number(size, decimals)} {unit}" if unit else number(size, decimals)


def _with_unit(feature: Feature, text: str) -> str:
    unit = feature.unit.get(study_language())
    return f"{text} {unit}" if unit and text[-1:].isdigit() else text


def _level(levels: Sequence[Level], value: object) -> Level | None:
    amount = _number(value)
    for level in levels:
        other = _number(level.value)
        if amount is not None and other is not None and amount == other:
            return level
        if level.text == str(value).strip():
            return level
    return None


def _number(value: object) -> float | None:
    try:
        amount = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return amount if math.isfinite(amount) else None

"""What a page shows of one case: frozen, printed once, ready to draw."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.explain.sentences import Story
from mtl.services.patients.answer import Answer
from mtl.services.summary import ModelSummary
from mtl.study import Feature, Study, Task, Treatment

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Finding:
    """One feature of a patient.

    Attributes
    ----------
    feature : Feature
    value : object
        As recorded (or edited); None when missing.
    text : str
        The value with its unit, or "not measured".
    missing : bool
        The model gets no value: none was recorded, or none that it can read.
    unusual : str or None
        "out_of_range": outside the study's valid range. "unseen": recorded, but no number or no level that the
        study knows, so it counts as missing.
    edited : bool
        Differs from the record (what-if).
    """

    feature: Feature
    value: object
    text: str
    missing: bool
    unusual: str | None
    edited: bool = False


@dataclass(frozen=True)
class Given:
    """What is recorded about one treatment; `given` is None where the record does not say."""

    treatment: Treatment
    text: str
    given: bool | None


@dataclass(frozen=True)
class Number:
    """One number of a patient.

    Attributes
    ----------
    column : str
        The output column: "malignant", "stage=3", "recurrence@5y", "recurrence@5y.untreated".
    label : str
        What it is, in the reader's language: "5 years", the class, the task.
    value : float or None
        Probability, risk, or value in the task's unit; None where it cannot be estimated.
    text : str
        The value as every panel prints it ("32 %", "1,203 mm²"), "–" where there is none.
    low, high : float or None
        90 % interval, where there is one.
    n_eff : float or None
        Size of the simple sample of patients from which a risk would be known as well.
    reason : str
        Why there is no value; empty otherwise.
    cohort_median : float or None
        Median of the column over the cohort.
    cohort_share_below : float or None
        Share of the cohort with a smaller number, 0 to 1.
    horizon : float or None
        Years, for a survival task.
    category : str or None
        The class's `Level.text`, for a multiclass task.
    """

    column: str
    label: str
    value: float | None
    text: str
    low: float | None = None
    high: float | None = None
    reason: str = ""
    cohort_median: float | None = None
    cohort_share_below: float | None = None
    horizon: float | None = None
    category: str | None = None
    n_eff: float | None = None


@dataclass(frozen=True, eq=False)
class Curve:
    """Risk over time of a survival task.

    Attributes
    ----------
    years : (m,)
        From 0 to `estimable_until`.
    risk : (m,)
        Probability of the event by each time, as treated.
    reference : (m,)
        The same for the reference patient, treated as this one.
    estimable_until : float
        Last time, in years, with enough patients at risk.
    median : float or None
        First time at which the risk reaches one half; None where it does not within the curve.
    low, high : (m,) or None
        The 90 % band, where there is one.
    """

    years: Floats
    risk: Floats
    reference: Floats
    estimable_until: float
    median: float | None
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True)
class TaskOutput:
    """One task's answer for a patient.

    Attributes
    ----------
    task : Task
    kind : str
        The task's kind.
    numbers : tuple of Number
        Binary, regression: one. Multiclass: one a class. Survival: one a horizon, as treated.
    headline : Number
        The one to show first, also in `numbers`: the most probable class, the horizon asked for or the 5-year one
        (else the middle one).
    reference : Number
        The headline's number for the reference patient (survival: treated as this one).
    untreated : tuple of Number
        Survival where a trial gives the effect of a treatment: the risks without it, one a horizon. Else empty.
    curve : Curve or None
        Survival only.
    story : Story or None
        The strongest reasons for the headline; None where it cannot be estimated.
    """

    task: Task
    kind: str
    numbers: tuple[Number, ...]
    headline: Number
    reference: Number
    untreated: tuple[Number, ...]
    curve: Curve | None
    story: Story | None


@dataclass(frozen=True)
class Case:
    """One patient, every task.

    Attributes
    ----------
    key : str
        Opaque; fit for an address.
    cohort, cohort_name : str
        The cohort's key and name.
    identifier : str
        As recorded: for the screen, never for an address or a log.
    study : Study
    model : ModelSummary
    findings : tuple of Finding
        One a feature, in study order.
    known, of : int
        Features with a value, and features.
    in_training : bool
        The patient was in the training set: all numbers and explanations come from a predictor that did not see them.
    novel : bool
        Out of distribution: the findings are unlike those of the training patients.
    treatments : tuple of Given
    outputs : tuple of TaskOutput
        In pathway order: diagnosis, treatment, prognosis.
    left_out : dict
        Tasks of the study without a model, with the reason.
    private : bool
        Typed in by the user who asks, and seen by nobody else.
    answer : Answer
        What the services need to explain it further; nothing to show.
    """

    key: str
    cohort: str
    cohort_name: str
    identifier: str
    study: Study
    model: ModelSummary
    findings: tuple[Finding, ...]
    known: int
    of: int
    in_training: bool
    novel: bool
    treatments: tuple[Given, ...]
    outputs: tuple[TaskOutput, ...]
    left_out: dict[str, str]
    private: bool
    answer: Answer = field(repr=False, compare=False)

    def output(self, task: str) -> TaskOutput:
        """The answer of one task; KeyError naming those there are."""
        for found in self.outputs:
            if found.task.name == task:
                return found
        raise KeyError(
            f"the case has no task {task!r}; it has {', '.join(o.task.name for o in self.outputs)}"
        )

    def finding(self, feature: str) -> Finding:
        """One finding by its feature's name; KeyError when there is none."""
        for found in self.findings:
            if found.feature.name == feature:
                return found
        raise KeyError(f"the study has no feature {feature!r}")


@dataclass(frozen=True)
class Typical:
    """The second prediction with one feature at its typical value in the cohort.

    Attributes
    ----------
    feature : str
    value : object
        The cohort's median (numeric, ordinal) or commonest value, as it would be recorded.
    text : str
        That value as printed.
    number : float or None
        What the headline would be.
    number_text : str
        As printed.
    sentence : str
    """

    feature: str
    value: object
    text: str
    number: float | None
    number_text: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Why:
    """One task's number of one patient, explained.

    Attributes
    ----------
    task : Task
    number : Number
        The number explained.
    reference : Number
        The reference patient's.
    story : Story or None
        None where the number cannot be estimated.
    table : DataFrame
        All features the task may see, largest absolute contribution first: "feature" (name), "label", "finding" (text),
        "margin" (contribution), "points" (on the scale of `number`: 0.13 is 13 points), "typical" (text of the value),
        "if_typical" (the second prediction, NaN where there is none).
    link : str
        "logistic" (log-odds), "softmax" (logit), "survival" (log hazard) or "identity".
    base, margin : float
        On the additive scale: base + the table's margins = margin. For a class of a multiclass task, that class's logit.
    typical : dict
        Feature name -> Typical, for the features the task may see, or for those of the story where only these were
        asked for.
    """

    task: Task
    number: Number
    reference: Number
    story: Story | None
    table: pd.DataFrame
    link: str
    base: float
    margin: float
    typical: dict[str, Typical]


@dataclass(frozen=True, eq=False)
class Heatmap:
    """All tasks' contributions at once.

    Attributes
    ----------
    features : tuple of Feature
        f rows.
    tasks : tuple of Task
        t columns, in pathway order.
    values : float64 (f, t)
        Contributions to the margin, each task in units of its own spread (standard deviation of its margins over the
        training patients); for a multiclass task of its most probable class. 0 where hidden.
    hidden : bool (f, t)
        The task may not see the feature.
    findings : tuple of str
        f texts, "Positive nodes: 4".
    categories : tuple of (str or None)
        t: the class shown of a multiclass task.
    """

    features: tuple[Feature, ...]
    tasks: tuple[Task, ...]
    values: Floats
    hidden: NDArray[np.bool_]
    findings: tuple[str, ...]
    categories: tuple[str | None, ...]


@dataclass(frozen=True)
class WhatIf:
    """A case as recorded and as edited, by the same predictor.

    Attributes
    ----------
    before, after : Case
    edits : dict
        Those that change something, as they were understood.
    warnings : tuple of str
        Where the edited patient leaves the data.
    """

    before: Case
    after: Case
    edits: dict[str, object]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class OwnOutcome:
    """What became of the patient in one task: "yes", "no event in 5.2 years", "not recorded"."""

    task: Task
    text: str
    recorded: bool

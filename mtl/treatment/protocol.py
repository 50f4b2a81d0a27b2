"""The protocol of a target trial: who is eligible, what is compared, what is followed, and who is then analysed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from mtl.data.notes import DataError
from mtl.data.targets import target_of
from mtl.expressions import ExpressionError, cells, parse
from mtl.model.offsets import FALSE, TRUE, UNKNOWN, holds
from mtl.study import Study, StudyError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FEWEST = 20  # patients of an arm, and patients of an arm still followed at the horizon
FEWEST_EVENTS = 10


class ProtocolError(ValueError):
    """A protocol that the study cannot answer; the message says what to change and holds no patient's value."""


class Entry(BaseModel):
    """What all parts of a protocol and of a result share: they never change, and nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Protocol(Entry):
    """The trial that one would have liked to run.

    `treatment` is a treatment column of the study and `outcome` a survival task; `horizon` is in years. `given` are the
    levels of the column that count as treated and `against` those it is compared with; left empty, the study's own
    condition of "given" and its contrary. `eligibility` is an expression over findings known when treatment is
    chosen; empty, everybody is eligible. `subgroups` are conditions for the exploration of heterogeneity.
    """

    treatment: str
    outcome: str
    horizon: Annotated[FiniteFloat, Field(gt=0)]
    eligibility: Annotated[str, Field(max_length=2000)] = ""
    given: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    subgroups: Annotated[tuple[str, ...], Field(max_length=8)] = ()
    seed: Annotated[int, Field(ge=0, le=2**31)] = 0


class Step(Entry):
    """One line of the flow of patients: why some left ("eligible", "unknown_eligible", "treatment", "outcome"),
    how many, and how many stayed."""

    reason: str
    removed: int
    left: int


class Refusal(Entry):
    """Why there is no answer: a reason and the numbers of its sentence."""

    reason: str
    count: int = 0
    needed: int = 0


@dataclass(frozen=True)
class Arms:
    """The patients analysed: `rows` are their places in the table, `treated` their arm, `time` in years."""

    rows: NDArray[np.intp]
    treated: Bools
    time: Floats
    event: Bools
    flow: tuple[Step, ...]

    @property
    def arm(self) -> Floats:
        """1 for treated, 0 for untreated, (n,)."""
        return self.treated.astype(np.float64)


def confounders(study: Study, treatment: str) -> list[str]:
    """What is adjusted for: every feature that the treatment's task may see, but no outcome and no treatment.

    Raises
    ------
    StudyError
        The study has no such treatment.

    Examples
    --------
    >>> from mtl.data.samples import load_sample
    >>> confounders(load_sample("rotterdam")[0], "hormon")
    ['year', 'age', 'meno', 'size', 'grade', 'nodes', 'pgr', 'er']
    """
    task = study.treatment(treatment).task
    seen = study.visible(task) if task else _before_outcomes(study)
    barred = {*study.survival_columns, *study.treatment_columns}
    return [name for name in seen if name not in barred]


def _before_outcomes(study: Study) -> list[str]:
    """Features that every survival task may see, for a treatment that has no task of its own."""
    seen = [set(study.visible(task.name)) for task in study.tasks if task.kind == "survival"]
    return [f.name for f in study.features if seen and all(f.name in one for one in seen)]


def check(study: Study, protocol: Protocol) -> None:
    """See that a study can answer a protocol.

    Raises
    ------
    ProtocolError
        It has no such treatment, level, outcome or horizon; a condition cannot be read, or looks at what happened
        after treatment was chosen.
    """
    try:
        treatment, task = study.treatment(protocol.treatment), study.task(protocol.outcome)
    except StudyError as error:
        raise ProtocolError(str(error)) from None
    if task.kind != "survival":
        raise ProtocolError(
            f"outcome {task.name!r} is no survival task: a target trial follows patients over time; choose one"
        )
    levels = [level.text for level in treatment.levels]
    for name in (*protocol.given, *protocol.against):
        if name not in levels:
            raise ProtocolError(
                f"treatment {treatment.column!r} has no level {name!r}; it has: {', '.join(levels) or 'none'}"
            )
    if set(protocol.given) & set(protocol.against):
        raise ProtocolError("a level is on both sides of the comparison; leave it on one")
    if bool(protocol.given) != bool(protocol.against):
        raise ProtocolError("name the levels of both sides of the comparison, or of neither")
    known = set(confounders(study, protocol.treatment))
    if not known:
        raise ProtocolError(
            f"no finding is known before treatment {treatment.column!r}: nothing to adjust for"
        )
    for what, condition in [
        ("eligibility", protocol.eligibility),
        *(("subgroup", s) for s in protocol.subgroups),
    ]:
        if not condition.strip():
            continue
        try:
            columns = parse(condition).columns
        except ExpressionError as error:
            raise ProtocolError(f"{what}: {error}") from None
        for name in sorted(columns - known):
            raise ProtocolError(
                f"{what} reads {name!r}, which is not known when treatment is chosen; "
                f"use: {', '.join(f.name for f in study.features if f.name in known)}"
            )


def given(study: Study, table: pd.DataFrame, protocol: Protocol) -> NDArray[np.int8]:
    """(n,): 1 treated, 0 of the comparison, -1 neither or not known."""
    if not protocol.given:
        return holds(study.given(protocol.treatment), table)
    if protocol.treatment not in table.columns:
        return np.full(len(table), UNKNOWN, dtype=np.int8)
    texts = cells.texts(table[protocol.treatment])
    out = np.full(len(table), UNKNOWN, dtype=np.int8)
    out[np.isin(texts.astype(str), protocol.given) & ~cells.absent(texts)] = TRUE
    out[np.isin(texts.astype(str), protocol.against) & ~cells.absent(texts)] = FALSE
    return out


def assemble(study: Study, table: pd.DataFrame, protocol: Protocol) -> Arms:
    """The patients of the trial. Time zero is the cohort's own; whether a patient is eligible is known then.

    Raises
    ------
    ProtocolError
        See :func:`check`; or a condition compares what cannot be compared.
    """
    check(study, protocol)
    flow: list[Step] = []
    left = np.ones(len(table), dtype=bool)

    def keep(reason: str, condition: Bools) -> None:
        nonlocal left
        stay = left & condition
        flow.append(Step(reason=reason, removed=int(left.sum() - stay.sum()), left=int(stay.sum())))
        left = stay

    if protocol.eligibility.strip():
        try:
            eligible = holds(protocol.eligibility, table)
        except (ExpressionError, DataError) as error:
            raise ProtocolError(f"eligibility: {error}") from None
        keep("eligible", eligible != FALSE)
        keep("unknown_eligible", eligible == TRUE)
    arm = given(study, table, protocol)
    keep("treatment", arm != UNKNOWN)
    target = target_of(study.task(protocol.outcome), table, study.identifier)
    keep("outcome", target.labelled)
    rows = np.flatnonzero(left)
    return Arms(rows, arm[rows] == TRUE, target.time[rows], target.event[rows] == 1, tuple(flow))


def refusal(arms: Arms, horizon: float) -> Refusal | None:
    """Why these patients cannot answer, the first reason that holds; None where they can.

    Nobody eligible; nobody treated or nobody untreated (no comparison there, whatever the model); fewer than 20 in an
    arm; fewer than 10 events by the horizon; fewer than 20 of an arm still followed then.

    Examples
    --------
    >>> arms = Arms(np.arange(2), np.zeros(2, bool), np.ones(2), np.ones(2, bool), ())
    >>> refusal(arms, 1.0).reason
    'no_treated'
    """
    n, treated = len(arms.rows), int(arms.treated.sum())
    by_then = int((arms.event & (arms.time <= horizon)).sum())
    counts = (("nobody", n, 1), ("no_treated", treated, 1), ("no_untreated", n - treated, 1))
    small = (("few_treated", treated, FEWEST), ("few_untreated", n - treated, FEWEST))
    for reason, count, needed in (*counts, *small, ("few_events", by_then, FEWEST_EVENTS)):
        if count < needed:
            return Refusal(reason=reason, count=count, needed=needed)
    followed = arms.time >= horizon
    fewest = min(int((followed & arms.treated).sum()), int((followed & ~arms.treated).sum()))
    if fewest < FEWEST:
        return Refusal(reason="horizon", count=fewest, needed=FEWEST)
    return None

"""The difference that trials promise a case in one outcome, or why that is not said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq

from mtl.model.offsets import FALSE, TRUE, holds, treatment_offsets, trials_of
from mtl.model.outputs import horizon_name
from mtl.services.patients.answer import Answer
from mtl.services.patients.printing import years_text
from mtl.services.patients.view import Case, TaskOutput
from mtl.services.treatment import words
from mtl.services.treatment.view import BenefitCurve, Expected, Promise, Refused
from mtl.study import Task, Treatment
from mtl.study.trials import HazardRatio, Trial
from mtl.treatment.benefit import Benefit, Floats, benefit, log_hazard_spread
from mtl.treatment.printed import Printed, printed
from mtl.treatment.refusal import Box, Facts, Reason, refusal

_TRUTH = {TRUE: True, FALSE: False}


def expected(
    case: Case, output: TaskOutput, treatment: Treatment, asked: Sequence[Treatment], facts: Facts
) -> Expected:
    """What every trial of a treatment promises in one survival task.

    Parameters
    ----------
    asked
        The treatment and those asked about together with it.
    facts
        What is the same for every trial: the combination asked for, the comparable patients, novelty.
    """
    promises = tuple(_promise(case, output, treatment, trial, asked, facts) for trial in treatment.trials)
    refused = [promise.refused for promise in promises if promise.refused is not None]
    if not promises:
        refused = [Refused(Reason.OTHER_OUTCOME, words.no_trial(output.task))]
    elif len(refused) < len(promises):
        return Expected(output.task, promises, None)
    first = next((one for one in refused if one.reason is not Reason.OTHER_OUTCOME), refused[0])
    return Expected(output.task, promises, first)


def _promise(
    case: Case,
    output: TaskOutput,
    treatment: Treatment,
    trial: Trial,
    asked: Sequence[Treatment],
    facts: Facts,
) -> Promise:
    found, task = case.answer, output.task
    baseline = found.baseline(task.name)
    also, beside = _others(found, treatment, trial, task)
    horizons = [years for years in task.horizons if baseline.estimable(years)]
    these = replace(
        facts,
        combination=facts.combination or bool(also),
        same_outcome=task.name in trial.tasks,
        applies=_holds(trial.applies, found),
        no_effect=False if trial.no_effect is None else _holds(trial.no_effect, found),
        estimable=bool(horizons),
    )
    rests_on = words.decisive(case, trial.applies, trial.no_effect)
    silent = Promise(
        trial=trial,
        ratio=words.ratios_text(trial),
        refused=None,
        moments=(),
        curve=None,
        member=these.applies,
        membership=words.membership(these.applies, these.no_effect),
        rests_on=tuple(words.finding_text(finding) for finding in rests_on),
        columns=tuple(finding.feature.name for finding in rests_on),
        notes=(),
    )
    reason = refusal(Box.EXPECTED, these)
    if reason is not None:
        sentence = words.refused_promise(reason, these, case, trial, task, (*asked, *also))
        return replace(silent, refused=Refused(reason, sentence))
    risk = np.exp(found.margins[task.name][0] + beside)
    hazard = baseline.increments(np.array(horizons)) * risk
    made = benefit(hazard, trial.hazard_ratios, baseline.boundaries, _spread(found, output, horizons))
    moments = _moments(made, horizons)
    whole, bounded = all(one.whole for one in moments), all(one.interval_text for one in moments)
    # the curve has no band, so its ratios need no interval
    plain = [HazardRatio(value=r.value, start=r.start, end=r.end) for r in trial.hazard_ratios]
    grid = baseline.times[baseline.times <= horizons[-1]]
    line = benefit(baseline.increments(grid) * risk, plain, baseline.boundaries)
    return replace(
        silent,
        moments=moments,
        curve=BenefitCurve(grid, line.untreated, line.treated),
        notes=words.notes(trial, horizons[-1], whole, bounded),
    )


def _moments(made: Benefit, horizons: Sequence[float]) -> tuple[Printed, ...]:
    return tuple(
        printed(
            years, years_text(years), float(made.untreated[i]), float(made.treated[i]), float(made.low[i]),
            float(made.high[i]), bool(made.whole[i]),
        )
        for i, years in enumerate(horizons)
    )  # fmt: skip


def _holds(condition: str, found: Answer) -> bool | None:
    return _TRUTH.get(int(holds(condition, found.row)[0]))


def _others(
    found: Answer, treatment: Treatment, trial: Trial, task: Task
) -> tuple[tuple[Treatment, ...], Floats]:
    """Other treatments that the patient had, or may have had, whose effect on the task is known from trials of their own.

    Those about which this trial says nothing would make a combination. What the others, which it names among whom it had,
    add to the log hazard is the second answer, (Q,) by period: the risk without the treatment is the risk with them.
    """
    starts = (0.0, *found.baseline(task.name).boundaries)
    named = {
        finding for text in (trial.applies, trial.no_effect) if text for finding in words.columns_of(text)
    }
    also, beside = [], np.zeros(len(starts))
    for other, trials in trials_of(found.study, task.name):
        if other.column == treatment.column or found.given[other.column] is False:
            continue
        if all(_holds(one.applies, found) is False for one in trials):
            continue
        alone = treatment_offsets(
            found.study.model_copy(update={"treatments": [other]}), found.row, task.name
        )
        no_effect = any(one.no_effect is not None and _holds(one.no_effect, found) is True for one in trials)
        if no_effect and not alone.values.any():
            continue
        if other.column in named:
            beside = beside + alone.values[0][np.searchsorted(alone.boundaries, starts, side="right")]
        else:
            also.append(other)
    return tuple(also), beside


# The uncertainty of the risk without treatment ----------------------------------------------------


def _spread(found: Answer, output: TaskOutput, horizons: Sequence[float]) -> Floats:
    """(m,) standard deviation of the log cumulative hazard without treatment; NaN where the model has no interval."""
    numbers = {number.horizon: number for number in output.untreated}
    spread = np.full(len(horizons), np.nan)
    for i, years in enumerate(horizons):
        number = numbers.get(years)
        limits = None if number is None else (number.low, number.high)
        if limits is None or None in limits:
            limits = _stored(found, f"{horizon_name(output.task.name, years)}.untreated")
        low, high = limits
        if low is not None and high is not None and 0 < low <= high < 1:
            spread[i] = log_hazard_spread(low, high)
    return spread


def _stored(found: Answer, column: str) -> tuple[float | None, float | None]:
    """The limits that the cohort's scores hold for the patient as recorded."""
    names = [f"{column}.low", f"{column}.high"]
    if (
        found.edits
        or found.place is None
        or not found.where.key
        or not set(names) <= set(found.scores.outputs)
    ):
        return None, None
    plain = [f"o{found.scores.outputs.index(name)}" for name in names]
    row = pq.read_table(
        found.scores.file, columns=plain, filters=[("row", "=", found.place)], partitioning=None
    ).to_pydict()
    low, high = (row[name][0] for name in plain)
    return (low, high) if low is not None and high is not None else (None, None)

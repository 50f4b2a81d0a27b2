"""What a treatment that was given adds to the log hazard, where a trial says so.

What was given is confounded by indication, so no expert may learn it. Where a trial applies, a treated row carries the
trial's log hazard ratio as an offset, by period where the trial gives periods; the margin is then the log hazard
without the treatment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data.notes import require_single
from mtl.expressions import parse
from mtl.model.forest import Floats
from mtl.study import Study
from mtl.study.trials import Treatment, Trial


@dataclass(frozen=True)
class Offsets:
    """Treatment offsets of one survival task.

    Parameters
    ----------
    values
        (n, Q): added to the log hazard in each period.
    boundaries
        Q - 1 inner limits of the periods, years.
    untreated_known
        (n,): the margin is the risk without treatment: not treated, or treated where a trial gives the effect.
    unknown
        Columns that do not say for every row whether the treatment was given; such rows count as not treated.
    """

    values: Floats
    boundaries: tuple[float, ...]
    untreated_known: NDArray[np.bool_]
    unknown: tuple[str, ...]


def trials_of(study: Study, task: str) -> list[tuple[Treatment, list[Trial]]]:
    """Treatments with the trials whose outcome is the task's."""
    found = [(t, [trial for trial in t.trials if task in trial.tasks]) for t in study.treatments]
    return [(treatment, trials) for treatment, trials in found if trials]


def periods(study: Study, task: str) -> tuple[float, ...]:
    """Inner limits, in years, of the periods in which some trial's hazard ratio for this task changes."""
    starts = {
        r.start for _, trials in trials_of(study, task) for trial in trials for r in trial.hazard_ratios
    }
    return tuple(sorted(starts - {0.0}))


def treatment_offsets(study: Study, table: pd.DataFrame, task: str) -> Offsets:
    """Offsets of every row of a table for one task; all zero where no trial bears on the task.

    The first trial listed that applies to the row gives its hazard ratio. Several treatments add up.
    """
    n = len(table)
    boundaries = periods(study, task)
    values = np.zeros((n, len(boundaries) + 1))
    known = np.ones(n, dtype=bool)
    unknown = []
    for treatment, trials in trials_of(study, task):
        given = holds(study.given(treatment.column), table)
        if (given == UNKNOWN).any():
            unknown.append(treatment.column)
        open_rows = given == TRUE
        for trial in trials:
            applies = open_rows & (holds(trial.applies, table) == TRUE)
            values[applies] += np.log([_ratio(trial, start) for start in (0.0, *boundaries)])
            open_rows &= ~applies
            if trial.no_effect is not None:
                open_rows &= holds(trial.no_effect, table) != TRUE
        known &= ~open_rows
    return Offsets(values, boundaries, known, tuple(unknown))


FALSE, TRUE, UNKNOWN = 0, 1, -1


def holds(condition: str, table: pd.DataFrame) -> NDArray[np.int8]:
    """Three-valued truth of a condition for every row: 1, 0, or -1 for unknown; an absent column is unknown.

    >>> holds("er >= 10", pd.DataFrame({"er": [12.0, 3.0, None]})).tolist()
    [1, 0, -1]
    """
    expression = parse(condition)
    columns = sorted(expression.columns)
    require_single(table, columns)
    truth = expression.evaluate(table[[c for c in columns if c in table.columns]].reindex(columns=columns))
    return np.asarray(truth.astype("Int8").fillna(UNKNOWN), dtype=np.int8)


def _ratio(trial: Trial, start: float) -> float:
    for ratio in trial.hazard_ratios:
        if ratio.start <= start and (ratio.end is None or start < ratio.end):
            return ratio.value
    raise ValueError(
        f"trial {trial.name!r} gives no hazard ratio for the time from {start} years; add one that covers it"
    )

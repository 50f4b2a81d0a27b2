"""Does it hold elsewhere and later? Trained without one hospital, judged there; trained on the earlier, judged on the later.

Internal-external cross-validation (Steyerberg and Harrell, J Clin Epidemiol 2016) and temporal validation, with the
model's own effort, seed and procedure: every step is done anew without the patients who judge.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.evidence.honest import Predicted, curves, score
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.expressions import cells
from mtl.model.pool import Elsewhere
from mtl.model.problem import TrainingError
from mtl.multitask import MultiTaskModel, TableWarning

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST = 50  # patients on either side
MOST_SITES = 30
EARLIER = (0.5, 0.65, 0.8)  # shares of the patients after which time is cut
DAYS = 365.25


@dataclass(frozen=True)
class Split:
    """Patients trained on and patients left out, (n,) each: those of the site, or who came after `after` (a year)."""

    name: str
    train: NDArray[np.bool_]
    left_out: NDArray[np.bool_]
    site: str | None = None
    after: float | None = None


def splits(subject: Subject) -> tuple[list[Split], list[dict[str, Any]]]:
    """What can be left out, and the sites that cannot (too few patients there or elsewhere), with their sizes."""
    found: list[Split] = []
    small: list[dict[str, Any]] = []
    study, table = subject.study, subject.table
    if study.site is not None and study.site in table:
        names = cells.texts(table[study.site])
        known = ~cells.absent(names)
        counts = pd.Series(names[known]).value_counts()
        for place, (site, n) in enumerate(counts.items()):
            inside = known & (names == site)
            if n < FEWEST or len(table) - n < FEWEST or place >= MOST_SITES:
                small.append({"site": str(site), "n": int(n)})
            else:
                # Whose hospital is not known is neither in the training nor judged.
                found.append(Split(f"site-{place}", known & ~inside, inside, site=str(site)))
    if study.date is not None and study.date in table:
        when = years(table[study.date])
        known = np.isfinite(when)
        cuts: list[float] = (
            np.unique(np.quantile(when[known], EARLIER, method="inverted_cdf")).tolist()
            if known.any()
            else []
        )
        for place, cut in enumerate(cuts):
            later, earlier = known & (when > cut), known & (when <= cut)
            if later.sum() >= FEWEST and earlier.sum() >= FEWEST:
                found.append(Split(f"date-{place}", earlier, later, after=cut))
    return found, small


def years(column: pd.Series) -> Floats:
    """Dates or years as years, (n,); NaN where it is neither.

    >>> years(pd.Series(["1990", "2001-07-02", "soon", None])).round(2).tolist()
    [1990.0, 2001.5, nan, nan]
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        moments = pd.to_datetime(column)
        plain = np.full(len(column), np.nan)
    else:
        plain = np.asarray(cells.numbers(column), dtype=np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # mixed forms are read one by one
            moments = pd.to_datetime(
                pd.Series(cells.texts(column)).where(np.isnan(plain)), errors="coerce", format="ISO8601"
            )
    found = moments.dt.year.to_numpy(dtype=np.float64) + (
        (moments.dt.dayofyear.to_numpy(dtype=np.float64) - 1) / DAYS
    )
    return np.where(np.isfinite(plain), plain, found)


def compute(
    subject: Subject, report: Report, checkpoint: Checkpoint, pool: Elsewhere | None = None
) -> dict[str, Any]:
    """{"n", "site", "date", "date_is_input", "whole", "splits": [...], "small": [...]}.

    Each split has its "site" or "after", "n" left out, "n_training", and by task the metrics on those left out; "whole"
    the metrics of the model itself, out of fold, to compare with. A finished split is kept, so that an interrupted
    computation goes on.
    """
    chosen, small = splits(subject)
    done = []
    for place, split in enumerate(chosen):
        found = checkpoint.get(split.name)
        if found is None:
            found = _judge(subject, split, partial(_within, report, place, len(chosen)), pool)
            checkpoint[split.name] = found
        done.append(found)
    study = subject.study
    whole = score(subject.model, subject.table, subject.predicted, True, lambda task: None) if chosen else {}
    return {
        "n": len(subject.table),
        "site": study.site if study.site in subject.table else None,
        "date": study.date if study.date in subject.table else None,
        "date_is_input": study.date in [feature.name for feature in study.features],
        "whole": {name: one.to_dict() for name, one in whole.items()},
        "splits": done,
        "small": small,
    }


def _within(report: Report, place: int, count: int, what: str, share: float) -> None:
    report(what, (place + share) / count)


def _judge(subject: Subject, split: Split, report: Report, pool: Elsewhere | None) -> dict[str, Any]:
    train, test = subject.table[split.train], subject.table[split.left_out]
    answer: dict[str, Any] = {
        "site": split.site,
        "after": split.after,
        "n": len(test),
        "n_training": len(train),
        "tasks": {},
        "left_out": {},
    }
    known = subject.model
    model = MultiTaskModel(known.study, known.effort, int(known.random_state))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)  # who trained the model was told
        try:
            model.fit(train, progress=lambda what, share: report(what, 0.9 * share))
        except TrainingError as error:
            return {**answer, "left_out": {name: str(error) for name in subject.tasks}}
        predicted = Predicted(model.predict(test), curves(model, test))
        scores = score(model, test, predicted, True, lambda task: report("judging", 0.95))
    answer["left_out"] = {k: v for k, v in model.left_out_.items() if k in subject.tasks}
    answer["tasks"] = {name: one.to_dict() for name, one in scores.items() if name in subject.tasks}
    return answer

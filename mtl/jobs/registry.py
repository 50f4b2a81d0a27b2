"""The kinds of job that there are, by name: a payload can choose among them, and can name nothing else."""

from __future__ import annotations

from collections.abc import Callable

from mtl.jobs.comparison import compare_models
from mtl.jobs.evidence import gather
from mtl.jobs.intervals import fit_intervals
from mtl.jobs.queue import Payload
from mtl.jobs.recalibration import recalibrate
from mtl.jobs.samples import prepare
from mtl.jobs.scoring import rescore
from mtl.jobs.tables import score_table
from mtl.jobs.training import train_model
from mtl.jobs.trials import emulate_trial

Report = Callable[[str, float], None]
KINDS: dict[str, Callable[[Payload, Report], None]] = {
    "prepare_sample": prepare,
    "score_cohort": rescore,
    "fit_intervals": fit_intervals,
    "emulate_trial": emulate_trial,
    "train_model": train_model,
    "score_table": score_table,
    "gather_evidence": gather,
    "compare_models": compare_models,
    "recalibrate_model": recalibrate,
}

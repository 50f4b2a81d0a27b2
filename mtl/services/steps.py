"""What a job is doing, in words: the steps that jobs report, one list for every progress bar."""

from __future__ import annotations

from collections.abc import Callable

from mtl.language import N_, _

#: The steps before translation, by what a job reports before ": ". Whatever follows names a task.
STEPS = {
    # training
    "cohort": N_("reading the table"),
    "judging": N_("judging by patients held out"),
    "saving": N_("saving"),
    "scoring": N_("predicting every patient"),
    "fitting": N_("fitting"),
    "linear": N_("linear"),
    "own trees": N_("own trees"),
    "shared trees": N_("shared trees"),
    "blend": N_("blend"),
    "who is unlike them": N_("who is unlike them"),
    "refits": N_("refits"),
    # evidence
    "predictions": N_("predicting every patient"),
    "metrics": N_("metrics"),
    "beside": N_("beside other techniques"),
    "calibration": N_("calibration"),
    "cut-offs": N_("cut-offs"),
    "risk groups": N_("risk groups"),
    "subgroups": N_("subgroups"),
    "comparing": N_("comparing"),
    "conformal": N_("sets and intervals"),
    "instability": N_("how much the numbers move"),
    "blanking": N_("leaving inputs out"),
    "differences": N_("differences"),
    "findings": N_("findings"),
    "together": N_("all findings together"),
    "outcomes": N_("outcomes"),
    "recalibration": N_("recalibration"),
    "errors": N_("small errors in the inputs"),
    # what sharing brought
    "experts": N_("each part of the blend, nested"),
    "control": N_("control with shuffled labels"),
    "pairs": N_("one helper at a time"),
    "learning curve": N_("with fewer labels"),
    "single": N_("single-task trees"),
    "chain": N_("classifier chain"),
    "perceptron": N_("perceptron with a shared layer"),
    # a target trial
    "patients": N_("finding the patients"),
    "propensity": N_("propensity"),
    "overlap and balance": N_("overlap and balance"),
    "hazard ratios": N_("hazard ratios"),
    "doubly robust differences": N_("doubly robust differences"),
}
_TRAINING = "training: "


def said(step: str, titled: Callable[[str], str] = str) -> str:
    """Say a step: "metrics: recurrence" with the title of the task; "waiting" before the first.

    Parameters
    ----------
    step
        As a job reports it. What stands after "training: " is said to be training.
    titled
        What a person calls a task, by its name.
    """
    if not step:
        return _("waiting")
    if step.startswith(_TRAINING):
        return _("training ({step})").format(step=said(step.removeprefix(_TRAINING), titled))
    head, colon, task = step.partition(": ")
    known = _(STEPS[head]) if head in STEPS else head
    return _("{label}: {value}").format(label=known, value=titled(task)) if colon else known

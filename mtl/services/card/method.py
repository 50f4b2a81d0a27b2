"""Items of a model card that follow from how the program works, and from the training record: docs/methods.md in brief."""

from __future__ import annotations

import mtl
from mtl.language import N_, _, listed, number
from mtl.report.document import Block, Points, Table, Words
from mtl.services.documents.facts import Facts, Known
from mtl.services.patients.wording import day, title

EXPERTS = {"linear": N_("linear"), "own": N_("own trees"), "shared": N_("shared trees")}
EFFORTS = {"quick": N_("quick"), "thorough": N_("thorough")}


def _points(*lines: str) -> tuple[Block, ...]:
    return (Points(lines),)


def preparation(facts: Facts) -> Known:
    """What is done to cells before modelling, the same in everybody."""
    return Known(
        _points(
            _(
                "A cell that is no number, no level of the study, or neither true nor false counts as "
                "missing, with a warning."
            ),
            _("A value outside the valid range of the study stays, and is flagged."),
            _("A survival time of 0 becomes half a day."),
            _("These rules are the same for every patient."),
        ),
        _("what was done to the data before they came to the program"),
    )  # fmt: skip


def use_of_data(facts: Facts) -> Known:
    """Folds for validation, all rows for the model."""
    folds = number(int(facts.training["folds"]))
    lines = [
        _("The final model is fitted on all {count} patients.").format(count=number(facts.training["rows"])),
        _(
            "Internal validation: {folds} folds, the rows of one patient in one fold, every outcome spread "
            "evenly over them."
        ).format(
            folds=folds
        ),
        _("In each fold every expert is fitted anew without its patients, the reading of inputs included."),
        selected_once(),
    ]  # fmt: skip
    if facts.external:
        where = listed([one.title for one in facts.external])
        lines.append(_("Evaluation in patients who were in no fold: {cohorts}.").format(cohorts=where))
    return Known(_points(*lines))


def selected_once() -> str:
    """What the resampling does not nest."""
    return _(
        "Rounds, penalties, weights of the blend and the baseline hazard are chosen once, by the "
        "held-out predictions of all "
        "folds: these few numbers have seen every outcome."
    )


def handling(facts: Facts) -> Known:
    """How inputs enter each expert."""
    return Known(
        _points(
            _(
                "Linear expert: per number the raw value, its signed logarithm or its normal score, "
                "whichever tells most about the "
                "outcome (simpler ones preferred), with a restricted cubic spline; ordered levels as "
                "numbers; categories one by one; "
                "a missing indicator."
            ),
            _("Trees: values as they are; categories by the number of their level."),
            _("Columns of the linear expert are standardised; no input is cut into groups."),
        )
    )


def modelling(facts: Facts) -> Known:
    """The type of model, why, how it was built and tuned, and what the training record says of each task."""
    effort = EFFORTS.get(facts.training["effort"], facts.training["effort"])
    lines = (
        _(
            
                "For each task a blend of three additive experts on one scale: a ridge regression (logistic, "
                "softmax, least squares or "
            
            "Cox), gradient-boosted trees of its own, and trees whose structure it shares with the other tasks."
        ),
        _(
            "Why: each alone fails somewhere; the blend stays close to the best of them, and shared trees "
            "that hurt a task leave its blend."
        ),
        _(
            "Blend weights are not negative, fitted on out-of-fold predictions, shrunk towards equal; equal "
            "where labels are few."
        ),
        _(
            "Times to an event: Cox partial likelihood in every expert, baseline hazard by Breslow from "
            "out-of-fold predictions."
        ),
        _("Effort of tuning: {effort}; random seed {seed}; {folds} folds.").format(
            effort=_(effort), seed=str(facts.training["random_state"]), folds=number(int(facts.training["folds"]))
        ),
    )  # fmt: skip
    return Known((Points(lines), weights(facts)))


def weights(facts: Facts) -> Table:
    """Each task's blend as the training record has it, and what the guard decided."""
    rows = []
    for task in facts.tasks:
        blend = facts.training["blend"][task.name]
        used = dict(zip(blend["experts"], blend["weights"], strict=True))
        cells = [number(used[name], 2) if name in used else "–" for name in EXPERTS]
        rows.append(
            (
                title(task),
                *cells,
                number(blend["rounds"]["own"]),
                number(blend["rounds"]["shared"]),
                _guard(blend),
            )
        )
    heads = [_(words) for words in EXPERTS.values()]
    head = (_("Task"), *heads, _("Rounds, own"), _("Rounds, shared"), _("Sharing"))
    return Table(_("Weights of the experts in each task's blend"), head, tuple(rows))


def _guard(blend: dict[str, object]) -> str:
    if "shared" in blend["experts"]:  # type: ignore[operator]
        return _("in the blend")
    return _("left out: it hurt") if blend["sharing"] is not None else _("no helper task")


def clusters(facts: Facts) -> Known:
    """Sites, where the study names them: what is done about them in modelling."""
    if facts.study.site is None:
        return Known((Words(_("The study names no column of sites; clusters were not examined.")),))
    told = _("Sites are in the column {column}; the model has no term for them.").format(
        column=facts.study.site
    )
    return Known((Words(told),), _("how results differ between sites (TRIPOD+AI 23b)"))


def updating(facts: Facts) -> Known:
    """The model was fitted from nothing, or is a recalibrated version of one that was."""
    found = facts.training.get("recalibration", [])
    if not found:
        return Known(
            (Words(_("None: this version was fitted from the beginning on its own training patients.")),)
        )
    told = _("Version {parent} was recalibrated ({method}) on {count} patients of {cohort}: {tasks}.")
    lines = [
        told.format(
            parent=one["parent"],
            method=_(RECALIBRATIONS.get(one["method"], one["method"])),
            count=number(one["patients"]),
            cohort=one["cohort"],
            tasks=listed([title(facts.study.task(name)) for name in one["tasks"]]),
        )
        for one in found
    ]
    return Known(_points(*lines))


RECALIBRATIONS = {"level": N_("level"), "slope": N_("level and slope")}


def updated(facts: Facts) -> Known:
    """The updated version, whose performance is the author's to judge in patients who had no part in it."""
    found = updating(facts)
    if not facts.training.get("recalibration"):
        return found
    return Known(found.blocks, _("how the updated version performs in patients who had no part in it"))


def update_process(facts: Facts) -> Known:
    """What an update is here; when there will be one is the author's to say."""
    told = _("A new training or recalibration is a new version beside this one; no version is ever changed.")
    return Known((Words(told),), _("how and how often it will be updated"))


def calculation(facts: Facts) -> Known:
    """How predictions are made from the saved model."""
    return Known(
        _points(
            _(
                "The saved model predicts, version {version}; a training patient is predicted by the model "
                "of the fold without that patient."
            ).format(
                version=facts.version
            ),
            _("Command line: python -m mtl predict; Python: MultiTaskModel.load(folder).predict(table)."),
        )
    )  # fmt: skip


def imbalance(facts: Facts) -> Known:
    """No method against class imbalance is part of the training."""
    return Known((Words(_("None: no patient is weighted, drawn twice or left out because of the outcome.")),))


def fairness(facts: Facts) -> Known:
    """What training does about fairness: nothing beyond equal rules."""
    told = _(
        "In training none beyond equal rules for all: no group is weighted, no constraint of fairness is set."
    )
    return Known((Words(told),), _("the approach to fairness, and why"))


def code(facts: Facts) -> Known:
    """The program and its licence."""
    told = _("Consilium {version}, licence Apache-2.0; the seed makes a training repeatable.")
    return Known((Words(told.format(version=mtl.__version__)),), _("where the code can be had"))


def specification(facts: Facts) -> Known:
    """The files that are the whole model, and how they are checked."""
    lines = [
        _("Version {version}.").format(version=facts.version),
        _("sha256 of the manifest, which has that of every file: {digest}").format(digest=facts.digest),
        _("The exported folder is the whole model, as text and JSON; no patient is in it."),
        _("Command line: python -m mtl predict; Python: MultiTaskModel.load(folder).predict(table)."),
    ]
    if facts.trained:
        lines.insert(1, _("Trained {date}.").format(date=day(facts.trained)))
    return Known(_points(*lines), _("restrictions on access and use"))


def poor_inputs(facts: Facts) -> Known:
    """What happens in use where an input is missing, out of range or new."""
    return Known(
        _points(
            _(
                "Any input may be missing: the prediction is then close to that of a model made without it. "
                "Missing inputs are named beside the number."
            ),
            _(
                "A value outside the valid range is used and flagged; one that cannot be read counts as "
                "missing and is flagged."
            ),
            _("A patient unlike those of the training is flagged before any number is read."),
        )
    )  # fmt: skip


def interaction(facts: Facts) -> Known:
    """What users do with inputs and model."""
    return Known(
        _points(
            _("Inputs are typed into a form, or come from a table whose columns have the study's names."),
            _("No user sets anything of the model; what-if values change inputs only, and are marked."),
        ),
        _("the expertise that users need"),
    )


def role(facts: Facts) -> Known:
    """The role in decisions for which the program is made."""
    told = _(
        "Informs: it shows numbers, reasons, similar patients and trial evidence. For research and "
        "education, not a medical device."
    )
    return Known((Words(told),))  # fmt: skip


def value(facts: Facts) -> Known:
    """What is given out, by task."""
    return Known(
        (Words(_("Predictions for each of: {tasks}.").format(tasks=listed([title(t) for t in facts.tasks]))),)
    )

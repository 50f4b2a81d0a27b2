"""Whether the model holds at other sites and in later years, in words and rows of intervals."""

from __future__ import annotations

from typing import Any

from mtl.figures.plane import Axis, Grid
from mtl.figures.ranges import Range, Ranges
from mtl.language import _, clauses, measured, number
from mtl.services.evidence.sheet import Section, Sheet
from mtl.services.evidence.trust_words import EN_DASH, finding, measure, with_interval
from mtl.study import Study, Task

HEADLINE = {"binary": "auroc", "multiclass": "macro_auroc", "regression": "r2", "survival": "harrell_c"}
BESIDE = {
    "binary": ("log_loss", "brier", "calibration_intercept", "calibration_slope", "ici"),
    "multiclass": ("log_loss", "brier"),
    "regression": ("rmse", "calibration_slope"),
    "survival": ("uno_c", "integrated_brier", "calibration_slope"),
}


def sheet(study: Study, task: Task, content: dict[str, Any], caption: str) -> Sheet:
    """What the part "elsewhere" found of a task."""
    judged = [one for one in content["splits"] if task.name in one["tasks"]]
    if not judged:
        return Sheet([_absent(content)], notes=_notes(study, content))
    metric = HEADLINE[task.kind]
    whole = content["whole"][task.name]["metrics"].get(metric, {})
    words = [number(content["n"]), EN_DASH, with_interval(whole)]
    everybody = _("all patients, held out at random")
    rows = [Range(everybody, whole.get("value"), whole.get("low"), whole.get("high"), words)]
    for one in judged:
        found = one["tasks"][task.name]["metrics"][metric]
        words = [number(one["n"]), number(one["n_training"]), with_interval(found)]
        rows.append(Range(_name(one), found["value"], found["low"], found["high"], words))
    seen = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    ranges = Ranges(
        _("{measure}, by those left out").format(measure=measure(metric)),
        Axis(measure(metric), min(seen), max(seen)),
        [_("Judged on"), _("patients"), _("trained on"), measure(metric)],
        rows,
        whole.get("value"),
        _("all patients, held out at random"),
    )
    last = [h for h in task.horizons if any(_known(one, task, f"observed_expected@{h:g}y") for one in judged)]
    beside = [*BESIDE[task.kind], *(f"observed_expected@{h:g}y" for h in last[-1:])]
    others = [name for name in beside if any(name in one["tasks"][task.name]["metrics"] for one in judged)]
    grid = Grid(
        _("Other measures"),
        [_("Judged on"), *(measure(name) for name in others)],
        [
            [_name(one), *(with_interval(one["tasks"][task.name]["metrics"].get(name, {})) for name in others)]
            for one in judged
        ],
    )  # fmt: skip
    lead = _lead(metric, whole, judged, task)
    sections = [
        Section(measure(metric), [caption], ranges=[ranges]),
        Section(_("Other measures"), grids=[grid]),
    ]
    return Sheet([lead], sections, _notes(study, content))


def _lead(metric: str, whole: dict[str, Any], judged: list[dict[str, Any]], task: Task) -> str:
    found = [one["tasks"][task.name]["metrics"][metric] for one in judged]
    known = [one["value"] for one in found if one["value"] is not None]
    if not known or whole.get("value") is None:
        return _("The measure cannot be estimated on those left out.")
    return _("{measure} on those left out: {low} to {high}; held out at random it is {whole}.").format(
        measure=measure(metric),
        low=number(min(known), 3),
        high=number(max(known), 3),
        whole=number(whole["value"], 3),
    )


def _known(one: dict[str, Any], task: Task, name: str) -> bool:
    found = one["tasks"][task.name]["metrics"].get(name, {})
    return found.get("value") is not None


def _name(one: dict[str, Any]) -> str:
    if one["site"] is not None:
        return str(one["site"])
    return _("after {when}").format(when=measured(round(one["after"], 1)))


def _absent(content: dict[str, Any]) -> str:
    if content["site"] is None and content["date"] is None:
        return _(
            "The study names neither the column of the hospital (site) nor that of the date, or the table lacks it; add it "
            "to the study to validate across hospitals or years."
        )
    return _(
        "No hospital and no later years can be left out: at least 50 patients are needed on either side."
    )


def _notes(study: Study, content: dict[str, Any]) -> list[str]:
    notes = [
        _(
            "For each row the model is trained anew, with all its steps, without the patients who judge it: one hospital, "
            "or all who came later (internal-external and temporal validation)."
        )
    ]
    if content["date"] is not None and content["date_is_input"]:
        notes.append(
            _(
                "The date is also a finding of the model ({finding}), so the later patients lie outside the years it was "
                "trained on; how it extrapolates is judged as well."
            ).format(finding=finding(study, content["date"]))
        )
    if content["small"]:
        names = clauses(f"{one['site']} ({number(one['n'])})" for one in content["small"])
        notes.append(_("Not left out, for too few patients: {sites}.").format(sites=names))
    return notes

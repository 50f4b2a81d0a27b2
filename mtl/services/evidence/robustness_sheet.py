"""What small errors of the findings do, and who lies outside what was learnt, in words and rows."""

from __future__ import annotations

from typing import Any

from mtl.figures.plane import Axis, Grid, Layer, Plane
from mtl.figures.ranges import Range, Ranges
from mtl.language import _, measured, ngettext, number, percent, study_language
from mtl.services.evidence.sheet import Section, Sheet
from mtl.services.evidence.trust_words import asked, distance, finding
from mtl.study import Study, Task


def sheet(study: Study, task: Task, content: dict[str, Any], caption: str) -> Sheet:
    """What the part "robustness" found of a task."""
    found = content["tasks"][task.name]
    sections = []
    if found["moved"] is None:
        lead = _(
            "No horizon of this task can be answered for these patients, so there is nothing to compare."
        )
    else:
        lead = _(
            "When every finding errs as a measurement may, the number of {share} of the patients moves by more than "
            "{enough}; by {mean} on average."
        ).format(
            share=percent(found["moved"]),
            enough=distance(task, found["enough"]),
            mean=distance(task, found["mean"]),
        )
        sections = [_all(task, found, caption), _alone(study, task, found)]
    sections += [_outside(study, content), _errors(study, content)]
    notes = [
        _(
            "{draws} times every finding is drawn anew within its error; categories, yes/no and the date stay. Patients are "
            "predicted by a model that did not see them."
        ).format(draws=number(content["draws"]))
    ]
    return Sheet([lead], sections, notes)


def _all(task: Task, found: dict[str, Any], caption: str) -> Section:
    edges, counts = found["edges"], [*found["counts"], 0]
    total = max(sum(counts), 1)
    low, lower, middle, upper, high = found["quantiles"]
    scale = 1.0 if task.kind == "regression" else 100.0
    grid = Grid(
        _("Change of the number"),
        [_("Patients"), _("change") if task.kind == "regression" else _("change, points")],
        [
            [_("one patient in twenty below"), number(scale * low, 1)],
            [_("a quarter below"), number(scale * lower, 1)],
            [_("half below"), number(scale * middle, 1)],
            [_("a quarter above"), number(scale * upper, 1)],
            [_("one patient in twenty above"), number(scale * high, 1)],
        ],
    )
    name = asked(task, found["horizon"])
    plane = Plane(
        Axis(_("change: {outcome}").format(outcome=name), edges[0], edges[-1], task.kind != "regression"),
        Axis(_("share of the patients"), 0.0, 1.1 * max(counts) / total, True),
        [Layer("bars", [(edge, count / total) for edge, count in zip(edges, counts, strict=True)])],
        _(
            "Change of the number when every finding errs: {outcome}. Nine changes in ten lie between {low} and {high}."
        ).format(outcome=name, low=number(scale * low, 1), high=number(scale * high, 1)),
        grid,
        caption,
    )  # fmt: skip
    return Section(_("Every finding errs at once"), [], [plane])


def _alone(study: Study, task: Task, found: dict[str, Any]) -> Section:
    rows = [
        Range(
            finding(study, one["feature"]), one["moved"], None, None,
            [percent(one["moved"], 1), distance(task, one["mean"])],
        )
        for one in found["alone"]
    ]  # fmt: skip
    top = max([0.02, *(one["moved"] for one in found["alone"])])
    ranges = Ranges(
        _("Patients whose number moves, finding by finding"),
        Axis(_("moves by more than {enough}").format(enough=distance(task, found["enough"])), 0.0, top, True),
        [_("Finding that errs"), _("patients"), _("change, mean")],
        rows,
    )
    return Section(_("One finding errs"), [], ranges=[ranges])


def _outside(study: Study, content: dict[str, Any]) -> Section:
    title = _("Outside what was learnt")
    words = [
        _("{share} of these patients are flagged as unlike those of the training.").format(
            share=percent(content["novel"], 1)
        )
    ]
    if not content["outside"]:
        return Section(title, [*words, _("Every value lies within the range of the training.")])
    rows = [
        [
            finding(study, one["feature"]),
            ngettext("{count} patient", "{count} patients", one["n"]).format(count=number(one["n"])),
            _("{low} to {high}").format(low=measured(one["low"]), high=measured(one["high"])),
        ]
        for one in content["outside"]
    ]
    heads = [_("Finding"), _("clearly outside"), _("range of the training")]
    return Section(title, words, grids=[Grid(title, heads, rows)])


def _errors(study: Study, content: dict[str, Any]) -> Section:
    rows = []
    for one in content["errors"]:
        feature = study.feature(one["feature"])
        unit = feature.unit.get(study_language())
        if one["kind"] == "ordinal":
            words = _("one level off in one patient of ten")
        elif one["error"] is not None:
            amount = f"{number(one['error'])} {unit}" if unit else number(one["error"])
            words = _("± {error}, as the study says").format(error=amount)
        elif one["percent"] is not None:
            words = _("± {error} %, as the study says").format(error=number(one["percent"]))
        elif one["decimals"] is None:
            words = _("± 5 %, at most a fifth of the standard deviation")
        else:
            least = number(10.0 ** -one["decimals"], one["decimals"])
            words = _("± 5 %, at most a fifth of the standard deviation, at least {least}").format(
                least=least
            )
        rows.append([finding(study, one["feature"]), words])
    heads = [_("Finding"), _("error supposed")]
    return Section(_("The errors that were supposed"), [], grids=[Grid(_("Errors"), heads, rows)])

"""The stability of a task's numbers over refits, in words and charts."""

from __future__ import annotations

from typing import Any

from mtl.figures.plane import Axis, Grid, Layer, Plane
from mtl.language import _, clauses, number, percent
from mtl.services.evidence.sheet import Section, Sheet
from mtl.services.evidence.trust_words import asked, distance, output, value
from mtl.study import Task

AT = (0.1, 0.2, 0.3, 0.5)  # cut-offs that the table names, besides the study's own


def sheet(task: Task, content: dict[str, Any], caption: str) -> Sheet:
    """What the part "stability" found of a task.

    Parameters
    ----------
    caption
        Below each chart: whose numbers these are.
    """
    found = content["tasks"][task.name]
    if not found["outputs"]:
        return Sheet(
            [_("No horizon of this task can be answered for these patients, so there is nothing to compare.")]
        )
    # Of several classes the one that moves most is drawn; the table has all.
    worst = max(found["outputs"], key=lambda one: float(one["mape"]))
    name = asked(task, found["horizon"])
    if task.classes:
        name = _("{outcome}: {value}").format(outcome=name, value=output(task, worst["column"]))
    lead = _(
        "A refit's number lies {distance} from the model's on average; for one patient in twenty {far} or more."
    ).format(distance=distance(task, worst["mape"]), far=distance(task, worst["patients"][-1]))
    sections = [_spread(task, name, worst, caption)]
    if len(found["outputs"]) > 1:
        sections.append(_classes(task, found["outputs"]))
    if "cutoffs" in worst:
        sections.append(_cutoffs(task, name, worst, caption))
        if worst["calibration"]["curves"]:
            sections.append(_calibration(name, worst["calibration"], caption))
        if worst["behind"] is not None:
            sections.append(_behind(worst["behind"]))
    notes = [
        _(
            "{count} refits on outcomes drawn anew from the model, with its penalties, rounds and weights; instability as "
            "Riley and Collins measure it (2023). It compares the model with its refits and says nothing of accuracy."
        ).format(count=number(content["refits"]))
    ]
    return Sheet([lead], sections, notes)


def _ends(task: Task, worst: dict[str, Any]) -> tuple[float, float]:
    if task.kind != "regression":
        return 0.0, 1.0
    seen = [x for point in worst["points"] for x in point]
    return min(seen), max(seen)


def _spread(task: Task, name: str, worst: dict[str, Any], caption: str) -> Section:
    low, high = _ends(task, worst)
    shares = task.kind != "regression"
    bands = worst["bands"]
    grid = Grid(
        _("Refits by the model's number"),
        [_("The model says"), _("5 % of refits below"), _("middle refit"), _("5 % of refits above")],
        [[value(task, b["at"]), *(value(task, b[k]) for k in ("low", "middle", "high"))] for b in bands],
    )
    some = grid.rows[:: max(len(bands) // 5, 1)]
    plane = Plane(
        Axis(_("the model says: {outcome}").format(outcome=name), low, high, shares),
        Axis(_("a refit says"), low, high, shares),
        [
            Layer("band", _along(bands, "low"), _("nine refits in ten"), _along(bands, "high")),
            Layer("dots", [(x, y) for x, y in worst["points"]], _("a patient in one refit")),
            Layer("solid", _along(bands, "middle"), _("middle refit")),
        ],
        _("Refits against the model: {outcome}. {sentence}").format(
            outcome=name, sentence=clauses(f"{row[0]}: {row[1]} – {row[3]}" for row in some)
        ),
        grid,
        caption,
        _("no difference"),
    )  # fmt: skip
    return Section(_("Refits against the model"), [], [plane])


def _along(bands: list[dict[str, float]], edge: str) -> list[tuple[float, float]]:
    return [(band["at"], band[edge]) for band in bands]


def _classes(task: Task, outputs: list[dict[str, Any]]) -> Section:
    rows = [
        [output(task, one["column"]), distance(task, one["mape"]), distance(task, one["patients"][-1])]
        for one in outputs
    ]
    heads = [_("Class"), _("mean distance of refits"), _("for one patient in twenty at least")]
    return Section(_("Every class"), [], grids=[Grid(_("Every class"), heads, rows)])


def _cutoffs(task: Task, name: str, worst: dict[str, Any], caption: str) -> Section:
    at, mean, unsure = (worst["cutoffs"][key] for key in ("at", "mean", "unsure"))
    shown = sorted({*AT, *(c for c in task.cutoffs if 0 < c < 1)})
    rows = []
    for cutoff in shown:
        place = min(range(len(at)), key=lambda i: abs(at[i] - cutoff))
        rows.append([percent(at[place]), percent(mean[place], 1), percent(unsure[place], 1)])
    grid = Grid(
        _("Changing sides at a cut-off"),
        [_("Cut-off"), _("refits on the other side, mean"), _("patients whose side is unsure")],
        rows,
    )
    top = max(0.05, 1.1 * max(unsure))
    plane = Plane(
        Axis(_("cut-off: {outcome}").format(outcome=name), 0.0, 1.0, True),
        Axis(_("share of the patients"), 0.0, top, True),
        [
            Layer("solid", list(zip(at, unsure, strict=True)), _("side unsure: more than a tenth of the refits disagree")),
            Layer("dashed", list(zip(at, mean, strict=True)), _("refits on the other side, mean")),
        ],
        _("Patients whose side of a cut-off is unsure: {outcome}. ").format(outcome=name)
        + clauses(f"{row[0]}: {row[2]}" for row in rows),
        grid,
        caption,
    )  # fmt: skip
    words = _(
        "How many patients would be on the other side of a cut-off had other patients trained the model."
    )
    return Section(_("At a cut-off"), [words], [plane])


def _calibration(name: str, found: dict[str, Any], caption: str) -> Section:
    outcome = found["against"] == "outcome"
    own, *refits = found["curves"]
    heads = [_("The model says"), _("seen")] if outcome else [_("A refit says"), _("the model says")]
    shown = own if outcome else refits[0]
    grid = Grid(_("Calibration over the refits"), heads, [[percent(x, 1), percent(y, 1)] for x, y in shown])
    layers = [
        Layer("thin", [(x, y) for x, y in curve], "" if place else _("a refit"))
        for place, curve in enumerate(refits)
    ]
    if outcome:
        layers.append(Layer("solid", [(x, y) for x, y in own], _("the model")))
        words = _("Mean number and share seen in tenths of the patients, for the model and every refit.")
    else:
        words = _(
            "Mean number of a refit and of the model in tenths of the patients: the model is the truth that the refits "
            "were drawn from. What happened to these patients is not used, since they trained the model."
        )
    top = max(0.1, max(end for curve in found["curves"] for point in curve for end in point))
    plane = Plane(
        Axis(_("mean number: {outcome}").format(outcome=name), 0.0, min(1.0, 1.05 * top), True),
        Axis(_("share seen") if outcome else _("mean number of the model"), 0.0, min(1.0, 1.05 * top), True),
        layers,
        _("Calibration over the refits: {outcome}. ").format(outcome=name)
        + clauses(f"{row[0]}: {row[1]}" for row in grid.rows),
        grid,
        caption,
        _("no difference"),
    )
    return Section(_("Calibration over the refits"), [words], [plane])


def _behind(found: dict[str, Any]) -> Section:
    low, lower, middle, upper, high = found["quantiles"]
    rows = [
        [_("one patient in twenty below"), number(round(low))],
        [_("a quarter below"), number(round(lower))],
        [_("half below"), number(round(middle))],
        [_("a quarter above"), number(round(upper))],
        [_("one patient in twenty above"), number(round(high))],
    ]
    words = _(
        "Half of the risks are as sure as from counting {middle} such patients or fewer; for {few} of the patients it is "
        "fewer than 50."
    ).format(middle=number(round(middle)), few=percent(found["few"]))
    heads = [_("Patients"), _("effective sample size")]
    return Section(_("How many patients stand behind a number"), [words], grids=[Grid(words, heads, rows)])

"""How a cohort differs from that of the training, and what a recalibration brings, in words and rows."""

from __future__ import annotations

from typing import Any

from mtl.figures.plane import Axis, Grid
from mtl.figures.ranges import Range, Ranges
from mtl.language import N_, _, listed, number, percent, signed
from mtl.services.evidence.sheet import Section, Sheet
from mtl.services.evidence.trust_words import EN_DASH, asked, finding, measure, output, value, with_interval
from mtl.study import Study, Task

VERDICTS = {"stable": N_("stable"), "some": N_("some shift"), "shifted": N_("shifted")}
REASONS = {
    "training": N_("these patients were in the training"),
    "outcome": N_("the outcome is not recorded here"),
    "few": N_("{count} patients of the rarer outcome; at least {least} are needed"),
    "slope": N_("the numbers do not order these patients as the outcome does"),
    "worse": N_("worse on patients held out"),
}
METHODS = {"level": N_("level alone"), "slope": N_("level and slope")}


def sheet(study: Study, tasks: list[str], content: dict[str, Any], caption: str) -> Sheet:
    """What the part "shift" found."""
    together = content["together"]
    if together is None:
        lead = _("Too few patients to tell the cohorts apart.")
    else:
        lead = _(
            "Told the findings alone, trees tell patients of this cohort from those of the training with an AUROC of "
            "{area}: {verdict}."
        ).format(
            area=with_interval({**together, "value": together["auroc"]}, 2), verdict=_apart(together["auroc"])
        )
    novel = _(
        "{here} of these patients are flagged as unlike those of the training; of the training's own, held out, {there}."
    ).format(here=percent(content["novel"]["here"], 1), there=percent(content["novel"]["training"], 1))
    sections = [_features(study, content, caption), _outcomes(study, tasks, content)]
    notes = [
        _(
            "Standardised difference: of the means, over the pooled standard deviation; below 0.1 is small (Austin 2009). "
            "PSI: population stability index over tenths of the training's values; above 0.1 some shift, above 0.25 shifted "
            "(Siddiqi 2006), where it is more than chance shows. p: Kolmogorov-Smirnov for numbers, chi-squared for levels. "
            "AUROC: classifier two-sample test (Lopez-Paz and Oquab 2017), boosted trees, five folds; 0.5 is no difference."
        )
    ]
    return Sheet([lead, novel], sections, notes)


def _apart(area: float) -> str:
    if area < 0.6:
        return _("hardly any difference")
    return _("a moderate difference") if area < 0.8 else _("a large difference")


def _features(study: Study, content: dict[str, Any], caption: str) -> Section:
    rows = []
    for one in content["features"]:
        words = [
            EN_DASH if one["difference"] is None else signed(one["difference"], 2),
            EN_DASH if one["psi"] is None else number(one["psi"], 2),
            _(VERDICTS[one["verdict"]]),
            EN_DASH if one["p"] is None else "< 0.001" if one["p"] < 0.001 else number(one["p"], 3),
            _("{before} → {after}").format(
                before=percent(one["missing"][0]), after=percent(one["missing"][1])
            ),
        ]
        rows.append(Range(finding(study, one["feature"]), one["difference"], None, None, words))
    reach = max([0.5, *(abs(row.value) for row in rows if row.value is not None)])
    ranges = Ranges(
        _("Findings in this cohort against those of the training"),
        Axis(_("standardised difference"), -reach, reach),
        [_("Finding"), _("difference"), _("PSI"), _("verdict"), _("p"), _("missing, training → here")],
        rows,
        0.0,
        _("no difference"),
    )
    words = [caption]
    if content["absent"]:
        names = listed(finding(study, name) for name in content["absent"])
        left_out = _("Not recorded in one of the cohorts, so left out of the comparison: {findings}.")
        words.append(left_out.format(findings=names))
    return Section(_("Finding by finding"), words, ranges=[ranges])


def _outcomes(study: Study, tasks: list[str], content: dict[str, Any]) -> Section:
    rows = []
    for name in tasks:
        task, found = study.task(name), content["outcomes"][name]
        count = max(len(found["here"]["rates"]), len(found["training"]["rates"]))
        for k in range(count):
            label = asked(task, found["horizon"])
            if task.classes:
                label = f"{label}: {output(task, f'{task.name}={task.classes[k].text}')}"
            said = found["predicted"]
            rows.append(
                [
                    label,
                    _rate(task, found["training"], k),
                    _rate(task, found["here"], k),
                    value(task, said[k]) if k < len(said) else EN_DASH,
                ]
            )
    heads = [_("Outcome"), _("training"), _("here"), _("predicted here, mean")]
    words = _(
        "What happened there and here, with 95 % intervals, and what the model says of the patients here."
    )
    return Section(_("Outcomes"), [words], grids=[Grid(_("Outcomes"), heads, rows)])


def _rate(task: Task, found: dict[str, Any], k: int) -> str:
    if k >= len(found["rates"]) or found["rates"][k][0] is None:
        return EN_DASH
    middle, low, high = found["rates"][k]
    if low is None or high is None:
        return value(task, middle)
    return _("{value} ({low} to {high})").format(
        value=value(task, middle), low=value(task, low), high=value(task, high)
    )


def recalibration(study: Study, content: dict[str, Any]) -> Sheet:
    """What the part "recalibration" found: before and after, task by task."""
    sections = []
    refused = []
    for name, found in content["tasks"].items():
        task = study.task(name)
        label = asked(task, found["horizon"])
        if found["reason"]:
            why = _why(found["reason"]).format(count=number(found["events"]), least=number(content["fewest"]))
            refused.append([label, why])
            continue
        sections.append(_before_after(label, found))
    if refused:
        heads = [_("Outcome"), _("why not")]
        sections.append(Section(_("Not recalibrated"), grids=[Grid(_("Not recalibrated"), heads, refused)]))
    notes = [
        _(
            "Level: a constant added to the log-odds (for survival: a factor of the baseline hazard). Slope: the margin "
            "times a factor, so that explanations stay exact. Judged in five folds: every patient by a recalibration "
            "that did not use them; differences are paired. What a trial says of a treatment is not recalibrated."
        )
    ]
    return Sheet([], sections, notes)


def _why(reason: str) -> str:
    words = REASONS[reason]
    return _(words)


def _before_after(label: str, found: dict[str, Any]) -> Section:
    judged = [one for one in found["methods"].values() if "before" in one]
    names = list(judged[0]["before"]) if judged else []
    rows = []
    counted = {
        "survival": _("{count} patients, {events} events."),
        "regression": _("{count} patients."),
    }.get(found["kind"], _("{count} patients, {events} of them of the rarer outcome."))
    words = [counted.format(count=number(found["n"]), events=number(found["events"]))]
    for method, one in found["methods"].items():
        if "before" not in one:
            words.append(f"{_(METHODS[method])}: {_why(one['reason'])}")
            continue
        levels = listed(signed(level, 3) for level in one["level"])
        told = _("{method}: level {level}, slope {slope}").format(
            method=_(METHODS[method]), level=levels, slope=number(one["slope"], 3)
        )
        words.append(told if not one["reason"] else f"{told}. {_why(one['reason'])}")
    for name in names:
        row = [measure(name)]
        for one in found["methods"].values():
            if "before" not in one:
                continue
            if len(row) == 1:
                row.append(with_interval(one["before"][name]))
            row += [with_interval(one["after"][name]), with_interval(one["difference"][name], 3)]
        rows.append(row)
    heads = [_("Measure"), _("as it is")]
    for method, one in found["methods"].items():
        if "before" in one:
            heads += [_(METHODS[method]), _("difference")]
    return Section(label, words, grids=[Grid(label, heads, rows)])


def offered(content: dict[str, Any]) -> list[str]:
    """The methods by which at least one task can be recalibrated."""
    tasks = content["tasks"].values()
    return [
        m
        for m in METHODS
        if any("before" in t["methods"].get(m, {}) and not t["methods"][m]["reason"] for t in tasks)
    ]

"""Calibration, decision curves, ROC and survival by risk group in the validation report, drawn from their parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtl.figures import svg
from mtl.language import N_, _, clauses, number, percent, study_language
from mtl.report.document import Beside, Block, Part, Picture, Points, Table, Words
from mtl.services.documents.facts import Evidence, Facts
from mtl.services.evidence import cutoffs, words
from mtl.services.patients.printing import USUAL_HORIZON
from mtl.services.patients.wording import title, years
from mtl.study import Task

BINS = 25  # of the histogram below a calibration curve, at most
AT = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)  # cut-offs of the table, besides those that the study names
GROUPS = (N_("low risk"), N_("middle risk"), N_("high risk"))


def _told(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in entries if "reason" not in entry]


def _silent(facts: Facts, entries: list[dict[str, Any]]) -> list[str]:
    """Why some horizon or class cannot be told."""
    return [
        _("{label}: {value}").format(label=_event(facts, entry), value=words.reason(entry["reason"]))
        for entry in entries
        if "reason" in entry
    ]


def _event(facts: Facts, entry: dict[str, Any]) -> str:
    return words.event(facts.study, entry["key"])


def _headline(entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The entry that stands for a task: five years, else the last horizon; the first class."""
    told = _told(entries)
    usual = [entry for entry in told if entry.get("horizon") == USUAL_HORIZON]
    survival = [entry for entry in told if entry.get("horizon") is not None]
    return next(iter(usual or survival[-1:] or told), None)


def calibration(
    facts: Facts, evidence: Evidence, found: dict[str, Any], tasks: Sequence[str]
) -> tuple[Part, ...]:
    """A calibration plot for every horizon and class, with the spread of the predictions at its foot, two in a row."""
    drawn, lines = [], []
    for name, entries in found["tasks"].items():
        if name not in tasks:
            continue
        task = facts.study.task(name)
        lines += _silent(facts, entries)
        for entry in _told(entries):
            event = _event(facts, entry)
            if entry["curve"] is None:
                why = _("No smooth curve: {reason}.").format(reason=words.reason(entry["curve_reason"]))
                lines.append(_("{label}: {value}").format(label=event, value=why))
            if entry["curve"] is not None or _varied(entry):
                drawn.append(_calibration(task, entry, event))
    blocks: list[Block] = [Beside(tuple(drawn[k : k + 2])) for k in range(0, len(drawn), 2)]
    if lines:
        blocks.append(Points(tuple(lines)))
    return (Part(_("Predicted and observed"), tuple(blocks)),)


def _varied(entry: dict[str, Any]) -> bool:
    """Whether the groups differ in what was observed: else nothing can be seen."""
    return len({g["observed"] for g in entry["groups"] if g["observed"] is not None}) > 1


def _calibration(task: Task, entry: dict[str, Any], event: str) -> Picture:
    risk = task.kind != "regression"
    curve, groups = entry["curve"], [g for g in entry["groups"] if g["observed"] is not None]
    unit = task.unit.get(study_language())
    label = f"{event}, {unit}" if unit and not risk else event
    seen = [v for g in groups for v in (g["predicted"], g["observed"])] + (curve["at"] if curve else [])
    low, high = svg.around(seen)
    if risk:
        low, high = 0.0, min(1.0, max(0.1, -(-round(high * 20, 6) // 1) / 20))
    series = [svg.Series(_("perfect"), (low, high), (low, high), style="reference")]
    if curve is not None:
        known = [
            k for k, edge in enumerate(curve["low"]) if edge is not None and curve["high"][k] is not None
        ]
        whole = len(known) == len(curve["at"])
        series.append(
            svg.Series(
                _("smooth curve, 95 % interval"), tuple(curve["at"]), tuple(curve["observed"]),
                tuple(curve["low"]) if whole else (), tuple(curve["high"]) if whole else (),
            )
        )  # fmt: skip
    series.append(
        svg.Series(
            _("groups of like predictions"), tuple(g["predicted"] for g in groups), tuple(g["observed"] for g in groups),
            style="points",
        )
    )  # fmt: skip
    write = percent if risk else number
    told = clauses(
        _("predicted {predicted}, observed {observed}").format(
            predicted=write(g["predicted"]), observed=write(g["observed"])
        )
        for g in groups
    )
    alt = _("Calibration of {event}: {groups}.").format(event=event, groups=told)
    drawn = svg.chart(
        series, svg.Axis(_("predicted"), low, high, risk), svg.Axis(_("observed"), low, high, risk), alt,
        _histogram(entry.get("counts"), high), square=True,
    )  # fmt: skip
    caption = _("{event}; n = {count}").format(event=label, count=number(entry["n"]))
    return Picture(drawn.svg, drawn.alt, caption, drawn.width)


def _histogram(counts: dict[str, Any] | None, high: float) -> svg.Bars | None:
    """How the predictions lie from 0 to the end of the axis, in fewer bins than were counted."""
    if counts is None:
        return None
    bins = counts["bins"]
    every = [sum(found) for found in zip(counts["events"], counts["others"], counts["unknown"], strict=True)]
    inside = every[: max(1, min(bins, round(high * bins)))]
    width = -(-len(inside) // BINS)
    return svg.Bars(
        _("patients"), tuple(sum(inside[k : k + width]) for k in range(0, len(inside) - width + 1, width))
    )


def cutoff(facts: Facts, evidence: Evidence, found: dict[str, Any], tasks: Sequence[str]) -> tuple[Part, ...]:
    """Decision curve, ROC curve and a table of rates, for the event that stands for each task."""
    out = []
    for name, entries in found["tasks"].items():
        entry = _headline(entries)
        if name not in tasks:
            continue
        task = facts.study.task(name)
        if entry is None:
            out.append(Part(title(task), tuple(Words(line) for line in _silent(facts, entries))))
            continue
        pictures = (_decision(found["cutoffs"], entry), _roc(entry))
        caption = _event(facts, entry)
        blocks = (Words(caption), Beside(pictures), _rates(task, found, entry))
        out.append(Part(title(task), blocks))
    return tuple(out)


def _decision(at: list[float], entry: dict[str, Any]) -> Picture:
    rates, limits = entry["rates"], entry["limits"]["net_benefit"]
    keep = [
        k for k, value in enumerate(rates["net_benefit"]) if value is not None and limits[k][0] is not None
    ]
    x = tuple(at[k] for k in keep)
    net = tuple(rates["net_benefit"][k] for k in keep)
    everybody = [(at[k], v) for k, v in enumerate(rates["treat_all"]) if v is not None]
    top = max([*net, *(v for _x, v in everybody), 0.05])
    series = [
        svg.Series(_("nobody"), (0.0, 1.0), (0.0, 0.0), style="reference"),
        svg.Series(_(
            "the model, 95 % interval"
        ), x, net, tuple(limits[k][0] for k in keep), tuple(limits[k][1] for k in keep)),
        svg.Series(_(
            "everybody"
        ), tuple(a for a, v in everybody if v >= -0.25 * top), tuple(v for _a, v in everybody if v >= -0.25 * top)),
    ]  # fmt: skip
    alt = _("Net benefit by cut-off: {values}.").format(
        values=clauses(
            _("{cutoff}: {value}").format(cutoff=percent(at[k]), value=number(rates["net_benefit"][k], 3))
            for k in keep
            if at[k] in AT
        )
    )
    drawn = svg.chart(
        series, svg.Axis(_("cut-off"), 0.0, 1.0, True), svg.Axis(_("net benefit"), -0.25 * top, 1.1 * top), alt, square=True
    )  # fmt: skip
    return Picture(drawn.svg, drawn.alt, _("Decision curve"), drawn.width)


def _roc(entry: dict[str, Any]) -> Picture:
    x, y = entry["roc"]
    series = [
        svg.Series(_("chance"), (0.0, 1.0), (0.0, 1.0), style="reference"),
        svg.Series(_("the model"), tuple(x), tuple(y)),
    ]
    some = [min(range(len(x)), key=lambda k: abs(x[k] - share)) for share in (0.1, 0.2, 0.5)]
    alt = _("Sensitivity by false positives: {values}.").format(
        values=clauses(_("{cutoff}: {value}").format(cutoff=percent(x[k]), value=percent(y[k])) for k in some)
    )
    drawn = svg.chart(
        series, svg.Axis(_("1 – specificity"), 0.0, 1.0, True), svg.Axis(_("sensitivity"), 0.0, 1.0, True), alt, square=True
    )  # fmt: skip
    return Picture(drawn.svg, drawn.alt, _("ROC curve"), drawn.width)


def _rates(task: Task, found: dict[str, Any], entry: dict[str, Any]) -> Table:
    named = {c for c in task.cutoffs if c in found["cutoffs"]}
    head = (_("Cut-off"), *(_(words_) for words_ in cutoffs.RATES.values()))
    rows = []
    for at in sorted({*AT, *named} & set(found["cutoffs"])):
        one = cutoffs.at(found, entry, at)
        rows.append((percent(at), *(cutoffs.printed(name, one.rates[name]) for name in cutoffs.RATES)))
    caption = _("{count} patients, {events} events").format(
        count=number(entry["n"]), events=number(entry["events"])
    )
    return Table(caption, head, tuple(rows))


def risk_groups(
    facts: Facts, evidence: Evidence, found: dict[str, Any], tasks: Sequence[str]
) -> tuple[Part, ...]:
    """Kaplan-Meier curves by thirds of predicted risk, and predicted beside observed risk of each."""
    out = []
    for name, one in found["tasks"].items():
        if name not in tasks:
            continue
        task = facts.study.task(name)
        if "reason" in one:
            out.append(Part(title(task), (Words(words.reason(one["reason"])),)))
            continue
        division = one["divisions"]["3"]
        out.append(Part(title(task), (_survival(task, division), _predicted(division, one["horizon"]))))
    return tuple(out)


def _names(division: dict[str, Any]) -> list[str]:
    limits = [0.0, *division["limits"], 1.0]
    told = _("{name}, {low} to {high}")
    return [
        told.format(
            name=_(GROUPS[k]) if len(division["groups"]) == len(GROUPS) else number(k + 1),
            low=percent(limits[k]),
            high=percent(limits[k + 1]),
        )
        for k in range(len(division["groups"]))
    ]


def _survival(task: Task, division: dict[str, Any]) -> Picture:
    at, names = division["years"], _names(division)
    series = []
    for name, group in zip(names, division["groups"], strict=True):
        keep = [k for k, v in enumerate(group["survival"]) if v is not None]
        low = [group["low"][k] if group["low"][k] is not None else group["survival"][k] for k in keep]
        high = [group["high"][k] if group["high"][k] is not None else group["survival"][k] for k in keep]
        y = tuple(group["survival"][k] for k in keep)
        series.append(svg.Series(name, tuple(at[k] for k in keep), y, tuple(low), tuple(high), "steps"))
    ends = clauses(
        _("{label}: {value}").format(label=one.label, value=percent(one.y[-1])) for one in series if one.y
    )
    alt = _("Share still free of the event by group of predicted risk. {groups}.").format(groups=ends)
    up = svg.Axis(_("free of: {event}").format(event=title(task)), 0.0, 1.0, True)
    drawn = svg.chart(series, svg.Axis(_("years of follow-up"), 0.0, at[-1]), up, alt)
    return Picture(
        drawn.svg, drawn.alt, _("Kaplan-Meier by thirds of predicted risk, with 95 % intervals"), drawn.width
    )


def _predicted(division: dict[str, Any], horizon: float) -> Table:
    rows = []
    for name, group in zip(_names(division), division["groups"], strict=True):
        at = next(h for h in group["horizons"] if h["horizon"] == horizon)
        seen = "–" if at["observed"] is None else percent(at["observed"])
        if at["low"] is not None:
            interval = _("{low} to {high}").format(low=percent(at["low"]), high=percent(at["high"]))
            seen = _("{value} ({interval})").format(value=seen, interval=interval)
        rows.append((name, number(group["n"]), number(group["events"]), percent(at["predicted"]), seen))
    head = (_("Group"), _("Patients"), _("Events"), _("Mean predicted"), _("Observed"))
    return Table(_("Predicted and observed by {time}").format(time=years(horizon)), head, tuple(rows))

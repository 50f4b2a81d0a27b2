"""What sharing brought, in words: the verdict on each task, what it rests on, which task helps which, the learning curve."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mtl.language import N_, _, number, signed, span
from mtl.services import owners
from mtl.services.evidence import evidence, metric_words
from mtl.services.loaded import record
from mtl.services.patients import wording
from mtl.services.patients.cohorts import CohortSummary, overview
from mtl.services.users import require
from mtl.study import Study

MODELS = {
    "linear": N_("linear"),
    "own": N_("own trees"),
    "shared": N_("shared trees"),
    "linear_own": N_("linear + own trees"),
    "blend": N_("all three"),
}
HEADS = {
    "alone": N_("Nothing is shared"),
    "helped": N_("Sharing helped"),
    "hurt": N_("Sharing hurt"),
    "level": N_("Sharing made no difference"),
    "regularised": N_("Cannot tell"),
    "unclear": N_("Cannot tell"),
}
DIGITS = 3


@dataclass(frozen=True)
class Sentence:
    """The verdict on a task: which, the task's name, the verdict in a few words and the sentence that says why."""

    verdict: str
    title: str
    head: str
    words: str

    @property
    def first(self) -> str:
        """The verdict as a sentence: "Death: Sharing helped."."""
        return _("{task}: {verdict}.").format(task=self.title, verdict=self.head)


@dataclass(frozen=True)
class Gap:
    """A difference: what is compared, its value and limits (None where there are none), and in print."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    printed: str


@dataclass(frozen=True)
class TaskTable:
    """A task's row: name, measure, and the words of each column."""

    title: str
    metric: str
    cells: tuple[str, ...]


def training_cohort(cohort: CohortSummary) -> CohortSummary | None:
    """The cohort that a cohort's model was trained on, where the user may know of it and it has not changed since."""
    require(evidence.READ)
    if cohort.model is None:
        return None
    model = record(cohort.model.key)
    for one in overview():
        if one.key == model.cohort and one.model is not None and one.model.key == model.key:
            return one if owners.cohort(one.key).data == model.data else None
    return None


def metric(name: str) -> str:
    """Name a headline metric."""
    return metric_words.title(name)


def printed(gap: dict[str, float | None] | None) -> str:
    """Write a difference with its interval: "+0.012 (0.004 to 0.020)"."""
    if gap is None or gap["value"] is None:
        return _("not estimable")
    value = signed(gap["value"], DIGITS)
    if gap["low"] is None:
        return value
    return _("{value} ({interval})").format(value=value, interval=_interval(gap))


def _interval(gap: dict[str, float | None]) -> str:
    if gap["low"] is None or gap["high"] is None:
        return _("no interval")
    return span(gap["low"], gap["high"], DIGITS)


def _gap(label: str, found: dict[str, float | None] | None) -> Gap:
    known = found or {"value": None, "low": None, "high": None}
    return Gap(label, known["value"], known["low"], known["high"], printed(found))


# The audit ------------------------------------------------------------------------------------------------------------


def sentences(study: Study, content: dict[str, Any]) -> list[Sentence]:
    """The verdict on every task, in the study's order."""
    return [sentence(wording.title(study.task(name)), one) for name, one in content["tasks"].items()]


def sentence(title: str, audit: dict[str, Any]) -> Sentence:
    """The verdict on a task; every number in it is one of the audit's."""
    verdict = str(audit["verdict"])
    return Sentence(verdict, title, _head(verdict, audit), _words(verdict, audit))


def _head(verdict: str, audit: dict[str, Any]) -> str:
    if verdict == "hurt" and audit["left_out"]:
        return _("Sharing hurt, and is switched off")
    return _(HEADS[verdict])


def _words(verdict: str, audit: dict[str, Any]) -> str:
    if verdict == "alone":
        return _("No other task may shape the trees of this one, so there is nothing to share.")
    if audit["reason"] is not None:
        return _("There are too few labels to leave out two parts of them at a time.")
    against = audit["gain"]["linear_own"]["metric"]
    over = audit["control"]["gain"]["metric"]
    facts = {
        "measure": metric(audit["metric"]),
        "gain": printed(against),
        "over": printed(over),
        "margin": number(0.01, 2),
        "weight": number(audit["model_weights"].get("shared", 0.0), 2),
    }
    if verdict == "helped":
        words = _(
            "With the other tasks {measure} changes by {gain} against linear and own trees alone, and by {over} against "
            "the same with the other tasks' labels shuffled: more than chance and more than smoothing would bring."
        )
    elif verdict == "level":
        words = _(
            "{measure} changes by {gain} against linear and own trees alone: within {margin} of nothing either way."
        )
    elif verdict == "hurt":
        return _hurt(audit, facts)
    elif verdict == "regularised":
        words = _(
            "{measure} changes by {gain} against linear and own trees alone, but the difference to the same with the "
            "other tasks' labels shuffled is not certain ({over}): "
            "what helps cannot be shown to be what the other tasks know."
        )
    else:
        words = _(
            "{measure} changes by {gain} against linear and own trees alone: these patients are too few to say "
            "whether that is a gain or a loss."
        )
    return words.format(**facts)


def _hurt(audit: dict[str, Any], facts: dict[str, str]) -> str:
    if audit["left_out"]:
        guard = audit["guard"]
        rise = {name: None if guard[name] is None else -guard[name] for name in ("gain", "low", "high")}
        found = {"value": rise["gain"], "low": rise["high"], "high": rise["low"]}
        return _(
            "In training the error on patients held out (the loss) rose by {rise} with the shared trees, so they were taken "
            "out of this task's model. In this audit {measure} changes by {gain} with them."
        ).format(rise=printed(found), **facts)
    return _(
        "{measure} changes by {gain} against linear and own trees alone. The check in training, by the loss, did not "
        "find it, so shared trees are still in this task's model, with a weight of {weight}."
    ).format(**facts)


def gaps(study: Study, content: dict[str, Any]) -> list[tuple[str, str, list[Gap]]]:
    """Per task, its name, its measure, and the differences that the verdict rests on."""
    rows = []
    for name, one in content["tasks"].items():
        if one["gain"] is None or one["control"] is None:
            continue
        own = [
            _gap(_("than linear + own trees"), one["gain"]["linear_own"]["metric"]),
            _gap(_("than with shuffled labels"), one["control"]["gain"]["metric"]),
        ]
        rows.append((wording.title(study.task(name)), metric(one["metric"]), own))
    return rows


def reach(values: Iterable[float | None]) -> float:
    """How far an axis goes to either side of 0, so that every value lies on it and its ends are round.

    >>> reach([-0.045, 0.02, None]), reach([])
    (0.05, 0.01)
    """
    far = max((abs(value) for value in values if value is not None), default=0.0)
    power = 10.0 ** math.floor(math.log10(max(far, 0.01)))
    return next(round(power * k, 10) for k in (1, 2, 5, 10) if power * k >= far - 1e-12)


def losses(study: Study, content: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Per task, its name, and the loss saved against linear and own trees and against the control."""
    return [
        (
            wording.title(study.task(name)),
            printed(one["gain"]["linear_own"]["loss"]),
            printed(one["control"]["gain"]["loss"]),
        )
        for name, one in content["tasks"].items()
        if one["gain"] is not None and one["control"] is not None
    ]


def scores(study: Study, content: dict[str, Any]) -> list[TaskTable]:
    """Per task the headline metric of every model, the control's with real and with shuffled labels."""
    rows = []
    for name, one in content["tasks"].items():
        cells = [_value(one["scores"].get(model, {}).get("metric")) for model in MODELS]
        control = one["control"]
        for which in ("real", "shuffled"):
            cells.append("–" if control is None else _value(control[which]["metric"]))
        rows.append(TaskTable(wording.title(study.task(name)), metric(one["metric"]), tuple(cells)))
    return rows


def score_heads() -> tuple[str, ...]:
    """The columns of :func:`scores`."""
    return (*(_(name) for name in MODELS.values()), _("control: real labels"), _("control: shuffled labels"))


def weights(study: Study, content: dict[str, Any]) -> list[tuple[str, list[float]]]:
    """Per task the weights of the model's own blend as shares of their sum: linear, own trees, shared trees."""
    rows = []
    for name, one in content["tasks"].items():
        own = [float(one["model_weights"].get(expert, 0.0)) for expert in ("linear", "own", "shared")]
        total = sum(own)
        if total > 0:
            rows.append((wording.title(study.task(name)), [weight / total for weight in own]))
    return rows


def _value(value: float | None) -> str:
    return "–" if value is None else number(value, DIGITS)


# Which task helps which -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pairs:
    """Tasks by tasks: the gain of the row's task with the column's as its only helper.

    `hidden` where it may not help; `table` has a row a pair: target, helper, gain, gain over shuffled, in print; `beyond`
    names the pairs whose gain is beyond chance and beyond that of shuffled labels.
    """

    tasks: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    hidden: tuple[tuple[bool, ...], ...]
    table: tuple[tuple[str, str, str, str], ...]
    beyond: tuple[str, ...]


def pairs(study: Study, content: dict[str, Any]) -> Pairs:
    """Which task helps which."""
    names = list(content["tasks"])
    titles = {name: wording.title(study.task(name)) for name in names}
    values, hidden, table, beyond = [], [], [], []
    for target in names:
        helpers = content["tasks"][target]["helpers"]
        gains = {helper: one["gain"]["metric"] for helper, one in helpers.items()}
        values.append(
            tuple(
                float("nan") if (g := gains.get(h)) is None or g["value"] is None else g["value"]
                for h in names
            )
        )
        hidden.append(tuple(helper not in helpers for helper in names))
        for helper, one in helpers.items():
            gain, over = one["gain"]["metric"], one["over_shuffled"]["metric"]
            table.append((titles[target], titles[helper], printed(gain), printed(over)))
            if (gain["low"] or 0) > 0 and (over["low"] or 0) > 0:
                beyond.append(
                    _("{helper} helps {target}").format(helper=titles[helper], target=titles[target])
                )
    return Pairs(tuple(titles.values()), tuple(values), tuple(hidden), tuple(table), tuple(beyond))


# Learning curve -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CurvePoint:
    """A share of a task's labels: how many those are, the blend's and the other's metric (None where there are too few),
    and the gain in print."""

    share: float
    labels: int
    blend: float | None
    without: float | None
    gain: str


def curve(content: dict[str, Any], task: str) -> list[CurvePoint]:
    """A task's learning curve, few labels first; empty where no other task helps it."""
    found = content["tasks"].get(task)
    if found is None:
        return []
    points = []
    for one in reversed(found["shares"]):
        few = one["reason"] is not None
        points.append(
            CurvePoint(
                one["share"],
                one["labels"],
                None if few else one["blend"]["metric"],
                None if few else one["linear_own"]["metric"],
                _("too few labels") if few else printed(one["gain"]["metric"]),
            )
        )
    return points

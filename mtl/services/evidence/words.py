"""How the evidence says a metric, what it means, what stands beside the blend, and why there is no number."""

from __future__ import annotations

import re
from typing import Any

from mtl.language import N_, _, number, percent, span, study_language
from mtl.services import steps
from mtl.services.patients.wording import title, years
from mtl.study import Study, Task

_NO_BREAK = "\u00a0"

#: The names of metrics, before translation.
METRICS = {
    "auroc": N_("AUROC"),
    "macro_auroc": N_("AUROC, mean of the classes"),
    "average_precision": N_("Average precision"),
    "log_loss": N_("Log loss"),
    "brier": N_("Brier score"),
    "scaled_brier": N_("Scaled Brier score"),
    "calibration_slope": N_("Calibration slope"),
    "calibration_intercept": N_("Calibration intercept"),
    "ici": N_("ICI"),
    "accuracy": N_("Accuracy"),
    "r2": N_("R²"),
    "rmse": N_("RMSE"),
    "mae": N_("MAE"),
    "harrell_c": N_("Harrell's C"),
    "uno_c": N_("Uno's C"),
    "integrated_brier": N_("Integrated Brier score"),
    "observed_expected": N_("Observed / expected"),
}
#: What each says, for a reader who does not know it by name.
ABOUT = {
    "auroc": N_("chance that a patient with the event has the higher number; 0.5 is a coin, 1 perfect"),
    "macro_auroc": N_("AUROC of each class against the rest, averaged"),
    "average_precision": N_("precision averaged over sensitivities; the prevalence is what a coin gets"),
    "log_loss": N_("mean penalty of the probability given to what happened; smaller is better"),
    "brier": N_("mean squared distance between probability and event; smaller is better"),
    "scaled_brier": N_(
        "share of the prevalence's Brier score that is gained; 0 is no better than the prevalence"
    ),
    "calibration_slope": N_("1 is right; below 1 the numbers are too extreme, above 1 too timid"),
    "calibration_intercept": N_("0 is right; above 0 the numbers are too low on the whole"),
    "ici": N_(
        "mean distance of the numbers from the smooth calibration curve; smaller is better; chance adds to it, more so in "
        "the resamples, so its interval may lie above it"
    ),
    "accuracy": N_("share right at a cut-off of one half; asked for often, never a ground to choose a model"),
    "r2": N_("share of the variation that is explained; 0 is no better than the mean"),
    "rmse": N_("root of the mean squared error, in the unit of what is predicted"),
    "mae": N_("mean absolute error, in the unit of what is predicted"),
    "harrell_c": N_(
        "share of comparable pairs in which the earlier event has the higher number; 0.5 is a coin"
    ),
    "uno_c": N_("the same, freed from the pattern of censoring"),
    "integrated_brier": N_("Brier score averaged over time, censoring weighed for; smaller is better"),
    "observed_expected": N_("1 is right; above 1 more happened than was predicted"),
}
#: What stands beside the blend.
TECHNIQUES = {
    "blend": N_("This model (the blend)"),
    "linear": N_("Linear alone"),
    "own": N_("Own trees alone"),
    "shared": N_("Shared trees alone"),
    "log_cox": N_("Cox on log features"),
}
#: The first metric of a kind: how well patients are told apart.
FIRST = {"binary": "auroc", "multiclass": "macro_auroc", "regression": "r2", "survival": "harrell_c"}
#: Metrics that are best in between: a difference is neither better nor worse.
NEITHER = frozenset({"calibration_slope", "calibration_intercept", "observed_expected"})
SMALLER_IS_BETTER = frozenset({"log_loss", "brier", "ici", "rmse", "mae", "integrated_brier"})

_REASONS = (
    (r"fewer than (?P<least>\d+) still at risk at (?P<years>[\d.]+) years \((?P<left>\d+)\)",
     N_("not estimable: fewer than {least} patients still at risk at {years} years ({left})")),
    (r"the model does not estimate (?P<years>[\d.]+) years.*",
     N_("not estimable: too few training patients were followed for {years} years")),
    (r"fewer than (?P<least>\d+) events by (?P<years>[\d.]+) years \((?P<left>\d+)\)",
     N_("fewer than {least} events by {years} years ({left})")),
    (r"fewer than (?P<least>\d+) labelled rows \((?P<left>\d+)\)",
     N_("fewer than {least} patients with an outcome ({left})")),
    (r"fewer than (?P<least>\d+) rows of the rarer class \((?P<left>\d+)\)",
     N_("fewer than {least} patients of the rarer kind ({left})")),
    (r"only one class among the (?P<left>\d+) labelled rows", N_("all {left} patients have the same outcome")),
    (r"the blend was fitted to these rows.*",
     N_("right by construction: the blend was fitted to these out-of-fold numbers")),
    (r"no labelled rows", N_("no patient here has this outcome recorded")),
    (r"no events .*", N_("no events")),
    (r"class number .* does not occur.*", N_("a class does not occur here")),
    (r"the predictions? (?:is|separate|order).*",
     N_("the predictions separate the patients perfectly, or are all the same")),
)  # fmt: skip


def parts(name: str) -> tuple[str, str, float | None]:
    """Take a metric's name apart: "brier@5y" -> ("brier", "", 5.0), "auroc=2" -> ("auroc", "2", None).

    >>> parts("brier@5y"), parts("auroc=2")
    (('brier', '', 5.0), ('auroc', '2', None))
    """
    head, at, horizon = name.partition("@")
    if at:
        return head, "", float(horizon.removesuffix("y"))
    head, _equals, category = name.partition("=")
    return head, category, None


def metric(name: str, task: Task | None = None) -> str:
    """Say a metric's name: "Brier score at 5 years", "AUROC: stage 2"."""
    head, category, horizon = parts(name)
    words = _(METRICS[head]) if head in METRICS else head
    if horizon is not None:
        return _("{metric} at {time}").format(metric=words, time=years(horizon))
    if category:
        return _("{label}: {value}").format(label=words, value=class_label(task, category))
    return words


def class_label(task: Task | None, category: str) -> str:
    """What a person calls a class of a task."""
    found = [] if task is None else [level for level in task.classes if level.text == category]
    return (found[0].label.get(study_language()) if found else "") or category


def about(name: str) -> str:
    """Say what a metric means."""
    head = parts(name)[0]
    return _(ABOUT[head]) if head in ABOUT else ""


def reason(why: str) -> str:
    """Say why there is no number, in the reader's language."""
    for pattern, words in _REASONS:
        found = re.fullmatch(pattern, why)
        if found:
            return _(words).format(**found.groupdict())
    return why


def value(metric: dict[str, Any], decimals: int = 3) -> str:
    """Say a number with its interval, or why there is none: "0.689 (0.659 to 0.722)"."""
    if metric["value"] is None:
        return reason(str(metric["reason"]))
    words = number(metric["value"], decimals)
    if metric["low"] is None or metric["high"] is None:
        return words
    return _("{value} ({interval})").format(
        value=words, interval=span(metric["low"], metric["high"], decimals)
    )


def limits(metric: dict[str, Any], decimals: int = 3) -> str:
    """Say the interval alone, as one word where lines break; nothing where there is none."""
    if metric["low"] is None or metric["high"] is None:
        return ""
    return span(metric["low"], metric["high"], decimals).replace(" ", _NO_BREAK)


def event(study: Study, key: str) -> str:
    """Say what a risk is of: "Recurrence or death within 5 years", "Oedema: despite diuretics"."""
    name, at, horizon = key.partition("@")
    name, equals, category = name.partition("=")
    task = study.task(name)
    if at:
        when = years(float(horizon.removesuffix("y")))
        return _("{outcome} within {time}").format(outcome=title(task), time=when)
    if equals:
        return _("{label}: {value}").format(label=title(task), value=class_label(task, category))
    return title(task)


def event_short(task: Task, key: str) -> str:
    """Say the horizon or the class alone, where the task is named beside: "within 5 years"."""
    _name, at, horizon = key.partition("@")
    if at:
        return _("within {time}").format(time=years(float(horizon.removesuffix("y"))))
    return class_label(task, key.partition("=")[2])


def headline(kind: str, found: dict[str, Any]) -> str:
    """Say what the first metric of a task means, in a sentence; why there is none where there is none."""
    first = found[FIRST[kind]]
    if first["value"] is None:
        return _("Cannot be said here: {reason}.").format(reason=reason(str(first["reason"])))
    pairs = number(round(100 * first["value"]))
    if kind == "survival":
        return _(
            "Of two patients, the one with the earlier event has the higher number in {pairs} of 100 pairs; a coin gets 50."
        ).format(pairs=pairs)
    if kind == "binary":
        return _(
            "Of a patient with and one without it, the former has the higher number in {pairs} of 100 pairs; a coin gets 50."
        ).format(pairs=pairs)
    if kind == "multiclass":
        return _(
            "Of a patient of a class and one of another, the former has the higher number for it in {pairs} of 100 pairs, "
            "averaged over the classes; a coin gets 50."
        ).format(pairs=pairs)
    return _("The prediction explains {share} of the variation between patients.").format(
        share=percent(max(first["value"], 0.0))
    )


def slope(found: dict[str, Any]) -> str:
    """Say what the calibration slope means; nothing where there is none."""
    metric = found.get("calibration_slope")
    if metric is None or metric["value"] is None or metric["low"] is None:
        return ""
    if metric["low"] > 1:
        return _("Its numbers are too timid: high risks are higher, low risks lower than predicted.")
    if metric["high"] < 1:
        return _("Its numbers are too extreme: high risks are lower, low risks higher than predicted.")
    return _("The spread of its numbers is about right.")


def verdict(less: dict[str, Any], name: str) -> str:
    """Say how the blend compares by one metric: better, worse, or not to be told apart."""
    if less["value"] is None or less["low"] is None or less["high"] is None:
        return ""
    if less["low"] <= 0 <= less["high"]:
        return _("cannot be told apart")
    if parts(name)[0] in NEITHER:
        return _("they differ")
    higher = less["low"] > 0
    return (
        _("the blend is better")
        if higher != (parts(name)[0] in SMALLER_IS_BETTER)
        else _("the blend is worse")
    )


def whose(content: dict[str, Any]) -> str:
    """Say on whom numbers rest: out of fold, or patients that were not in the training."""
    return _("out of fold") if content["internal"] else _("none of them in the training")


def stage(study: Study, words: str) -> str:
    """Say what a job does: "metrics: recurrence" with the task's title."""

    def titled(name: str) -> str:
        task = next((task for task in study.tasks if task.name == name), None)
        return name if task is None else title(task)

    return steps.said(words, titled)

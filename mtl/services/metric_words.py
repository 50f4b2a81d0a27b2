"""How a measure of performance is called and printed, once for screen and paper."""

from __future__ import annotations

from typing import Any

from mtl.language import N_, _, number, span
from mtl.services.wording import years

TITLES = {
    "auroc": N_("AUROC"),
    "macro_auroc": N_("AUROC, mean over the classes"),
    "average_precision": N_("Average precision"),
    "accuracy": N_("Accuracy"),
    "log_loss": N_("Log loss"),
    "brier": N_("Brier score"),
    "scaled_brier": N_("Scaled Brier score"),
    "calibration_slope": N_("Calibration slope"),
    "calibration_intercept": N_("Calibration intercept"),
    "ici": N_("Calibration error (ICI)"),
    "r2": N_("R²"),
    "rmse": N_("Root mean squared error"),
    "mae": N_("Mean absolute error"),
    "harrell_c": N_("Harrell's C"),
    "uno_c": N_("Uno's C"),
    "integrated_brier": N_("Integrated Brier score"),
    "observed_expected": N_("Observed / expected"),
}

#: The measures that a short account names, by kind of task; "@" stands for the usual horizon.
MAIN = {
    "binary": ("auroc", "brier", "calibration_slope", "ici"),
    "multiclass": ("macro_auroc", "log_loss", "accuracy"),
    "regression": ("r2", "rmse", "mae", "calibration_slope"),
    "survival": ("harrell_c", "calibration_slope", "integrated_brier", "auroc@", "ici@", "observed_expected@"),
}  # fmt: skip
DECIMALS = 3


def title(name: str) -> str:
    """What a measure is called: "Calibration error (ICI), 5 years", "AUROC, grade 3".

    >>> title("auroc@5y"), title("unheard_of")
    ('AUROC, 5 years', 'unheard_of')
    """
    base, _at, at = name.partition("@")
    words = _(TITLES[base]) if base in TITLES else base
    return _("{measure}, {where}").format(measure=words, where=place(at)) if at else words


def place(at: str) -> str:
    """Where a measure is taken: a horizon in years, or a class.

    >>> place("5y"), place("stage 2")
    ('5 years', 'stage 2')
    """
    try:
        return years(float(at.removesuffix("y")))
    except ValueError:
        return at


def value(metric: dict[str, Any]) -> str:
    """A measure with its interval, as every page prints it; an en dash where there is none.

    >>> value({"value": 0.6789, "low": 0.66, "high": 0.7}), value({"value": None, "reason": "few"})
    ('0.679 (0.660 to 0.700)', '–')
    """
    if metric.get("value") is None:
        return "–"
    printed = number(metric["value"], DECIMALS)
    if metric.get("low") is None or metric.get("high") is None:
        return printed
    limits = span(metric["low"], metric["high"], DECIMALS)
    return _("{value} ({interval})").format(value=printed, interval=limits)


def main(kind: str, metrics: dict[str, Any], horizon: float | None) -> tuple[str, ...]:
    """The names of the main measures of a task that are there; for survival at one horizon."""
    wanted = [
        name if not name.endswith("@") else f"{name}{horizon:g}y"
        for name in MAIN.get(kind, ())
        if horizon is not None or not name.endswith("@")
    ]
    return tuple(name for name in wanted if name in metrics)

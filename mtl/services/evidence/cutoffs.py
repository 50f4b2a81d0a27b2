"""One cut-off of the evidence: its rates with their intervals, and the same of 100 patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mtl.language import N_, _, number, percent, span
from mtl.study import Task

Rate = tuple[float | None, float | None, float | None]

RATES = {
    "sensitivity": N_("Sensitivity"),
    "specificity": N_("Specificity"),
    "ppv": N_("Positive predictive value"),
    "npv": N_("Negative predictive value"),
    "net_benefit": N_("Net benefit"),
}
ABOUT = {
    "sensitivity": N_("of those with the event, flagged"),
    "specificity": N_("of those without it, not flagged"),
    "ppv": N_("of the flagged, with the event"),
    "npv": N_("of those not flagged, without it"),
    "net_benefit": N_("true positives per patient, less false ones at the odds of the cut-off"),
}


@dataclass(frozen=True)
class AtCutoff:
    """What follows at a cut-off.

    Attributes
    ----------
    cutoff : float
    rates : dict
        By name the value with the limits of its 95 % interval; None where there is none.
    hundred : tuple of int, or None
        Of 100 patients: flagged with the event, flagged without it, missed, rightly left alone. They sum to 100.
    treat_all : float or None
        Net benefit of flagging everybody.
    prevalence : float or None
        Share with the event.
    """

    cutoff: float
    rates: dict[str, Rate]
    hundred: tuple[int, int, int, int] | None
    treat_all: float | None
    prevalence: float | None


def at(content: dict[str, Any], entry: dict[str, Any], cutoff: float) -> AtCutoff:
    """Look up a cut-off, one of the part's, in an entry of the part "cutoff"."""
    place = content["cutoffs"].index(cutoff)
    values, limits = entry["rates"], entry["limits"]
    shares = [
        values[name][place] for name in ("true_positive", "false_positive", "false_negative", "true_negative")
    ]
    known = all(share is not None for share in shares)
    return AtCutoff(
        cutoff,
        {name: (values[name][place], *limits[name][place]) for name in (*RATES, "flagged")},
        _hundred(shares) if known else None,
        values["treat_all"][place],
        shares[0] + shares[2] if known else None,
    )


def _hundred(shares: list[float]) -> tuple[int, int, int, int]:
    """Whole numbers that sum to 100: the largest remainders are rounded up (Hamilton's method)."""
    floors = [int(100 * share) for share in shares]
    order = sorted(range(4), key=lambda i: floors[i] - 100 * shares[i])
    for i in order[: 100 - sum(floors)]:
        floors[i] += 1
    return floors[0], floors[1], floors[2], floors[3]


def beginning(task: Task, cutoffs: list[float]) -> float:
    """The cut-off that is shown first: the middle one of those that the study names, else one half."""
    named = [cutoff for cutoff in task.cutoffs if cutoff in cutoffs]
    return named[len(named) // 2] if named else 0.5


def of_hundred(found: AtCutoff) -> str:
    """Say what follows of 100 patients."""
    if found.hundred is None:
        return _("Nobody above or below this cut-off was followed long enough.")
    hit, false, missed, right = found.hundred
    return _(
        "Of 100 patients {flagged} are flagged: {hit} of them have the event, {false} do not. Of the {others} others "
        "{missed} have it and are missed."
    ).format(
        flagged=number(hit + false), hit=number(hit), false=number(false), others=number(missed + right),
        missed=number(missed),
    )  # fmt: skip


def printed(name: str, rate: Rate) -> str:
    """Say a rate with its interval."""
    value, low, high = rate
    if value is None:
        return "–"
    if name == "net_benefit":
        words = number(value, 3)
        return words if low is None or high is None else _interval(words, span(low, high, 3))
    words = percent(value)
    return words if low is None or high is None else _interval(words, span(100 * low, 100 * high))


def _interval(value: str, interval: str) -> str:
    return _("{value} ({interval})").format(value=value, interval=interval)


def useful(found: AtCutoff) -> str:
    """Say whether acting on the model at this cut-off beats flagging everybody and flagging nobody."""
    value, low, _high = found.rates["net_benefit"]
    if value is None or found.treat_all is None:
        return ""
    best = max(found.treat_all, 0.0)
    if value > best:
        sure = low is not None and low > best
        return (
            _("At this cut-off the model brings more than flagging everybody or nobody.")
            if sure
            else _(
                "At this cut-off the model may bring more than flagging everybody or nobody; the interval leaves it open."
            )
        )
    return _("At this cut-off the model brings no more than flagging everybody or nobody.")

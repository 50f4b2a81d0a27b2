"""What is drawn on a task's card: a gauge, the classes, the place in the cohort, or the risk over time."""

from __future__ import annotations

from mtl.figures import curve, gauge
from mtl.figures.markup import text
from mtl.language import _
from mtl.services.patients import cases
from mtl.services.patients.cases import Number, TaskOutput
from pages.ui import say, theme


def picture(output: TaskOutput, shown: Number) -> str:
    """Return the drawing of a task's number; nothing where there is none."""
    if shown.value is None:
        return ""
    if output.curve is not None:
        return _curve(output, shown)
    if output.kind == "multiclass":
        drawn = [
            gauge.Share(one.label, one.value or 0.0, one.text, one.column == shown.column)
            for one in output.numbers
        ]
        return gauge.shares(drawn).html
    if output.kind == "regression":
        # No natural ends: the line is the cohort's order instead.
        share = shown.cohort_share_below
        words = say.place(shown)
        ends = (_("lowest"), _("highest"))
        return "" if share is None else gauge.gauge(share, middle=0.5, ends=ends, words=words).html
    return gauge.gauge(
        shown.value, shown.low, shown.high, shown.cohort_median, ("0", "100"), say.cohort_median(output, shown)
    ).html + quiet(say.place(shown))  # fmt: skip


def _curve(output: TaskOutput, shown: Number) -> str:
    found = output.curve
    assert found is not None
    until = say.shown_until(output, found)
    years = [float(year) for year in found.years if year <= until + 1e-9]
    kept = len(years)
    patient = curve.Curve(years, found.risk[:kept].tolist(), *_band(found, kept))
    reference = curve.Curve(years, found.reference[:kept].tolist())
    event = say.title(output.task)
    drawn = curve.risk_curve(patient, reference, shown.horizon, until, event, theme.colours())
    one, other = _("this patient"), _("reference patient")
    key = f'<div class="k-legend"><span>{text(one)}</span><span>{text(other)}</span></div>'
    words = (say.cohort_median(output, shown), say.place(shown), say.half_by(found, until))
    table = curve.numbers(patient, reference, until, event)
    return drawn.html + key + quiet(" · ".join(filter(None, words))) + table


def _band(found: cases.Curve, kept: int) -> tuple[list[float] | None, list[float] | None]:
    if found.low is None or found.high is None:
        return None, None
    return found.low[:kept].tolist(), found.high[:kept].tolist()


def quiet(words: str) -> str:
    """Return a quiet line; nothing for no words."""
    return f'<p class="quiet">{text(words)}</p>' if words else ""

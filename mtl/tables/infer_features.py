"""How a column becomes a feature: kind, levels, stage of care, unit, decimals, and the ranges a value may have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.language import gettext as _
from mtl.language import measured
from mtl.study import Stage, Text
from mtl.tables.infer_labels import known, label
from mtl.tables.infer_names import unit_of
from mtl.tables.kinds import Column

STAGES = [
    Stage(name="presentation", label=Text(en="Presentation", zh="初诊")),
    Stage(name="investigation", label=Text(en="Investigation", zh="检查")),
    Stage(name="treatment", label=Text(en="Treatment", zh="治疗")),
    Stage(name="follow_up", label=Text(en="Follow-up", zh="随访")),
]
TYPICAL = (0.025, 0.975)  # most patients: all but one in forty at either end
AGREE = 0.95  # of the values must lie in the range a patient can have, else the column is something else
WIDER = 3.0  # a number may lie this many times further out than any seen


def stage_of(column: Column) -> tuple[str, str]:
    """When a finding becomes known, and why it is thought so."""
    says = column.says
    if {"history", "background"} & says.flags:
        return "presentation", _("its name says background or history")
    if {"laboratory", "pathology", "finding", "diagnosis"} & says.flags:
        return "investigation", _("its name says laboratory, imaging or pathology")
    if "state" in says:
        return "presentation", _("its name says background or history")
    return "presentation", _("its name does not say; please check that it is known before treatment")


def feature_of(column: Column, unit: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """The fields of a Feature, and the reason for each that was guessed.

    Parameters
    ----------
    column
        Of form numeric, ordinal, categorical or boolean.
    unit
        What its header says, if anything.
    """
    stage, why_stage = stage_of(column)
    common = known(column.name)
    entry: dict[str, Any] = {
        "name": column.name,
        "kind": column.form,
        "stage": stage,
        "label": label(column.name),
    }
    reasons = {"kind": why_kind(column), "stage": why_stage}
    said = unit or unit_of(column.name)
    if said:
        entry["unit"] = said
        reasons["unit"] = _("the header says so")
    elif common and common.unit and column.form == "numeric" and _plausible(column, common.valid):
        entry["unit"] = common.unit if common.unit != "years" else Text(en="years", zh="岁")
        reasons["unit"] = _("usual for {name}, and the values agree").format(name=common.en)
    if column.form in ("ordinal", "categorical"):
        entry["levels"] = [level if column.words else float(level) for level in column.levels]
        if column.form == "ordinal":
            reasons["levels"] = _("in the order of the scale")
    if column.form == "numeric":
        values = column.numbers[np.isfinite(column.numbers)]
        entry["decimals"] = decimals(values)
        valid, why = _valid(values, said, common.valid if common else None)
        low, high = (_rounded(float(v)) for v in np.quantile(values, TYPICAL))
        entry["valid"] = valid
        reasons["valid"] = why
        low, high = max(low, valid[0]), min(high, valid[1])
        if low < high:
            entry["typical"] = (low, high)
    return entry, reasons


def why_kind(column: Column) -> str:
    """Why a column is of its kind, in the language in use."""
    texts = {
        "numeric": _("numbers"),
        "boolean": _("only yes and no, or 0 and 1"),
        "ordinal": _("{n} values that are the steps of a scale"),
        "categorical": _("{n} categories"),
    }
    return texts[column.form].format(n=column.distinct)


def _plausible(column: Column, valid: tuple[float, float] | None) -> bool:
    if valid is None:
        return True
    values = column.numbers[np.isfinite(column.numbers)]
    return bool(np.mean((values >= valid[0]) & (values <= valid[1])) >= AGREE)


def _valid(
    values: NDArray[np.float64], unit: str, usual: tuple[float, float] | None
) -> tuple[tuple[float, float], str]:
    low, high = float(values.min()), float(values.max())
    if usual and np.mean((values >= usual[0]) & (values <= usual[1])) >= AGREE:
        return usual, _("what a patient can have")
    if unit in ("%", "pct", "percent") and low >= 0 and high <= 100:
        return (0.0, 100.0), _("a percentage")
    spread = high - low
    bottom = 0.0 if low >= 0 and low < spread else _outwards(low - spread, down=True)
    if low >= 0:
        bottom = max(bottom, 0.0)
    top = (
        _outwards(WIDER * high, down=False)
        if low >= 0 and bottom == 0.0
        else _outwards(high + spread, down=False)
    )
    return (bottom, top), _("wide round the values seen, {low} to {high}").format(
        low=measured(low), high=measured(high)
    )


def _outwards(value: float, down: bool) -> float:
    if value == 0 or not math.isfinite(value):
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return _rounded((math.floor if down else math.ceil)(value / step) * step)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def decimals(values: NDArray[np.float64]) -> int:
    """Digits after the point that nearly all values need, at most three significant ones.

    >>> decimals(np.array([1.0, 2.0])), decimals(np.array([1.5, 2.0])), decimals(np.array([0.0123, 0.0456]))
    (0, 1, 4)
    """
    some = values[:: max(1, len(values) // 5000)]
    size = float(np.median(np.abs(some))) or float(np.abs(some).max()) or 1.0
    most = int(np.clip(2 - math.floor(math.log10(size)), 0, 6))
    for places in range(most + 1):
        if np.mean(np.abs(some - np.round(some, places)) < 1e-9 * np.maximum(1, np.abs(some))) > 0.98:
            return places
    return most

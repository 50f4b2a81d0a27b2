"""Instability counted by hand, and the part on a model with refits."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mtl.evidence import stability
from mtl.evidence.stability import CUTOFFS, NoRefitsError, crossings, instability
from mtl.evidence.subject import Subject
from mtl.multitask import MultiTaskModel

FITTED = np.array([0.1, 0.4, 0.9])
REFITS = np.array([[0.2, 0.6, 0.9], [0.1, 0.3, 0.8]])


def test_mean_absolute_prediction_error() -> None:
    found = instability(FITTED, REFITS)
    assert found["mape"] == pytest.approx((0.1 + 0.2 + 0.0 + 0.0 + 0.1 + 0.1) / 6)
    each = [0.05, 0.15, 0.05]
    assert found["patients"][2] == pytest.approx(np.median(each))


def test_sides_of_a_cut_off() -> None:
    found = crossings(FITTED, REFITS)
    half = CUTOFFS.index(0.5)
    assert found["mean"][half] == pytest.approx(1 / 6) and found["unsure"][half] == pytest.approx(1 / 3)
    assert found["mean"][CUTOFFS.index(0.15)] == pytest.approx(1 / 6)
    assert found["mean"][CUTOFFS.index(0.95)] == 0


def test_the_part_agrees_with_the_models_intervals(internal: Subject, external: Subject) -> None:
    found = stability.compute(external, lambda stage, share: None, {})
    json.dumps(found, allow_nan=False)
    assert found["refits"] == 4 and set(found["tasks"]) == {"ill", "sort", "amount", "death"}
    numbers = external.model.predict(external.table)
    ill = found["tasks"]["ill"]["outputs"][0]
    assert ill["width"]["mean"] == pytest.approx((numbers["ill.high"] - numbers["ill.low"]).mean())
    assert len(found["tasks"]["sort"]["outputs"]) == 3
    assert "cutoffs" not in found["tasks"]["amount"]["outputs"][0]
    # against what happened for new patients; against the model for those who trained it
    assert ill["calibration"]["against"] == "outcome" and len(ill["calibration"]["curves"]) == 5
    own = ill["calibration"]["curves"][0]
    assert sum(seen for _said, seen in own) / len(own) == pytest.approx(external.truths["ill"].y.mean())
    inside = stability.compute(internal, lambda stage, share: None, {})
    assert inside["tasks"]["ill"]["outputs"][0]["calibration"]["against"] == "model"
    death = found["tasks"]["death"]["outputs"][0]
    assert death["column"] == "death@3y" and 0 < death["mape"] < 0.3
    bands = death["bands"]
    # the refits lie round the model's own numbers, not round another scale's
    assert np.corrcoef([b["at"] for b in bands], [b["middle"] for b in bands])[0, 1] > 0.95


def test_without_refits_it_says_so(internal: Subject) -> None:
    plain: MultiTaskModel = internal.model.standing_in(
        internal.model.predictor_, internal.model.training_, None
    )
    with pytest.raises(NoRefitsError, match="compute its intervals first"):
        stability.compute(Subject(internal.study, internal.table, plain, internal.fold), lambda *a: None, {})

"""Blanked findings and findings that err: what must not move does not, what matters costs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mtl.evidence import missing, robustness
from mtl.evidence.robustness import SLIP, erring, reach_of
from mtl.evidence.subject import Subject
from mtl.study import Feature


def test_what_matters_is_missed(internal: Subject) -> None:
    pieces: dict[str, object] = {}
    found = missing.compute(internal, lambda stage, share: None, pieces)
    json.dumps(found, allow_nan=False)
    for task, one in found["tasks"].items():
        assert one["without"][0]["feature"] == "strong" and one["without"][0]["loss"]["low"] > 0
        assert one["without"][0]["metric"]["high"] < 0
        assert (
            "given" in [w["feature"] for w in one["without"]] or task == "death"
        )  # a prognosis sees no treatment
    weak = next(w for w in found["tasks"]["ill"]["without"] if w["feature"] == "weak")
    assert weak["loss"]["low"] < 0.01
    # by hand: everybody blanked, by the predictor of their fold
    X = internal.X.copy()
    X[:, 0] = np.nan
    p, y = internal.numbers(X)["ill"].to_numpy(), internal.truths["ill"].y
    whole = internal.predicted.numbers["ill"].to_numpy()
    loss = [-np.mean(y * np.log(q) + (1 - y) * np.log1p(-q)) for q in (p, whole)]
    strong = found["tasks"]["ill"]["without"][0]["loss"]["value"]
    assert strong == pytest.approx(loss[0] - loss[1])
    # finished tasks are taken from the checkpoint
    pieces["ill"] = {"kept": True}
    assert missing.compute(internal, lambda stage, share: None, pieces)["tasks"]["ill"] == {"kept": True}


def test_errors_stay_within_what_was_supposed() -> None:
    rng = np.random.default_rng(0)
    values = np.append(rng.normal(140, 3, 500), np.nan)
    told = Feature(name="x", kind="numeric", stage="s", error=0.5)
    moved = erring(told, values, rng)
    assert np.nanmax(np.abs(moved - values)) <= 0.5 and np.isnan(moved[-1])
    percent = Feature(name="x", kind="numeric", stage="s", error_percent=2)
    assert reach_of(percent, values)[0] == pytest.approx(0.02 * values[0])
    plain = Feature(name="x", kind="numeric", stage="s")
    assert reach_of(plain, values)[0] == pytest.approx(0.2 * np.nanstd(values))  # less than 5 % of 140
    counted = Feature(name="x", kind="numeric", stage="s", decimals=0)
    small = np.array([0.0, 1.0, 2.0])
    assert reach_of(counted, small).tolist() == [1.0, 1.0, 1.0]
    assert (erring(counted, np.zeros(200), rng) >= 0).all()
    grade = Feature(name="g", kind="ordinal", stage="s", levels=[1, 2, 3])
    levels = np.tile([1.0, 2.0, 3.0], 2000)
    slipped = erring(grade, levels, rng)
    assert set(np.abs(slipped - levels).tolist()) == {0.0, 1.0} and set(slipped.tolist()) == {1.0, 2.0, 3.0}
    assert (slipped != levels).mean() == pytest.approx(SLIP, abs=0.02)


def test_numbers_move_by_what_errs(internal: Subject, external: Subject) -> None:
    found = robustness.compute(external, lambda stage, share: None, {})
    json.dumps(found, allow_nan=False)
    ill = found["tasks"]["ill"]
    assert {one["feature"] for one in found["errors"]} == {"strong", "weak", "grade"}
    assert 0 < ill["moved"] <= ill["ever"] <= 1
    assert found["outside"] == [] or found["outside"][0]["n"] < 10
    far = external.table.assign(strong=external.table["strong"] + 20)
    one = Subject(external.study, far, external.model, external.fold)
    outside = robustness.compute(one, lambda stage, share: None, {})
    assert outside["outside"][0]["feature"] == "strong" and outside["outside"][0]["n"] == len(far)
    assert outside["outside"][0]["high"] == pytest.approx(internal.table["strong"].max())
    assert outside["novel"] == 1.0

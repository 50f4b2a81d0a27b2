"""Shift against scipy's tests and tableone's differences, and cohorts that are alike or not."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp
from tableone import TableOne

from mtl.evidence import shift
from mtl.evidence.shift import SameCohortError, p_value, standardised_difference, two_samples
from mtl.evidence.subject import Subject
from mtl.study import Feature

NUMBER = Feature(name="x", kind="numeric", stage="s")
KIND = Feature(name="k", kind="categorical", stage="s", levels=["a", "b", "c"])
RNG = np.random.default_rng(0)


def test_differences_are_those_of_tableone() -> None:
    a, b = RNG.normal(size=80), RNG.normal(0.5, 1.4, size=120)
    p, q = RNG.integers(0, 3, 80), RNG.choice(3, 120, p=[0.2, 0.2, 0.6])
    both = pd.DataFrame({"x": [*a, *b], "k": [*p, *q], "g": ["a"] * 80 + ["b"] * 120})
    both["k"] = both["k"].map({0: "a", 1: "b", 2: "c"})
    theirs = TableOne(both, columns=["x", "k"], categorical=["k"], groupby="g", smd=True).smd_table[
        "SMD (a,b)"
    ]
    assert abs(standardised_difference(NUMBER, a, b) or 0) == pytest.approx(
        abs(float(theirs.iloc[0])), abs=1e-6
    )
    assert standardised_difference(KIND, p.astype(float), q.astype(float)) == pytest.approx(
        abs(float(theirs.iloc[1])), abs=1e-6
    )


def test_p_values_are_scipys() -> None:
    a, b = RNG.normal(size=80), RNG.normal(0.5, 1.0, size=120)
    assert p_value(NUMBER, a, b) == ks_2samp(a, b, method="asymp").pvalue
    p, q = np.repeat([0.0, 1.0], [30, 50]), np.repeat([0.0, 1.0], [60, 60])
    expected = chi2_contingency([[30, 50], [60, 60]], correction=False).pvalue
    assert p_value(KIND, p, q) == pytest.approx(expected)
    assert p_value(KIND, np.zeros(5), np.zeros(7)) == 1.0


def test_a_classifier_tells_other_patients_and_not_the_same() -> None:
    a, b = RNG.normal(size=(2, 300, 4))
    same, other = two_samples(a, b), two_samples(a, b + np.array([1.5, 0, 0, 0]))
    assert same is not None and other is not None
    assert same["low"] < 0.5 < same["high"] + 0.05 and other["auroc"] > 0.8
    assert two_samples(a[:10], b) is None


def test_the_part_tells_rates_and_absent_findings(internal: Subject, external: Subject) -> None:
    table = external.table.drop(columns="weak")
    one = Subject(external.study, table, external.model, external.fold, {}, lambda: internal)
    found = shift.compute(one, lambda stage, share: None, {})
    json.dumps(found, allow_nan=False)
    assert found["absent"] == ["weak"] and "weak" not in [f["feature"] for f in found["features"]]
    ill = found["outcomes"]["ill"]
    assert ill["here"]["rates"][0][0] == pytest.approx(table["ill"].mean())
    assert ill["training"]["rates"][0][0] == pytest.approx(internal.table["ill"].mean())
    assert ill["predicted"][0] == pytest.approx(one.predicted.numbers["ill"].mean())
    death = found["outcomes"]["death"]
    assert death["here"]["rates"][0][0] > death["training"]["rates"][0][0] and death["horizon"] == 3


def test_the_training_itself_has_no_shift(internal: Subject) -> None:
    for subject in (
        internal,
        Subject(internal.study, internal.table, internal.model, internal.fold, {}, lambda: internal),
    ):
        with pytest.raises(SameCohortError):
            shift.compute(subject, lambda stage, share: None, {})

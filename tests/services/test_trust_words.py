"""What the sheets of trust say follows from the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from mtl.language import use
from mtl.services.evidence import coverage_sheet, elsewhere_sheet, missing_sheet, shift_sheet, trust_words
from tests import two_hospitals

STUDY = two_hospitals.study()
NBSP = "\u00a0"


def test_measures_and_groups_have_names() -> None:
    assert trust_words.measure("brier@3y") == "Brier score, 3 years"
    assert trust_words.measure("unheard_of") == "unheard_of"
    part: dict[str, Any] = {"level": None, "above": None, "upto": 3.5, "n": 1}
    strong, sex, given = (STUDY.feature(name) for name in ("strong", "sex", "given"))
    assert trust_words.group(strong, part) == "≤ 3.5"
    assert trust_words.group(strong, {**part, "above": 1.0}) == "over 1 to 3.5"
    assert trust_words.group(strong, {**part, "above": 1.0, "upto": None}) == "> 1"
    assert trust_words.group(strong, {**part, "upto": None}) == "not measured"
    assert (
        trust_words.group(sex, {**part, "level": 1}) == "m"
        and trust_words.group(given, {**part, "level": 1}) == "yes"
    )
    with use("zh_Hans"):
        assert trust_words.with_interval({"value": -1, "low": -2, "high": -0.5}, 1) == "−1.0（−2.0～−0.5）"


@pytest.mark.parametrize(
    ("low", "high", "single", "words"),
    [
        (0.5, 0.7, 0.4, "less often than asked for"),
        (0.93, 0.97, 0.4, "the sets could be smaller"),
        (0.93, 0.97, 1.0, "because a set is never empty"),
        (0.88, 0.92, 0.4, ""),
    ],
)
def test_coverage_is_told_as_it_is(low: float, high: float, single: float, words: str) -> None:
    one = {"n": 100, "coverage": (low + high) / 2, "low": low, "high": high, "size": 1.2, "limit": [0.5],
           "sizes": {"1": single, "2": 1 - single}, "classes": [{"coverage": 0.9}, {"coverage": None}]}  # fmt: skip
    found = {
        "kind": "binary",
        "horizon": None,
        "n": 100,
        "n_calibration": 100,
        "methods": {"marginal": one},
        "groups": [],
    }
    content = {"level": 0.9, "calibrated_on": "training", "n": 100, "tasks": {"ill": found}}
    lead = coverage_sheet.sheet(STUDY, STUDY.task("ill"), content, None, "").lead[0]
    assert (words in lead) if words else ("than asked" not in lead and "never empty" not in lead)


def test_what_is_missed_and_what_is_better_left_out() -> None:
    def without(name: str, low: float, high: float) -> dict[str, Any]:
        loss = {"value": (low + high) / 2, "low": low, "high": high}
        return {"feature": name, "loss": loss, "metric": loss}

    whole = {
        "metric": {"value": 0.7, "low": 0.6, "high": 0.8},
        "loss": {"value": 0.5, "low": 0.4, "high": 0.6},
    }
    task = {"kind": "binary", "horizon": None, "metric": "auroc", "loss": "log_loss", "n": 99, "whole": whole}
    content = {"n": 99, "known": {"strong": 1.0, "weak": 1.0}, "tasks": {"ill": {**task, "without": [
        without("strong", 0.1, 0.2), without("weak", -0.2, -0.1)]}}}  # fmt: skip
    assert missing_sheet.sheet(STUDY, STUDY.task("ill"), content, "").lead == [
        "Predictions get worse without: Strong.",
        "Predictions are better without: weak.",
    ]
    content["tasks"]["ill"]["without"] = [without("weak", -0.2, 0.1)]  # type: ignore[index]
    assert "No single finding is missed" in missing_sheet.sheet(STUDY, STUDY.task("ill"), content, "").lead[0]


def test_a_refusal_says_why() -> None:
    few = {"kind": "binary", "horizon": None, "n": 300, "events": 40, "reason": "few", "methods": {}}
    worse = {"reason": "worse", "level": [0.1], "slope": 1.0, "before": {}, "after": {}, "difference": {}}
    tried = {"kind": "survival", "horizon": 3.0, "n": 300, "events": 140, "reason": None,
             "methods": {"level": worse, "slope": {"reason": "slope"}}}  # fmt: skip
    content = {"n": 300, "folds": 5, "fewest": 100, "tasks": {"ill": few, "death": tried}}
    sheet = shift_sheet.recalibration(STUDY, content)
    assert sheet.sections[-1].grids[0].rows == [
        ["ill", "40 patients of the rarer outcome; at least 100 are needed"]
    ]
    words = " ".join(sheet.sections[0].words)
    assert (
        "140 events" in words
        and "worse on patients held out" in words
        and "do not order these patients" in words
    )
    assert shift_sheet.offered(content) == []


def test_nothing_to_leave_out_says_what_is_lacking() -> None:
    content: dict[str, Any] = {"site": None, "date": None, "splits": [], "small": [], "date_is_input": False}
    lead = elsewhere_sheet.sheet(STUDY, STUDY.task("ill"), content, "").lead[0]
    assert "names neither the column of the hospital" in lead
    content["site"] = "hospital"
    assert "at least 50 patients" in elsewhere_sheet.sheet(STUDY, STUDY.task("ill"), content, "").lead[0]

"""Sentences: the study's words, the printed digits, both languages."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl.explain import sentences
from mtl.explain.points import Logistic, Softmax
from mtl.explain.sentences import (
    contribution_sentence,
    finding_text,
    story,
    subject_text,
    typical_sentence,
    value_text,
)
from mtl.language import percent, use
from mtl.study import Feature, Level, Task

NODES = Feature(name="nodes", kind="numeric", stage="s", label={"en": "Positive nodes", "zh": "阳性淋巴结"})
ER = Feature(name="er", kind="numeric", stage="s", label="ER", unit="fmol/mg")
AGE = Feature(
    name="age", kind="numeric", stage="s", label="Age", unit={"en": "years", "zh": "岁"}, decimals=0
)
GRADE = Feature(
    name="grade", kind="ordinal", stage="s", label="Grade", levels=[1, 2, {"value": 3, "label": "Grade 3"}]
)
MENOPAUSE = Feature(
    name="meno", kind="categorical", stage="s", label="Menopausal status",
    levels=["pre", {"value": "post", "label": {"en": "postmenopausal", "zh": "绝经后"}}],
)  # fmt: skip
ASCITES = Feature(name="ascites", kind="boolean", stage="s", label="Ascites")
DEATH = Task(name="death", kind="survival", role="prognosis", stage="s", label="Death")
NODAL = Task(name="nodal", kind="binary", role="diagnosis", stage="s", label="Nodal metastasis")
AREA = Task(name="area", kind="regression", role="diagnosis", stage="s", label="Worst area", unit="mm²")
KIND = Task(name="kind", kind="multiclass", role="diagnosis", stage="s", label="Kind",
            classes=["a", {"value": "b", "label": {"en": "benign", "zh": "良性"}}])  # fmt: skip


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    "feature, value, expected",
    [
        (NODES, 4, "4"),
        (NODES, np.float64(4.0), "4"),
        (NODES, "4", "4"),
        (ER, 61.25, "61.25 fmol/mg"),
        (AGE, 54.6, "55 years"),
        (GRADE, 2, "2"),
        (GRADE, "2.0", "2"),
        (GRADE, 3, "Grade 3"),
        (MENOPAUSE, "post", "postmenopausal"),
        (MENOPAUSE, "unclear", "unclear"),
        (ASCITES, True, "yes"),
        (ASCITES, np.bool_(False), "no"),
        (ASCITES, 1.0, "yes"),
        (ASCITES, "0", "no"),
        *[
            (f, v, "not measured")
            for f in (NODES, GRADE, MENOPAUSE, ASCITES)
            for v in (None, np.nan, pd.NA, pd.NaT, " ")
        ],
    ],
)
def test_values(feature, value, expected):
    assert value_text(feature, value) == expected


def test_findings_and_subjects():
    assert finding_text(NODES, 4) == "Positive nodes: 4"
    assert finding_text(MENOPAUSE, None) == "Menopausal status: not measured"
    assert subject_text(NODES, 4) == "Positive nodes 4"
    assert subject_text(ER, 61) == "ER 61 fmol/mg"
    assert subject_text(GRADE, 3) == "Grade 3"
    assert subject_text(GRADE, 2) == "Grade 2"
    assert subject_text(ER, None) == "ER (not measured)"
    assert subject_text(MENOPAUSE, "post") == "Menopausal status (postmenopausal)"


def test_contributions_of_every_kind_of_task():
    assert contribution_sentence(DEATH, "Positive nodes 4", 13) == "Positive nodes 4: 13 points higher"
    assert contribution_sentence(NODAL, "Grade 3", -1) == "Grade 3: 1 point lower"
    assert contribution_sentence(NODAL, "Grade 3", 0) == "Grade 3: 0 points"
    assert contribution_sentence(AREA, "Radius 9", -120.5, 1) == "Radius 9: 120.5 mm² lower"
    assert contribution_sentence(AREA, "Radius 9", 1200) == "Radius 9: 1,200 mm² higher"
    assert contribution_sentence(AREA, "Radius 9", 0.0) == "Radius 9: no difference"
    assert (
        contribution_sentence(KIND, "Age 54 years", 2, 0, KIND.classes[1])
        == "Age 54 years: 2 points more for benign"
    )
    assert (
        contribution_sentence(KIND, "Age 54 years", -1, 0, KIND.classes[0])
        == "Age 54 years: 1 point less for a"
    )


def test_the_typical_value_is_a_second_prediction():
    assert (
        plain(typical_sentence(NODES, 0, DEATH, 0.412)) == "At the typical value (0) the risk would be 41 %"
    )
    assert (
        plain(typical_sentence(AGE, 55, NODAL, 0.3))
        == "At the typical value (55 years) the probability would be 30 %"
    )
    text = typical_sentence(GRADE, 2, KIND, 0.001, KIND.classes[1])
    assert plain(text) == "At the typical value (2) the probability of benign would be <1 %"
    text = typical_sentence(NODES, 1, AREA, 880.26, decimals=1)
    assert text == "At the typical value (1) the prediction would be 880.3 mm²"


FEATURES = [NODES, ER, AGE, GRADE, MENOPAUSE, ASCITES]
CASE = {"nodes": 4, "er": 61.0, "age": 54, "grade": 3, "meno": "post"}


def test_a_story_adds_up_as_printed():
    rng = np.random.default_rng(0)
    for trial in range(500):
        values, base = rng.normal(size=6) * rng.uniform(0.01, 1), rng.normal()
        if trial % 4 == 0:
            values[rng.integers(6)] = 0
        link = Logistic()
        start, end = float(link.response(base)), float(link.response(base + values.sum()))
        told = story(FEATURES, DEATH, CASE, link.points(values, base), start, end, most=4)
        assert plain(percent(start)).strip("<> %") in {str(int(told.start)), "1", "99"}
        total = sum(c.points for c in told.contributions) + (told.others.points if told.others else 0)
        assert told.start + total == told.end
        for c in told.contributions:
            place = [f.name for f in FEATURES].index(c.feature)
            assert c.points * values[place] >= 0
            printed = re.search(r": (\d+) points?", c.sentence)
            assert int(printed[1]) == abs(c.points)
        used = int(np.count_nonzero(values))
        assert len(told.contributions) == (4 if used == 6 else used)
        assert (told.others is not None) == (used == 6)


def test_a_story_tells_the_strongest_first_and_counts_the_others():
    points = np.array([0.13, -0.02, 0.0, 0.04, 0.001, -0.004])
    told = story(FEATURES, DEATH, CASE, points, 0.30, 0.30 + points.sum(), most=3)
    assert [c.sentence for c in told.contributions] == [
        "Positive nodes 4: 13 points higher",
        "Grade 3: 4 points higher",
        "ER 61 fmol/mg: 2 points lower",
    ]
    assert told.others.sentence == "The other 2 together: 0 points"
    assert (told.start, told.end) == (30, 45)
    one_over = story(FEATURES, DEATH, CASE, points, 0.30, 0.30 + points.sum(), most=4)
    assert one_over.others is None  # no "the other 1": it has a name
    assert len(one_over.contributions) == 5
    everything = story(FEATURES, DEATH, CASE, points, 0.30, 0.30 + points.sum(), most=6)
    assert everything.others is None
    assert everything.contributions[-1].finding == "Menopausal status: postmenopausal"
    assert "Ascites: not measured" in [c.finding for c in everything.contributions]
    nothing = story(FEATURES, DEATH, CASE, np.zeros(6), 0.3, 0.3)
    assert nothing.contributions == ()
    assert nothing.others is None


def test_a_regression_is_told_in_its_unit_and_a_class_in_its_points():
    points = np.array([0.5, -0.126, 0, 0, 0, 0.01])
    told = story(FEATURES, AREA, CASE, points, 3.2, 3.2 + points.sum())
    assert told.decimals == 2
    assert told.contributions[0].sentence == "Positive nodes 4: 0.50 mm² higher"
    assert round(told.start + sum(c.points for c in told.contributions), 10) == told.end
    values = np.random.default_rng(3).normal(size=(6, 2))
    link, base = Softmax(), np.array([0.2, -0.1])
    start, end = link.response(base), link.response(base + values.sum(axis=0))
    told = story(FEATURES, KIND, CASE, link.points(values, base)[:, 1], start[1], end[1], KIND.classes[1])
    assert all(c.sentence.endswith("for benign") or c.points == 0 for c in told.contributions)


def test_points_that_lead_elsewhere_are_refused():
    with pytest.raises(ValueError, match="cannot be printed"):
        story(FEATURES, DEATH, CASE, np.full(6, 0.1), 0.3, 0.3)
    with pytest.raises(ValueError, match="5,"):
        story(FEATURES, DEATH, CASE, np.zeros(5), 0.3, 0.3)


def test_chinese_uses_the_study_s_words():
    with use("zh_Hans"):
        assert finding_text(NODES, 4).startswith("阳性淋巴结")
        assert "绝经后" in subject_text(MENOPAUSE, "post")
        assert value_text(AGE, 54) == "54 岁"
        assert "良性" in contribution_sentence(KIND, "x", 2, 0, KIND.classes[1])


def test_levels_are_found_by_number_or_text():
    level = Level(value="1", label="one")
    feature = Feature(name="f", kind="categorical", stage="s", levels=[level, "2a"])
    assert [value_text(feature, v) for v in (1, 1.0, "1", "2a")] == ["one", "one", "one", "2a"]


def test_no_sentence_speaks_of_causes():
    source = Path(sentences.__file__).read_text(encoding="utf-8")
    messages = " ".join(re.findall(r'_\("([^"]+)"', source)).lower()
    assert not re.search(r"rais|lowers|caus|because|due to|effect", messages)

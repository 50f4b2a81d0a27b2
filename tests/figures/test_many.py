"""Figures of many patients: their colours can be told apart, and every point and word is there."""

from __future__ import annotations

import re
from urllib.parse import unquote

import numpy as np
import pytest

from mtl.figures import beeswarm, curve, dependence, dots, group_curve
from mtl.figures.curve import Curve
from mtl.figures.palette import DARK, LIGHT, Palette
from mtl.figures.shares import stacked

THEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@THEMES
def test_the_ramp_is_ordered_without_colour_and_seen_on_a_card(colours: Palette) -> None:
    ground, steps = luminance(colours.surface), [luminance(c) for c in dots.ramp(colours)]
    assert steps == sorted(steps, reverse=True)
    for step in steps:
        high, low = max(step, ground), min(step, ground)
        assert (high + 0.05) / (low + 0.05) >= 3


@THEMES
def test_every_point_of_a_swarm_is_drawn_and_words_are_escaped(colours: Palette) -> None:
    rng = np.random.default_rng(0)
    values, ranks = rng.normal(size=300).tolist(), rng.random(300).tolist()
    ranks[:10] = [float("nan")] * 10
    drawn = beeswarm.beeswarm([beeswarm.Line("<b>x", values, ranks, "low: <i>1")], "log-odds", colours)
    picture = unquote(re.search(r'src="data:image/svg\+xml,([^"]*)"', drawn.html)[1])  # type: ignore[index]
    assert len(re.findall(r"M[\d.]+,[\d.]+(h0|v5)", picture)) == 300
    assert len(re.findall("v5", picture)) == 10
    assert "<b>x" not in drawn.html and "<i>1" not in drawn.html
    assert "not measured" in drawn.html


@THEMES
def test_dependence_keeps_missing_values_apart_and_marks_the_patient(colours: Palette) -> None:
    x, y = [1.0, 2.0, 3.0, float("nan")], [0.1, 0.2, 0.3, -0.1]
    steps = [dependence.Step(1, 3, 0.2), dependence.Step(float("nan"), float("nan"), -0.1)]
    patient = dependence.Patient(2.0, 0.2, "Patient <7>")
    drawn = dependence.dependence(x, y, steps, (), ("age", "log-odds"), "words", patient, colours)
    assert 'class="y-mark" style="left:45%' in drawn.html  # half of the nine tenths that known values have
    assert "Patient &lt;7&gt;" in drawn.html and drawn.html.count("not measured") == 1
    levels = dependence.dependence(
        x[:3], y[:3], steps[:1], ((1.0, "a"), (3.0, "c")), ("l", "s"), "w", None, colours
    )
    assert "y-mark" not in levels.html and "not measured" not in levels.html


def test_a_group_falls_in_steps() -> None:
    group = Curve([0.0, 1.0, 2.0], [0.0, 0.5, 0.5], [0.0, 0.2, 0.2], [0.0, 0.8, 0.8])
    drawn = group_curve.group_curve(group, Curve([0.0, 2.0], [0.0, 0.4]), 2.0, [1.0, 5.0], "death", LIGHT)
    picture = unquote(drawn.html)
    assert 'points="0.0,100.0 150.0,100.0 150.0,50.0 300.0,50.0 300.0,50.0"' in picture
    assert "By 1 years: 50" in drawn.alt and "By 5 years" not in drawn.alt


def test_shares_are_all_in_print() -> None:
    drawn = stacked([("a & b", [0.25, 0.0, 0.75])], ["x", "y", "z"], "words")
    assert "a &amp; b" in drawn.html
    assert [cell.replace("\u00a0", " ") for cell in re.findall("<td>([^<]*)</td>", drawn.html)] == [
        "25 %",
        "0 %",
        "75 %",
    ]


def test_the_table_beside_a_risk_curve_has_its_numbers() -> None:
    years = [0.0, 0.5, 1.5, 2.5, 3.4]
    patient = Curve(years, [0.0, 0.1, 0.2, 0.3, 0.4], [0.0, 0.05, 0.1, 0.2, 0.3], [0.0, 0.2, 0.3, 0.4, 0.5])
    html = curve.numbers(patient, Curve(years, [0.0, 0.02, 0.04, 0.06, 0.08]), 3.4, "<b>relapse").replace(
        "\u00a0", " "
    )
    cells = re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", html)
    assert cells[4:] == [
        "1", "10 %", "5 % to 20 %", "2 %", "2", "20 %", "10 % to 30 %", "4 %", "3", "30 %", "20 % to 40 %", "6 %",
    ]  # fmt: skip
    assert "<b>" not in html
    long = curve.numbers(Curve([0.0, 30.0], [0.0, 0.5]), None, 30.0, "relapse")
    assert re.findall(r'<th scope="row">(.*?)</th>', long) == ["10", "20", "30"]
    short = curve.numbers(Curve([0.0, 0.5], [0.0, 0.5]), None, 0.5, "relapse")
    assert re.findall(r'<th scope="row">(.*?)</th>', short) == ["0.5"]

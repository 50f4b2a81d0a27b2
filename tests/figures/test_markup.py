"""Figures of a case: positions are those of the numbers, words are escaped, hidden cells say so."""

from __future__ import annotations

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from mtl.figures import contributions, curve, gauge, heatmap, waterfall
from mtl.figures.markup import Scale, variables
from mtl.figures.palette import DARK, LIGHT
from mtl.figures.waterfall import Step

HOSTILE = "<img src=\"x\" onerror='a'>"


def lefts(html: str, kind: str) -> list[float]:
    return [float(found) for found in re.findall(rf'class="{kind}[^"]*" style="left:([\d.]+)%', html)]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (3, 61), (-0.4, 0.2), (1e-6, 3e-6), (0, 2500), (5, 5)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    ticks = Scale(low, high).ticks()
    assert len(ticks) <= 5
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    if len(ticks) > 1:
        step = np.diff(ticks)
        assert step == pytest.approx(step[0])
        assert f"{step[0]:e}"[0] in "125"


def test_every_colour_is_declared_for_both_themes() -> None:
    light, dark = (re.findall(r"--([\w-]+):", variables(palette)) for palette in (LIGHT, DARK))
    assert light == dark
    assert {"primary", "primary-soft", "raises", "lowers", "series-7"} <= set(light)


def test_the_gauge_puts_each_mark_where_its_number_is() -> None:
    drawn = gauge.gauge(0.58, 0.49, 0.66, 0.36, ("0", "100"), "cohort median 36 %")
    assert lefts(drawn.html, "g-mark") == [58]
    assert lefts(drawn.html, "g-middle") == [36]
    assert 'class="g-band" style="left:49%;width:17%"' in drawn.html
    assert "g-band" not in gauge.gauge(0.58).html  # an interval that is pending is not drawn


def test_the_bars_of_a_waterfall_join_up() -> None:
    steps = [Step("a", 13.0, "+13"), Step("b", -5.0, "−5"), Step("c", 11.0, "+11")]
    html = waterfall.waterfall(("Reference", 39.0, "39 %"), steps, ("Patient", 58.0, "58 %"), "{} %").html
    points = lefts(html, "f-point")
    bars = [
        tuple(map(float, b)) for b in re.findall(r'f-bar \w+" style="left:([\d.]+)%;width:([\d.]+)%', html)
    ]
    level = points[0]
    for (left, width), step in zip(bars, steps, strict=True):
        begin, finish = (left, left + width) if step.worth > 0 else (left + width, left)
        assert begin == pytest.approx(level, abs=0.02)
        level = finish
    assert level == pytest.approx(points[1], abs=0.02)
    assert [way for way in re.findall(r"f-bar (\w+)", html)] == ["up", "down", "up"]


def test_a_number_of_a_waterfall_does_not_lie_on_the_typical_mark() -> None:
    steps = [Step("a", 20.0, "+20", typical=62.0)]
    html = waterfall.waterfall(("Reference", 40.0, "40 %"), steps, ("Patient", 60.0, "60 %")).html
    assert "f-number before up" in html


def test_the_additive_scale_adds_up_as_printed() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        margins = rng.normal(size=6)
        base = float(rng.normal())
        start, steps, end = contributions.on_margin([""] * 6, margins, base, base + margins.sum())
        printed = [
            float(step.printed.replace("−", "-").replace("\u00a0", "").replace("+", "")) for step in steps
        ]
        assert start + sum(printed) == pytest.approx(end, abs=1e-9)


def test_the_heatmap_hatches_what_a_task_may_not_see() -> None:
    drawn = heatmap.heatmap(
        ["a", "b"], ["t", "u"], [[0.5, 0.0], [-1.0, float("nan")]], [[False, True], [False, False]]
    )
    assert drawn.html.count("h-hidden") == 1
    assert "not seen by this task" in drawn.html
    other = heatmap.heatmap(["a"], ["t"], [[0.0]], [[True]], why="a <reason>")
    assert other.html.count("a &lt;reason&gt;") == 2 and "not seen" not in other.html
    assert "var(--raises)" in drawn.html
    assert "var(--lowers)" in drawn.html
    assert "+0.5" in drawn.html  # the sign, never the colour alone
    assert "−1.0" in drawn.html


def test_a_long_heatmap_folds_its_weak_rows() -> None:
    rows = [[float(i)] for i in range(20, 0, -1)]
    drawn = heatmap.heatmap([str(i) for i in range(20)], ["t"], rows, [[False]] * 20, most=10)
    assert "The other 10" in drawn.html
    assert drawn.html.count('<th scope="row">') == 20


def test_the_curve_is_the_risk_and_its_dot_is_on_it() -> None:
    years = [0.0, 1.0, 2.0, 3.0]
    patient = curve.Curve(years, [0.0, 0.2, 0.4, 0.5], [0, 0.1, 0.3, 0.4], [0, 0.3, 0.5, 0.6])
    drawn = curve.risk_curve(patient, curve.Curve(years, [0.0, 0.1, 0.2, 0.3]), 2.0, 3.0, "death", LIGHT)
    image = ElementTree.fromstring(unquote(re.findall(r"data:image/svg\+xml,([^\"]*)", drawn.html)[0]))
    lines = [element.get("points", "").split() for element in image if element.tag.endswith("polyline")]
    assert lines[1] == ["0.0,100.0", "100.0,80.0", "200.0,60.0", "300.0,50.0"]
    assert 'class="k-dot" style="left:66.67%;bottom:40%"' in drawn.html
    assert drawn.alt == (
        "Risk over time: death. This patient by 2 years: 40\u00a0%. Reference patient by 2 years: 20\u00a0%."
    )


def test_a_curve_says_nothing_where_it_has_ended() -> None:
    assert curve.at(curve.Curve([0.0, 1.0], [0.0, 0.1]), 2.0) is None
    assert curve.at(curve.Curve([0.0, 1.0, 3.0], [0.0, 0.1, 0.2]), 2.0) == 0.1


def test_hostile_words_stay_words() -> None:
    drawn = [
        gauge.gauge(0.5, words=HOSTILE, ends=(HOSTILE, HOSTILE)),
        gauge.shares([gauge.Share(HOSTILE, 0.5, HOSTILE)]),
        waterfall.waterfall(
            (HOSTILE, 1.0, HOSTILE), [Step(HOSTILE, 1.0, HOSTILE, HOSTILE)], (HOSTILE, 2.0, HOSTILE)
        ),
        heatmap.heatmap([HOSTILE], [HOSTILE], [[1.0]], [[False]], caption=HOSTILE),
        curve.risk_curve(curve.Curve([0.0, 1.0], [0.0, 0.5]), None, 1.0, 1.0, HOSTILE, LIGHT),
    ]
    for one in drawn:
        assert "<img src=" not in one.html
        assert 'onerror="' not in one.html

"""Pictures of a target trial: every number in words too, what came from a file escaped, no effect where it belongs."""

from __future__ import annotations

import re

from mtl.figures.palette import LIGHT
from mtl.figures.trial import Estimate, Line, forest, love, overlap, survival

HOSTILE = '<img src=x onerror="alert(1)">'


def test_what_came_from_a_file_is_words() -> None:
    drawn = [
        love([Line(HOSTILE, 0.5, -0.1)], 0.1),
        forest([Estimate(HOSTILE, HOSTILE, 0.7, 0.5, 0.9, HOSTILE)], ratio=True),
        overlap([1, 2], [3, 4], (HOSTILE, HOSTILE)),
        survival([0.0, 1.0], [1.0, 0.5], [1.0, 0.4], 1.0, (HOSTILE, HOSTILE), LIGHT),
    ]
    for one in drawn:
        assert "<img src=x" not in one.html
        assert HOSTILE in one.alt


def test_overlap_draws_counts_to_one_scale() -> None:
    drawn = overlap([0, 10], [20, 5], ("a", "b"))
    assert re.findall(r'class="(up|down)" style="height:([\d.]+)%', drawn.html) == [
        ("up", "0"), ("down", "50"), ("up", "25"), ("down", "12.5"),
    ]  # fmt: skip
    assert "10" in drawn.alt and "25" in drawn.alt


def test_ratios_lie_on_a_logarithmic_axis() -> None:
    drawn = forest([Estimate("x", "0.50 (0.25 to 1.00)", 0.5, 0.25, 1.0)], ratio=True)
    place = float(re.search(r'class="t-square" style="left:([\d.]+)%', drawn.html)[1])  # type: ignore[index]
    start, width = map(
        float, re.search(r'class="t-span" style="left:([\d.]+)%;width:([\d.]+)%', drawn.html).groups()
    )  # type: ignore[union-attr]
    assert abs(place - (start + width / 2)) < 0.02
    none = float(re.search(r'class="t-rule" style="left:([\d.]+)%', drawn.html)[1])  # type: ignore[index]
    assert abs(none - (start + width)) < 0.02


def test_what_is_not_estimable_is_said_and_not_drawn() -> None:
    drawn = forest([Estimate("x", "not estimable", None, None, None)], ratio=True)
    assert "t-square" not in drawn.html
    assert "not estimable" in drawn.html and "not estimable" in drawn.alt


def test_the_balance_shows_sizes() -> None:
    drawn = love([Line("x", -0.5, 0.25)], 0.1)
    assert "0.50 → 0.25" in drawn.html
    before = float(re.search(r'class="t-open" style="left:([\d.]+)%', drawn.html)[1])  # type: ignore[index]
    after = float(re.search(r'class="t-full" style="left:([\d.]+)%', drawn.html)[1])  # type: ignore[index]
    assert abs(before - 2 * after) < 0.02


def test_curves_are_told_at_the_horizon() -> None:
    drawn = survival([0.0, 1.0, 2.0], [1.0, 0.8, 0.6], [1.0, 0.7, 0.5], 1.0, ("new", "old"), LIGHT)
    assert "80 % new" in drawn.alt.replace("\u00a0", " ")
    assert "70 % old" in drawn.alt.replace("\u00a0", " ")

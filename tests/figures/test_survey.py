"""Pictures of a table: every number in print beside its bar, words from a file escaped, bins that say what they hold."""

from __future__ import annotations

import re

from mtl.figures.numbers import beside, table
from mtl.figures.survey import Bar, Group, bars, histograms, levels, span_of

HOSTILE = '<img src=x onerror="alert(1)">'
EDGES = (0.0, 10.0, 20.0, 30.0)


def test_what_came_from_a_file_is_words() -> None:
    group = Group(HOSTILE, (1, 2, 3), (1.0, 2.0, 3.0))
    for drawn in (
        bars([Bar(HOSTILE, 0.5, (HOSTILE,), HOSTILE)], (HOSTILE, HOSTILE), HOSTILE),
        histograms(HOSTILE, EDGES, [group], 1),
        levels(HOSTILE, [HOSTILE, "b", "c"], [group]),
    ):
        assert "<img src=x" not in drawn.html and HOSTILE in drawn.alt
    assert "<img" not in beside((HOSTILE,), [(HOSTILE, HOSTILE)], HOSTILE)


def test_a_bar_is_as_long_as_its_share() -> None:
    drawn = bars([Bar("a", 0.25, ("1",)), Bar("b", 1.0, ("4",))], ("x", "n"), "c")
    assert re.findall(r'style="width:([\d.]+%)"', drawn.html) == ["25%", "100%"]


def test_lines_beyond_the_first_are_there() -> None:
    drawn = bars([Bar(str(i), 0.1, (str(i),)) for i in range(30)], ("x", "n"), "c", most=5)
    shown, _, rest = drawn.html.partition("<details")
    assert shown.count("<tr") == 6 and rest.count("<tr") == 26 and "The other 25" in rest


def test_heights_are_shares_of_the_group_on_one_scale() -> None:
    drawn = histograms("x", EDGES, [Group("small", (1, 1, 0)), Group("large", (100, 300, 0))], 0)
    # half and half beside a quarter and three quarters: the highest share is full
    heights = re.findall(r'style="height:([\d.]+)%', drawn.html)
    assert heights == ["66.67", "66.67", "0", "33.33", "100", "0"]


def test_a_distribution_has_its_table() -> None:
    drawn = histograms("x", EDGES, [Group("a", (1, 3, 0), (5.0, 11.0, 14.0)), Group("b", (0, 0, 0))], 0)
    cells = re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", drawn.html.replace("\u00a0", " "))
    assert cells == [
        "Range", "a", "b", "below 10", "1 (25.0 %)", "–", "10 to 20", "3 (75.0 %)", "–", "20 and above", "0 (0.0 %)", "–",
    ]  # fmt: skip
    assert "median 11 (5 to 14)" in drawn.alt and "b: no value" in drawn.alt


def test_narrow_bins_are_told_apart() -> None:
    edges = [1 + 0.01 * k for k in range(6)]
    told = [span_of(edges, place) for place in range(5)]
    assert len(set(told)) == 5 and told[1] == "1.010 to 1.020"


def test_levels_are_drawn_where_they_occur() -> None:
    drawn = levels("x", ["a", "b"], [Group("g", (0, 5)), Group("h", (0, 0))])
    assert drawn.html.count("<i ") == 1 and "5 (100.0" in drawn.html


def test_the_head_of_a_row_is_never_empty() -> None:
    made = table(("a", "b"), [("x", "1"), ("", "2")])
    assert made.count('<th scope="row">') == 2 and '<th scope="row"></th>' not in made

"""Charts as SVG: where the marks are, what they say, and that no label is markup."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from mtl.figures import svg

NS = "{http://www.w3.org/2000/svg}"
AXES = svg.Axis("x", 0.0, 1.0, True), svg.Axis("y", 0.0, 2.0)


def marks(image: svg.Image, tag: str) -> list[dict[str, str]]:
    return [dict(found.attrib) for found in ET.fromstring(image.svg).iter(NS + tag)]


def points(image: svg.Image) -> list[list[tuple[float, float]]]:
    return [
        [tuple(float(v) for v in pair.split(",")) for pair in found["points"].split()]  # type: ignore[misc]
        for found in marks(image, "polyline")
    ]


def test_a_line_goes_where_its_numbers_are() -> None:
    (line,) = points(svg.chart([svg.Series("a", (0.0, 0.5, 1.0), (0.0, 1.0, 2.0))], *AXES, alt="a"))
    (x0, y0), (x1, y1), (x2, y2) = line
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11) and y0 - y1 == pytest.approx(y1 - y2, abs=0.11)
    assert x0 == svg.LEFT and x2 == pytest.approx(svg.WIDTH - svg.RIGHT, abs=0.05)
    assert y0 == pytest.approx(svg.HEIGHT - svg.BOTTOM, abs=0.05) and y2 == svg.TOP


def test_steps_go_right_then_up() -> None:
    (line,) = points(
        svg.chart([svg.Series("a", (0.0, 0.5, 1.0), (0.0, 1.0, 2.0), style="steps")], *AXES, alt="a")
    )
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        assert x0 == x1 or y0 == y1


def test_what_lies_outside_the_axes_is_not_drawn() -> None:
    image = svg.chart([svg.Series("a", (-1.0, 0.5, 9.0), (1.0, 1.0, 1.0), style="points")], *AXES, alt="a")
    assert len(marks(image, "circle")) == 2  # the point inside, and the legend's


def test_an_interval_is_drawn_from_limit_to_limit() -> None:
    image = svg.forest(
        [svg.Row("a", "p", 0.5, 0.25, 0.75), svg.Row("b", "–", None)], svg.Axis("x", 0.0, 1.0), "alt"
    )
    (dot,) = marks(image, "circle")
    (span,) = [m for m in marks(image, "line") if m["stroke-width"] == "2"]
    assert float(span["x1"]) + float(span["x2"]) == pytest.approx(2 * float(dot["cx"]), abs=0.2)


@pytest.mark.parametrize(
    "hostile", ["<b>&\"'</b>", "]]>", "</text><script>alert(1)</script>", "a" * 500, "无" * 200]
)
def test_labels_are_words(hostile: str) -> None:
    image = svg.chart(
        [svg.Series(hostile, (0.0, 1.0), (0.0, 1.0))], svg.Axis(hostile, 0, 1), svg.Axis("y", 0, 1), hostile
    )
    root = ET.fromstring(image.svg)
    assert root.attrib["aria-label"] == hostile
    assert {found.tag for found in root.iter()} <= {
        NS + t for t in ("svg", "rect", "line", "text", "polyline")
    }


def test_lines_differ_without_colour() -> None:
    image = svg.chart([svg.Series(str(k), (0.0, 1.0), (0.0, 1.0)) for k in range(4)], *AXES, alt="a")
    assert len({found.get("stroke-dasharray") for found in marks(image, "polyline")}) == 4


def test_words_of_an_image_are_short_enough_to_be_set() -> None:
    """No sign of ours is broken where a line of print would end."""
    image = svg.chart([svg.Series("a", (0.0, 1.0), (0.0, 1.0))], *AXES, alt="a")
    assert re.fullmatch(r"[\x20-\x7e–−…\u00a0 ]+", image.svg)

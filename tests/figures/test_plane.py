"""Charts of two axes and rows of intervals: words are escaped, numbers stand where the scale puts them."""

from __future__ import annotations

from urllib.parse import unquote

from mtl.figures.palette import LIGHT
from mtl.figures.plane import Axis, Grid, Layer, Plane, draw
from mtl.figures.ranges import Range, Ranges
from mtl.figures.ranges import draw as draw_ranges

MARKUP = "<b>x</b>"


def test_a_plane_draws_its_layers_in_its_scale() -> None:
    grid = Grid(MARKUP, ["a", MARKUP], [["1", MARKUP]])
    layers = [
        Layer("solid", [(0.0, 0.0), (1.0, 0.5), (float("nan"), 1.0)], "line"),
        Layer("band", [(0.0, 0.1)], "band", [(0.0, 0.2)]),
        Layer("bars", [(0.0, 0.5), (0.5, 0.0), (1.0, 0.0)], MARKUP),
        Layer("dots", [(0.5, 0.5), (0.5, 0.5)]),
    ]
    plane = Plane(Axis("across", 0, 1, True), Axis("up", 0, 1), layers, MARKUP, grid, MARKUP, "same")
    drawn = draw(plane, LIGHT)
    assert "<b>" not in drawn.html and drawn.alt == MARKUP
    image = unquote(drawn.html)
    assert 'points="0.0,260.0 600.0,130.0"' in image  # what is not known is not drawn
    assert 'x="0.0" y="130.0" width="299.0" height="130.0"' in image  # an empty bar has no mark
    assert image.count("M300.0,130.0h0") == 1  # equal points once
    assert "40\u00a0%" in drawn.html and ">0.4<" in drawn.html  # shares in percent where the axis says so
    assert drawn.html.count('class="p-') == 4  # three named layers and the diagonal


def test_rows_stand_on_one_scale() -> None:
    rows = [
        Range("group", None, None, None, [], head=True),
        Range(MARKUP, 0.5, 0.25, 0.75, ["0.5"]),
        Range("none", None, None, None, ["–"]),
    ]
    drawn = draw_ranges(Ranges(MARKUP, Axis("share", 0.0, 1.0, True), ["who", "share"], rows, 0.9, "asked"))
    assert "<b>x" not in drawn.html
    assert "left:25%;width:50%" in drawn.html and '<b style="left:50%">' in drawn.html
    assert drawn.html.count('<s style="left:90%">') == 2 and 'colspan="3"' in drawn.html

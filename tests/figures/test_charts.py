"""Charts of the evidence: every word escaped, every number in the table, nothing without a name in words."""

from __future__ import annotations

from typing import Any

import pytest

from mtl.figures import calibration_plot, cutoff_plot, dots_plot, risk_groups_plot
from mtl.figures.chart import CONFIG, Chart, Table
from mtl.figures.cutoff_plot import Decision, Mark
from mtl.figures.dots_plot import Dot
from mtl.figures.palette import DARK, LIGHT, Palette

THEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
HOSTILE = "<b>relapse</b> ![x](http://a)"
ENTRY: dict[str, Any] = {
    "curve": {"at": [0.1, 0.5], "observed": [0.12, 0.6], "low": [0.05, None], "high": [0.2, None]},
    "groups": [
        {"n": 30, "predicted": 0.1, "observed": 0.15, "low": 0.05, "high": 0.3},
        {"n": 20, "predicted": 0.6, "observed": None, "low": None, "high": None},
    ],
}
DIVISION: dict[str, Any] = {
    "years": [0.0, 1.0, 2.0],
    "groups": [
        {
            "n": 40, "survival": [1.0, 0.9, None], "low": [1.0, 0.8, None], "high": [1.0, 0.95, None],
            "at_risk": [40, 30, 9],
            "horizons": [{"horizon": 1.0, "predicted": 0.1, "at_risk": 30, "observed": 0.1, "low": 0.05, "high": 0.2}],
        },
        {
            "n": 40, "survival": [1.0, 0.5, 0.4], "low": [1.0, 0.4, 0.3], "high": [1.0, 0.6, 0.5], "at_risk": [40, 20, 12],
            "horizons": [{"horizon": 1.0, "predicted": 0.4, "at_risk": 20, "observed": None, "low": None, "high": None}],
        },
    ],
}  # fmt: skip


def checked(chart: Chart) -> Chart:
    sent = chart.figure.to_json()
    assert "<b>" not in sent and "\\u003cb\\u003e" not in sent
    assert chart.alt and chart.table.rows
    for row in chart.table.rows:
        assert len(row) == len(chart.table.heads)
    assert "<b>" not in chart.table.html(HOSTILE)
    assert chart.figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
    return chart


@THEMES
@pytest.mark.parametrize("unit", [None, "mm<b>"])
def test_calibration(colours: Palette, unit: str | None) -> None:
    chart = checked(calibration_plot.calibration(ENTRY, HOSTILE, unit, colours))
    assert len(chart.table.rows) == 2 and "–" in chart.table.rows[1]
    alone = calibration_plot.calibration({**ENTRY, "curve": None}, HOSTILE, unit, colours)
    assert len(alone.figure.data) < len(chart.figure.data)


@THEMES
def test_a_histogram_counts_everybody(colours: Palette) -> None:
    counts = {"bins": 10, "events": [0, 3] + [0] * 8, "others": [5] + [0] * 9, "unknown": [0] * 9 + [1]}
    chart = checked(calibration_plot.spread(counts, HOSTILE, colours, 0.3))
    assert sum(int(cell) for row in chart.table.rows for cell in row[1:]) == 9
    assert "3" in chart.alt and "5" in chart.alt


@THEMES
def test_the_cutoff_is_marked_where_it_was_counted(colours: Palette) -> None:
    table = Table(["a"], [["b"]])
    chart = checked(
        cutoff_plot.roc([[0.0, 1.0], [0.4, 1.0]], Mark(0.2, 0.6, "cut-off 30 %"), ".7", table, colours)
    )
    mark = chart.figure.data[-1]
    assert (mark.x[0], mark.y[0]) == (0.2, 0.6) and "cut-off 30 %" in chart.alt
    chart = cutoff_plot.precision([[0.0, 1.0], [1.0, 0.4]], Mark(None, None, "x"), 0.4, table, colours)
    assert all(trace.mode != "markers" for trace in chart.figure.data)
    curve = Decision([0.1, 0.5], [0.2, None], [0.1, None], [0.3, None], [0.1, -0.2])
    assert "0.200" in checked(cutoff_plot.decision(curve, Mark(0.1, 0.2, "x"), table, colours)).alt


@THEMES
def test_groups_of_risk(colours: Palette) -> None:
    chart = checked(risk_groups_plot.survival(DIVISION, ["low", HOSTILE], HOSTILE, colours))
    assert chart.table.rows[0] == ["low", "40", "30", "9"]
    assert (
        len({trace.line.dash for trace in chart.figure.data if trace.mode == "lines" and trace.line.dash})
        == 2
    )
    chart = checked(risk_groups_plot.predicted(DIVISION, ["low", HOSTILE], 1.0, colours))
    assert chart.table.rows[1][3] == "–"


@THEMES
def test_rows_with_intervals(colours: Palette) -> None:
    rows = [
        Dot("a", 0.5, 0.4, 0.6, "0.5", True),
        Dot(HOSTILE, None, None, None, "–"),
        Dot("c", 0.7, None, None, "0.7"),
    ]
    chart = checked(dots_plot.dots(rows, "C", Table(["a"], [["b"]]), colours, 0.5, "no difference"))
    assert list(chart.figure.layout.yaxis.categoryarray)[-1] == "a"
    assert not dots_plot.dots([], "C", Table(["a"], [["b"]]), colours).figure.data


def test_a_figure_is_sent_nowhere() -> None:
    assert CONFIG["showSendToCloud"] is False and CONFIG["displayModeBar"] is False

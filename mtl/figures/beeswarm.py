"""Every patient's contribution, a line a feature, coloured by the patient's value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtl.figures import dots
from mtl.figures.markup import Drawing, Scale, text
from mtl.figures.palette import Palette
from mtl.language import _

WIDTH, HEIGHT = 600.0, 40.0
COLUMNS = 150  # points that fall into one of them are put above and below each other
MOST = 400  # points of a line
CROWD = 6  # points on each side of a line's middle that fill its height


@dataclass(frozen=True)
class Line:
    """One feature: its name, each patient's contribution and rank of the value (NaN where missing), and in words what
    its low and high values do."""

    label: str
    contributions: Sequence[float]
    ranks: Sequence[float]
    words: str


def beeswarm(lines: Sequence[Line], scale: str, colours: Palette) -> Drawing:
    """Draw contributions, the features as they come, on one axis.

    Parameters
    ----------
    scale : str
        What the axis measures.
    """
    ends = [value for line in lines for value in line.contributions]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    axis = Scale(low - 0.03 * (high - low), high + 0.03 * (high - low))
    rows = []
    for line in lines:
        step = max(1, -(-len(line.contributions) // MOST))
        values, ranks = line.contributions[::step], line.ranks[::step]
        alt = _("{label}: {value}").format(label=line.label, value=line.words)
        picture = dots.image(
            _placed(values, axis), [dots.shade(rank) for rank in ranks], colours, (WIDTH, HEIGHT), alt
        )
        zero = f'<i style="left:{axis.at(0.0)}"></i>'
        rows.append(
            f'<li><span class="b-label">{text(line.label)}</span><span class="b-plot">{zero}{picture}</span></li>'
        )
    ticks = "".join(
        f'<span style="left:{axis.at(tick)}">{text(words)}</span>' for tick, words in axis.signed_ticks()
    )
    alt = " ".join(_("{label}: {value}").format(label=line.label, value=line.words) for line in lines)
    missing = any(rank != rank for line in lines for rank in line.ranks)
    return Drawing(
        f'<ul class="swarm">{"".join(rows)}</ul><div class="b-axis"><span></span><div>{ticks}</div></div>'
        f'<p class="b-scale">{text(scale)}</p>{dots.key(colours, missing)}',
        alt,
    )


def _placed(values: Sequence[float], axis: Scale) -> list[tuple[float, float]]:
    """Return places: across by the value, up and down by how many stand there already."""
    counts: dict[int, int] = {}
    stacked = []
    for value in values:
        column = int(axis.share(value) * COLUMNS)
        counts[column] = counts.get(column, 0) + 1
        stacked.append((column, counts[column]))
    fullest = max(CROWD, max(counts.values(), default=0) // 2)
    points = []
    for column, place in stacked:
        side = 1 if place % 2 else -1
        points.append(
            (
                WIDTH * (column + 0.5) / (COLUMNS + 1),
                HEIGHT / 2 + side * (place // 2) / fullest * (HEIGHT / 2 - 3),
            )
        )
    return points

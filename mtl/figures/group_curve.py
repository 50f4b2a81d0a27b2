"""What became of a group over time, in steps with its interval, beside the model's curve of one patient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import quote

from mtl.figures.curve import HEIGHT, WIDTH, Curve, at
from mtl.figures.markup import Drawing, Scale, css_share, text
from mtl.figures.palette import Palette
from mtl.language import _, number, percent


def group_curve(
    group: Curve, model: Curve, until: float, horizons: Sequence[float], event: str, colours: Palette
) -> Drawing:
    """Draw observed risk in steps, with its band, and the model's as a line.

    Parameters
    ----------
    group, model : Curve
        Risk, 0 to 1, at times in years; `group` holds a value from its time up to the next.
    until : float
        Right end of the axis, in years.
    horizons
        Times that the words tell.
    event : str
        What happens to the patients, for the words.
    """
    across, up = Scale(0.0, until), Scale(0.0, 1.0)
    shapes = []
    if group.low is not None and group.high is not None:
        upper = _steps(group.years, group.high, across, up)
        lower = _steps(group.years, group.low, across, up)
        shapes.append(f'<polygon points="{" ".join([*upper, *reversed(lower)])}" fill="{colours.grid}"/>')
    shapes.append(
        f'<polyline points="{" ".join(_steps(group.years, group.risk, across, up))}" stroke="{colours.text}" '
        'stroke-width="1.75" stroke-dasharray="6 3" vector-effect="non-scaling-stroke"/>'
    )
    line = [
        f"{WIDTH * across.share(year):.1f},{HEIGHT * (1 - up.share(risk)):.1f}"
        for year, risk in zip(model.years, model.risk, strict=True)
        if year <= until + 1e-9
    ]
    shapes.append(
        f'<polyline points="{" ".join(line)}" stroke="{colours.primary}" stroke-width="2.5" '
        'vector-effect="non-scaling-stroke"/>'
    )
    alt = _words(group, model, horizons, event)
    grid = "".join(f'<i style="bottom:{css_share(share)}"></i>' for share in (0.25, 0.5, 0.75))
    image = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'preserveAspectRatio="none" fill="none">{"".join(shapes)}</svg>'
    )
    levels = "".join(f"<span>{text(percent(level))}</span>" for level in (1.0, 0.5, 0.0))
    last = _("{count} years").format(count=number(round(across.high, 1)))
    marks = "".join(
        f'<span style="left:{across.at(tick)}">{text(number(tick))}</span>'
        for tick in across.ticks(6)
        if 0 < across.share(tick) < 0.8
    )
    seen, said = _("seen in the group, with 95 % interval"), _("the model's curve of this patient")
    return Drawing(
        f'<div class="curve tall"><div class="k-levels">{levels}</div><div class="k-plot">{grid}'
        f'<img alt="{text(alt)}" src="data:image/svg+xml,{quote(image)}"></div>'
        f'<div class="k-times"><span style="left:0">0</span>{marks}<em>{text(last)}</em></div></div>'
        f'<div class="k-legend group"><span>{text(said)}</span><span>{text(seen)}</span></div>',
        alt,
    )


def _steps(years: Sequence[float], risk: Sequence[float], across: Scale, up: Scale) -> list[str]:
    points: list[str] = []
    before: float | None = None
    for year, height in zip(years, risk, strict=True):
        if math.isnan(height):
            continue
        x = WIDTH * across.share(year)
        if before is not None:
            points.append(f"{x:.1f},{HEIGHT * (1 - up.share(before)):.1f}")
        points.append(f"{x:.1f},{HEIGHT * (1 - up.share(height)):.1f}")
        before = height
    return points


def _words(group: Curve, model: Curve, horizons: Sequence[float], event: str) -> str:
    words = [_("Risk over time: {event}.").format(event=event)]
    for years in horizons:
        seen, said = at(group, years), at(model, years)
        if seen is not None and said is not None:
            words.append(
                _("By {years} years: {seen} in the group, {said} by the model.").format(
                    years=number(years), seen=percent(seen), said=percent(said)
                )
            )
    return " ".join(words)

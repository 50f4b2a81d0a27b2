"""Pictures of a target trial: overlap of the arms, balance before and after weighting, estimates side by side, two curves.

They are HTML with the classes of :data:`STYLE`, for the app and for the page to take away alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mtl.figures.markup import Drawing, Scale, css_share, text
from mtl.figures.palette import Palette
from mtl.language import _, number, percent

STYLE = Path(__file__).with_name("trial.css").read_text(encoding="utf-8")
PAGE_STYLE = Path(__file__).with_name("trial_page.css").read_text(encoding="utf-8")
WIDTH, HEIGHT = 300.0, 100.0


def overlap(treated: Sequence[int], untreated: Sequence[int], names: tuple[str, str]) -> Drawing:
    """Draw how many of either arm have which propensity: treated upwards, untreated downwards.

    Parameters
    ----------
    treated, untreated
        Counts in equal bins from 0 to 1.
    names
        What the arms are called.
    """
    most = max([*treated, *untreated, 1])
    bars = "".join(
        f'<span><i class="up" style="height:{css_share(one / most / 2)}"></i>'
        f'<i class="down" style="height:{css_share(other / most / 2)}"></i></span>'
        for one, other in zip(treated, untreated, strict=True)
    )
    alt = _(
        "Propensity of {one} patients {treated} and {other} patients {untreated}, counted from 0 % to 100 % in {bins} bins."
    ).format(
        one=number(sum(treated)),
        treated=names[0],
        other=number(sum(untreated)),
        untreated=names[1],
        bins=number(len(treated)),
    )
    marks = "".join(
        f'<span style="left:{css_share(share)}">{text(percent(share))}</span>' for share in (0.1, 0.5, 0.9)
    )
    key = f'<span><i></i>{text(names[0])}</span><span><i class="hatched"></i>{text(names[1])}</span>'
    words = _("probability of treatment, given the findings (propensity)")
    return Drawing(
        f'<div class="t-overlap"><div class="t-bars" role="img" aria-label="{text(alt)}">{bars}</div>'
        f'<div class="t-axis" aria-hidden="true">{marks}</div>'
        f'<div class="t-key">{key}<span>{text(words)}</span></div></div>',
        alt,
    )


@dataclass(frozen=True)
class Line:
    """One line of the balance: its name, the standardised differences, and whether it was adjusted for."""

    label: str
    before: float
    after: float
    adjusted: bool = True


def love(lines: Sequence[Line], notable: float) -> Drawing:
    """Draw the balance: the size of each standardised difference before (open) and after weighting (full)."""
    widest = max([abs(v) for line in lines for v in (line.before, line.after)] + [4 * notable])
    axis = Scale(0.0, math.ceil(widest * 10) / 10)
    rows, told = [], []
    for line in lines:
        before, after = abs(line.before), abs(line.after)
        start = min(before, after)
        printed = _("{before} → {after}").format(before=number(before, 2), after=number(after, 2))
        track = (
            f'<i class="t-rule" style="left:0"></i><i class="t-rule notable" style="left:{axis.at(notable)}"></i>'
            f'<i class="t-link" style="left:{axis.at(start)};width:{axis.width(before, after)}"></i>'
            f'<i class="t-open" style="left:{axis.at(before)}"></i><i class="t-full" style="left:{axis.at(after)}"></i>'
        )
        rows.append(
            f'<li class="{"" if line.adjusted else "aside"}"><span>{text(line.label)}</span>'
            f'<span class="t-track" aria-hidden="true">{track}</span><b>{text(printed)}</b></li>'
        )
        told.append(_("{label}: {value}").format(label=line.label, value=printed))
    before_words, after_words = _("before weighting"), _("after weighting")
    unit = _("standardised difference, absolute")
    key = (
        f'<div class="t-key"><span><i class="open"></i>{text(before_words)}</span>'
        f'<span><i class="full"></i>{text(after_words)}</span><span>{text(unit)}</span></div>'
    )
    return Drawing(
        f'<ul class="t-rows">{"".join(rows)}</ul>{_ticks(axis, axis.ticks(6))}{key}', "; ".join(told)
    )


@dataclass(frozen=True)
class Estimate:
    """One estimate with its interval, in print and as numbers; None where there is none."""

    label: str
    printed: str
    value: float | None
    low: float | None
    high: float | None
    note: str = ""
    main: bool = False


def forest(estimates: Sequence[Estimate], ratio: bool) -> Drawing:
    """Draw estimates below one another, on a logarithmic axis for ratios, with a line where there is no effect."""
    place = math.log if ratio else float
    known = [place(v) for e in estimates for v in (e.low, e.high, e.value) if v is not None]
    none = 0.0
    low, high = min([*known, none]), max([*known, none])
    room = 0.06 * (high - low or 1.0)
    axis = Scale(low - room, high + room)
    rows = []
    for one in estimates:
        track = f'<i class="t-rule" style="left:{axis.at(none)}"></i>'
        if one.value is not None and one.low is not None and one.high is not None:
            start, end = place(one.low), place(one.high)
            track += (
                f'<i class="t-span" style="left:{axis.at(start)};width:{axis.width(start, end)}"></i>'
                f'<i class="t-square" style="left:{axis.at(place(one.value))}"></i>'
            )
        note = f"<small>{text(one.note)}</small>" if one.note else ""
        rows.append(
            f'<li class="{"main" if one.main else ""}"><span>{text(one.label)}{note}</span>'
            f'<span class="t-track" aria-hidden="true">{track}</span><b>{text(one.printed)}</b></li>'
        )
    ticks = (
        [t for t in (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0) if axis.low < math.log(t) < axis.high]
        if ratio
        else list(axis.ticks(5))
    )
    scale = _ticks(axis, [place(t) for t in ticks], [number(t) for t in ticks])
    alt = "; ".join(_("{label}: {value}").format(label=e.label, value=e.printed) for e in estimates)
    return Drawing(f'<ul class="t-rows">{"".join(rows)}</ul>{scale}', alt)


def _ticks(axis: Scale, places: Sequence[float], printed: Sequence[str] | None = None) -> str:
    words = printed or [number(place) for place in places]
    marks = "".join(
        f'<span style="left:{axis.at(p)};transform:translateX(-50%)">{text(w)}</span>'
        for p, w in zip(places, words, strict=True)
    )
    return f'<div class="t-ticks" aria-hidden="true"><span></span><div class="t-axis">{marks}</div><span></span></div>'


def survival(
    years: Sequence[float],
    treated: Sequence[float],
    untreated: Sequence[float],
    horizon: float,
    names: tuple[str, str],
    colours: Palette,
) -> Drawing:
    """Draw the share without the event in both arms over time, in years."""
    across = Scale(0.0, years[-1])
    image = "".join(
        f'<polyline points="{_steps(years, line, across)}" stroke="{colour}" {stroke} vector-effect="non-scaling-stroke"/>'
        for line, colour, stroke in (
            (untreated, colours.muted, 'stroke-width="2" stroke-dasharray="6 4"'),
            (treated, colours.primary, 'stroke-width="2.5"'),
        )
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'preserveAspectRatio="none" fill="none">{image}</svg>'
    )
    last = max(i for i, year in enumerate(years) if year <= horizon + 1e-9)
    alt = _("Share without the event at {time} years: {one} {treated}, {other} {untreated}.").format(
        time=number(horizon),
        one=percent(treated[last]),
        treated=names[0],
        other=percent(untreated[last]),
        untreated=names[1],
    )
    grid = "".join(
        f'<u style="bottom:{css_share(share)}"></u><em style="bottom:{css_share(share)}">{text(percent(share))}</em>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    marks = "".join(
        f'<span style="left:{across.at(tick)}">{text(number(tick))}</span>'
        for tick in across.ticks(6)
        if across.share(tick) < 0.8
    )
    end = _("{count} years").format(count=number(round(years[-1], 1)))
    what = _("share without the event, overlap-weighted")
    key = (
        f'<span><i class="line"></i>{text(names[0])}</span><span><i class="dashed"></i>{text(names[1])}</span>'
        f"<span>{text(what)}</span>"
    )
    return Drawing(
        f'<div class="t-curves"><div class="t-plot">{grid}<s style="left:{across.at(horizon)}"></s>'
        f'<img alt="{text(alt)}" src="data:image/svg+xml,{quote(svg)}"></div>'
        f'<div class="t-times" aria-hidden="true">{marks}<span style="left:100%">{text(end)}</span></div>'
        f'<div class="t-key">{key}</div></div>',
        alt,
    )


def _steps(years: Sequence[float], line: Sequence[float], across: Scale) -> str:
    return " ".join(
        f"{WIDTH * across.share(year):.1f},{HEIGHT * (1 - height):.1f}"
        for year, height in zip(years, line, strict=True)
    )

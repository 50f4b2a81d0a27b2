"""How contributions are printed so that the printed numbers still add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Printed:
    """Numbers as they are printed: ``start + points.sum() == end`` to the printed digit.

    Attributes
    ----------
    start, end : float
        The reference patient's number and the patient's, rounded.
    points : (p,)
        The contributions, rounded; each 0 or of its own sign.
    decimals : int
        Digits after the point; negative for tens, hundreds.
    """

    start: float
    end: float
    points: Floats
    decimals: int


def printed(points: Floats, start: float, end: float, decimals: int = 0) -> Printed:
    """Round contributions and the numbers they lead from and to.

    `start` and `end` are rounded as ``f"{x:.0f}"`` rounds them; the contributions then make up the
    difference of the two printed numbers. Everything is in the unit printed: give percentages as percentages.

    Parameters
    ----------
    points : (p,)
        Contributions: ``end - start`` in sum.
    start, end : float
    decimals : int
        Digits after the point.

    Raises
    ------
    ValueError
        If a number is not finite, or the contributions do not sum to the difference.

    Examples
    --------
    >>> shown = printed(np.array([7.4, 3.4, -0.2]), 30.2, 40.8)
    >>> shown.start, shown.points.tolist(), shown.end
    (30.0, [8.0, 3.0, 0.0], 41.0)
    """
    points = np.asarray(points, dtype=np.float64)
    gap = abs(points.sum() - (end - start))
    scale = 1.0 + max(abs(start), abs(end), float(np.abs(points).sum()))
    if not gap <= 1e-6 * scale:  # also when something is not finite
        raise ValueError(
            f"contributions sum to {points.sum()}, the difference is {end - start}: they cannot be printed"
        )
    unit = 10.0**decimals
    first, last = round(float(start), decimals), round(float(end), decimals)
    whole = whole_points(points * unit, round((last - first) * unit))
    # adding 0 turns -0 into 0
    return Printed(first + 0.0, last + 0.0, np.round(whole / unit, max(decimals, 0)) + 0.0, decimals)


def whole_points(points: Floats, total: int) -> NDArray[np.int64]:
    """Whole numbers near `points` that sum to `total`, none of which changes its sign.

    Largest remainders: each number is rounded down or up so that the sum is right, the nearest first. Only
    when `total` lies outside what rounding down or up can reach (the printed ends were both rounded apart)
    does one move further, the one that is then least wrong. A contribution of exactly 0 stays 0.

    Raises
    ------
    ValueError
        If no numbers of these signs have that sum.
    """
    points = np.asarray(points, dtype=np.float64)
    if not np.all(np.isfinite(points)):
        raise ValueError("contributions to be printed must be finite")
    whole = np.floor(points).astype(np.int64)
    missing = total - int(whole.sum())
    if missing > 0:
        # the largest remainders first; among equals the larger number, then the earlier
        order = np.lexsort((-np.abs(points), -(points - whole)))
        fractional = order[points[order] > whole[order]]
        whole[fractional[:missing]] += 1
        missing -= min(missing, len(fractional))
    step = 1 if missing > 0 else -1
    for _ in range(abs(missing)):
        movable = np.flatnonzero((points > 0) & (whole + step >= 0) | (points < 0) & (whole + step <= 0))
        if not len(movable):
            raise ValueError(
                f"contributions {points.tolist()} cannot be printed with the sum {total}: signs would flip"
            )
        off = np.abs(whole[movable] + step - points[movable])
        whole[movable[np.argmin(off)]] += step
    return whole

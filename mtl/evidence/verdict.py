"""What may be said of sharing, by one rule: more than without it, and more than with shuffled labels."""

from __future__ import annotations

from typing import Literal

MARGIN = 0.01  # of the headline metric: a difference inside it makes no difference
PERMUTATIONS = 10

Limits = dict[str, float | None]
Verdict = Literal["alone", "helped", "hurt", "level", "regularised", "unclear"]


def verdict(shared: bool, gain: Limits | None, over_control: Limits | None, left_out: bool) -> Verdict:
    """The verdict on one task.

    Parameters
    ----------
    shared
        Whether any other task shapes its trees.
    gain
        The blend's headline metric over that of linear and own trees: value, low, high.
    over_control
        The same over the mean of the blends whose helpers' labels were shuffled.
    left_out
        The training's guard found that the held-out loss rises, and took the shared trees out.

    Returns
    -------
    str
        "alone": nobody helps. "helped": both lower limits above 0. "hurt": the gain's interval is below 0, or the guard
        said so. "level": the gain's interval within `MARGIN`. "regularised": above 0, but not above the control, so that
        the other tasks' labels cannot be shown to be what helps. "unclear": everything else.

    Examples
    --------
    >>> gain = {"value": 0.03, "low": 0.01, "high": 0.05}
    >>> verdict(True, gain, {"value": 0.02, "low": 0.005, "high": 0.035}, False)
    'helped'
    >>> verdict(True, gain, {"value": 0.0, "low": -0.01, "high": 0.01}, False)
    'regularised'
    """
    if not shared:
        return "alone"
    if left_out:
        return "hurt"
    low, high = (None, None) if gain is None else (gain["low"], gain["high"])
    if low is None or high is None:
        return "unclear"
    beaten = None if over_control is None else over_control["low"]
    if low > 0 and beaten is not None and beaten > 0:
        return "helped"
    if high < 0:
        return "hurt"
    if low > -MARGIN and high < MARGIN:
        return "level"
    return "regularised" if low > 0 else "unclear"

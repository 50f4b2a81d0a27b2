"""The cells of a worklist: a finding in words, a number with its bar and interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mtl.explain.sentences import is_missing, value_text
from mtl.figures.markup import Scale, text
from mtl.language import _

if TYPE_CHECKING:
    from mtl.study import Feature


def finding(feature: Feature, value: object, kind: str = "finding") -> str:
    """Return the cell of a recorded value."""
    missing = " missing" if is_missing(value) else ""
    return f'<span class="{kind}{missing}">{text(value_text(feature, value))}</span>'


def number(
    column: str,
    value: float,
    printed: str,
    interval: tuple[float, float] | None,
    with_bar: bool,
    kind: str = "",
) -> str:
    """Return the cell of a task's number; a probability has a bar from 0 to 1, with its interval on it."""
    if math.isnan(value):
        words = _("not estimable")
        return f'<span class="{kind} missing">{text(words)}</span>'
    bar = ""
    if with_bar:
        axis = Scale(0.0, 1.0)
        band = (
            f'<u style="left:{axis.at(interval[0])};width:{axis.width(*interval)}"></u>' if interval else ""
        )
        bar = f'<span class="w-track"><i style="width:{axis.at(value)}"></i>{band}</span>'
    return f'<span class="{kind}"><span class="w-number" data-number="{text(column)}">{text(printed)}</span>{bar}</span>'

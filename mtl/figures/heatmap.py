"""Which finding drives which decision: findings by tasks, hidden cells hatched."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtl.figures.markup import Drawing, text
from mtl.language import _, number, signed

FULL = 1.2  # spreads at which a colour is as strong as it gets
STRONGEST = 52  # per cent of colour: words on it keep 4.5 : 1
STRONGEST_PLAIN = 44  # the same for the colour of amounts without a sign


def heatmap(
    findings: Sequence[str],
    tasks: Sequence[str],
    values: Sequence[Sequence[float]],
    hidden: Sequence[Sequence[bool]],
    chosen: int | None = None,
    most: int | None = None,
    caption: str = "",
    decimals: int = 1,
    with_sign: bool = True,
    full: float = FULL,
    why: str = "",
) -> Drawing:
    """Draw contributions as a table of coloured cells.

    Parameters
    ----------
    findings : f texts
    tasks : t texts
    values : f x t
        Each in units of its task's own spread.
    hidden : f x t
        Whether the task may not see the finding.
    chosen : int, optional
        The task looked at, marked in the head.
    most : int, optional
        Rows shown at once; the others, already sorted by the caller, open with a click.
    caption : str
        What the table says, for a person who hears it.
    decimals, with_sign
        How a value is written.
    full : float
        The value of the strongest colour.
    why : str
        What a hidden cell says to a person who hears it; that the task does not see the finding, if left out.
    """
    head = "".join(
        f'<th scope="col"{" class=chosen" if place == chosen else ""}><span>{text(task)}</span></th>'
        for place, task in enumerate(tasks)
    )
    rows = []
    for finding, line, unseen in zip(findings, values, hidden, strict=True):
        cells = "".join(
            _hidden(why) if out else _cell(value, decimals, with_sign, full)
            for value, out in zip(line, unseen, strict=True)
        )
        rows.append(f'<tr><th scope="row">{text(finding)}</th>{cells}</tr>')
    shown = rows if most is None or len(rows) <= most + 1 else rows[:most]
    alt = caption or _("Contribution of each finding to each task")

    def table(lines: Sequence[str], name: str) -> str:
        return (
            f'<div class="heat" tabindex="0" role="region" aria-label="{text(name)}"><table>'
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        )

    body = table(shown, alt)
    if len(shown) < len(rows):
        rest = _("The other {count}").format(count=number(len(rows) - len(shown)))
        body += f'<details class="more"><summary>{text(rest)}</summary>{table(rows[len(shown) :], rest)}</details>'
    return Drawing(body, alt)


def _hidden(why: str) -> str:
    words = why or _("not seen by this task")
    return f'<td class="h-hidden" title="{text(words)}"><span class="unseen">{text(words)}</span></td>'


def _cell(value: float, decimals: int, with_sign: bool, full: float) -> str:
    if math.isnan(value):
        return "<td>–</td>"
    most = STRONGEST if with_sign else STRONGEST_PLAIN
    strength = round(most * min(abs(value) / full, 1.0)) if full > 0 else 0
    printed = signed(value, decimals) if with_sign else number(value, decimals)
    colour = "raises" if value > 0 else "lowers"
    if not with_sign:
        colour = "primary"
    style = f"background:color-mix(in srgb, var(--{colour}) {strength}%, var(--surface))" if strength else ""
    return f'<td style="{style}">{text(printed)}</td>'

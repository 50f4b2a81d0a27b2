"""The table beside a figure: the numbers that are drawn, in print, one click away."""

from __future__ import annotations

from collections.abc import Sequence

from mtl.figures.markup import text
from mtl.language import _


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """Return a table of words; the first cell of a row is its head, the second where the first is empty.

    Examples
    --------
    >>> table(("Year", "Risk"), [("1", "<2 %")]).count("&lt;2 %")
    1
    """
    top = "".join(f'<th scope="col">{text(one)}</th>' for one in heads)
    head = f"<thead><tr>{top}</tr></thead>" if heads else ""
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    what = f'<caption class="unseen">{text(caption)}</caption>' if caption else ""
    return f"<table>{what}{head}<tbody>{body}</tbody></table>"


def _cells(row: Sequence[str]) -> str:
    named = 0 if row[0] or len(row) == 1 else 1
    return "".join(
        f'<th scope="row">{text(cell)}</th>' if place == named else f"<td>{text(cell)}</td>"
        for place, cell in enumerate(row)
    )


def framed(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Return a table that scrolls sideways where the page is narrow; `caption` names it for a person who hears it."""
    inside = table(heads, rows)
    wide = " wide" if len(heads) > 4 else ""
    return f'<div class="plain-table framed{wide}" tabindex="0" role="region" aria-label="{text(caption)}">{inside}</div>'


def beside(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Return the table of a figure's numbers, closed until it is asked for.

    Parameters
    ----------
    heads, rows
        In print; the first cell of a row is its head.
    caption
        What the figure shows, for a person who hears it.
    """
    summary = _("The numbers")
    of = f'<span class="unseen">: {text(caption)}</span>'
    return f'<details class="more numbers"><summary>{text(summary)}{of}</summary>{framed(heads, rows, caption)}</details>'

"""How a whole is made up of a few parts, a bar a row, with every share in print."""

from __future__ import annotations

from collections.abc import Sequence

from mtl.figures.markup import Drawing, css_share, text
from mtl.language import _, percent

HATCHES = ("solid", "hatched", "dotted")


def stacked(rows: Sequence[tuple[str, Sequence[float]]], parts: Sequence[str], caption: str) -> Drawing:
    """Draw shares that sum to 1 in each row, at most three parts; the table of the same numbers is the figure itself.

    Parameters
    ----------
    rows
        A name and the share of each part.
    parts
        Their names.
    caption
        What the table says, for a person who hears it.
    """
    key = "".join(f'<span class="{HATCHES[k]}"><i></i>{text(part)}</span>' for k, part in enumerate(parts))
    heads = "".join(f'<th scope="col">{text(part)}</th>' for part in parts)
    body = "".join(
        f'<tr><th scope="row">{text(label)}<span class="p-bar" aria-hidden="true">'
        + "".join(
            f'<i class="{HATCHES[k]}" style="width:{css_share(share)}"></i>' for k, share in enumerate(shares)
        )
        + "</span></th>"
        + "".join(f"<td>{text(percent(share))}</td>" for share in shares)
        + "</tr>"
        for label, shares in rows
    )
    task = _("Task")
    return Drawing(
        f'<p class="p-key">{key}</p><div class="plain-table parts" tabindex="0" role="region" aria-label="{text(caption)}">'
        f'<table><thead><tr><th scope="col">{text(task)}</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>',
        caption,
    )

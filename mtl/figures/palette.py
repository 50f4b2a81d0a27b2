"""The colours of figures and pages, in light and dark: distinguishable with any colour vision.

Meaning never rests on colour alone: a contribution has its sign, a line its name. Vermilion and blue, which
all common forms of colour blindness keep apart (Okabe and Ito 2008), stand for raising and lowering.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """One set of colours; each is a hexadecimal sRGB value.

    Attributes
    ----------
    primary, primary_soft
        The patient, the chosen thing; and its band or background.
    raises, lowers
        A contribution that raises or lowers the prediction.
    neutral
        The reference patient, the cohort.
    text, muted
        Words, and words of less weight; both at least 4.5 : 1 on `background`, `surface` and `sidebar`.
    background, surface, sidebar, border, grid
        The page, a card on it, the sidebar, the line round a card, the lines of a chart.
    series
        Lines or groups that have no order.
    """

    primary: str
    primary_soft: str
    raises: str
    lowers: str
    neutral: str
    text: str
    muted: str
    background: str
    surface: str
    sidebar: str
    border: str
    grid: str
    series: tuple[str, ...]


LIGHT = Palette(
    primary="#0d6e66",
    primary_soft="#d5e8e5",
    raises="#b04f27",
    lowers="#2a6fa8",
    neutral="#b6c2cc",
    text="#1b2733",
    muted="#536372",
    background="#f8fafc",
    surface="#ffffff",
    sidebar="#edf1f6",
    border="#dfe5ec",
    grid="#e8edf2",
    series=("#0d6e66", "#b04f27", "#2a6fa8", "#8a6d00", "#9b4f86", "#4d5b69", "#0094c6", "#7a7a00"),
)

DARK = Palette(
    primary="#4cc2b4",
    primary_soft="#1f4744",
    raises="#e8916a",
    lowers="#74b3e3",
    neutral="#5d6b78",
    text="#e6ebf0",
    muted="#a3b1bf",
    background="#12181f",
    surface="#1a222b",
    sidebar="#0d1319",
    border="#2e3945",
    grid="#27313b",
    series=("#4cc2b4", "#e8916a", "#74b3e3", "#d8b84a", "#d195bf", "#a3b1bf", "#6fd0f5", "#c3c35a"),
)


def palette(dark: bool = False) -> Palette:
    """Return the colours for a light or a dark page.

    Examples
    --------
    >>> palette(dark=False).raises
    '#b04f27'
    """
    return DARK if dark else LIGHT

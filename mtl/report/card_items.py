"""What a model card is asked: the items of two official lists, as data.

The numbers are the lists' own, the titles too; the questions are in our words. Sources: TRIPOD+AI, Collins et al., BMJ
2024;385:e078378, table 2; HTI-1, 45 CFR 170.315(b)(11)(iv)(B), 89 FR 1192 (9 January 2024).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One item, or one part of an item.

    Attributes
    ----------
    number : str
        The official one: "5a", "(B)(4)(i)".
    section : str
        The heading of the list under which it stands, before translation.
    title, asks : str
        Before translation.
    phase : str
        "D;E", "D" or "E": asked of a study that develops, that evaluates, or of both. Empty for HTI-1.
    """

    number: str
    section: str
    title: str
    asks: str
    phase: str = ""

    @property
    def whole(self) -> str:
        """The item that a part belongs to.

        >>> Item("5a", "", "", "").whole, Item("27c", "", "", "").whole
        ('5', '27')
        """
        return self.number.rstrip("abcdefg")


@dataclass(frozen=True)
class Checklist:
    """An official list: how it is called, where it is published, and its items in their order."""

    key: str
    title: str
    source: str
    items: tuple[Item, ...]

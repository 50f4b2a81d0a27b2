"""A page of evidence in words, tables and charts, before anybody draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mtl.figures.plane import Grid, Plane
from mtl.figures.ranges import Ranges


@dataclass(frozen=True)
class Section:
    """A heading, sentences, and what is shown below them, in this order: charts, rows of intervals, tables."""

    title: str
    words: Sequence[str] = ()
    planes: Sequence[Plane] = ()
    ranges: Sequence[Ranges] = ()
    grids: Sequence[Grid] = ()


@dataclass(frozen=True)
class Sheet:
    """What is said first, the sections, and what a reader should know of how it was computed."""

    lead: Sequence[str]
    sections: Sequence[Section] = field(default=())
    notes: Sequence[str] = field(default=())

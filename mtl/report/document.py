"""A document of several pages: what stands in it, and how it becomes a PDF.

Everything in it is printed text, made where the screen's is made. The same content becomes PDF here, a page that stands
alone in `document_html.py`, and Markdown in `document_markdown.py`: words stay words in all three, whatever signs they have.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from mtl.report.typeset import Markup, typeset

TEMPLATE = Path(__file__).with_name("document.typ")


@dataclass(frozen=True)
class Words:
    """A paragraph; a quiet one is of less weight, a marked one says that something is lacking."""

    text: str
    weight: str = ""
    kind: str = "words"

    QUIET: ClassVar[str] = "quiet"
    LACKING: ClassVar[str] = "lacking"


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]
    kind: str = "points"


@dataclass(frozen=True)
class Table:
    """Rows under their heads; the first cell of a row is its head. `caption` says what the table shows."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: str = "table"


@dataclass(frozen=True)
class Picture:
    """An SVG image of :mod:`mtl.figures.svg`, the same in words, and its title; `width` is its share of the page's."""

    svg: str
    alt: str
    caption: str
    width: float = 1.0
    kind: str = "picture"


@dataclass(frozen=True)
class Beside:
    """Pictures side by side."""

    pictures: tuple[Picture, ...]
    kind: str = "beside"


Block = Words | Points | Table | Picture | Beside


@dataclass(frozen=True)
class Part:
    """A heading with what stands under it; `number` goes before the title, `mark` after it."""

    title: str
    blocks: tuple[Block, ...] = ()
    parts: tuple[Part, ...] = ()
    number: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Document:
    """The whole, in the reader's language.

    Attributes
    ----------
    language
        "en" or "zh", for hyphenation and screen readers.
    title, about
        What it is, and of what.
    facts
        Version, dates, counts: short, in a row.
    badges
        What must be known before anything is read.
    parts
    words
        What the template prints of its own: "printed" and "page" (with {page} and {pages}), "contents".
    printed
        The day on it, also the file's date: the same document on the same day is the same file.
    """

    language: str
    title: str
    about: str
    facts: tuple[str, ...]
    parts: tuple[Part, ...]
    words: dict[str, str]
    printed: datetime.date
    badges: tuple[str, ...] = ()

    def blocks(self) -> Iterator[Block]:
        """Everything under the headings, in the order in which it is read."""
        for part in self.parts:
            yield from _blocks(part)


def _blocks(part: Part) -> Iterator[Block]:
    yield from part.blocks
    for inner in part.parts:
        yield from _blocks(inner)


def pdf(document: Document) -> bytes:
    """Set the document as PDF/UA-1 on A4."""
    content: dict[str, Any] = asdict(document) | {"printed": document.printed.isoformat()}
    return typeset(TEMPLATE, _marked(content), document.printed).data


def _marked(content: Any) -> Any:
    """The same values with images told apart from words, which may be broken where a line ends."""
    if isinstance(content, dict):
        return {k: Markup(v) if k == "svg" else _marked(v) for k, v in content.items()}
    if isinstance(content, list | tuple):
        return [_marked(value) for value in content]
    return content

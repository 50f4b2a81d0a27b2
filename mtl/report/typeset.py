"""From a template and its content to PDF/UA, by typst, with the fonts beside this file and nothing from outside."""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import typst

FONTS = Path(__file__).with_name("fonts")
STANDARD: Literal["ua-1"] = "ua-1"
LONGEST_WORD, PIECE = 40, 20
_BREAK = "\u200b"  # a line may end here
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_LINE_BREAKS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_PAGES = re.compile(rb"/Type\s*/Pages\b.*?/Count\s+(\d+)|/Count\s+(\d+).{0,200}?/Type\s*/Pages\b", re.DOTALL)

_lock = Lock()


class Markup(str):
    """An image of our own in the content, as SVG: no word of it is broken, and it has only signs of the fonts at hand."""


@dataclass(frozen=True)
class Sheet:
    """A PDF and how many pages it has."""

    data: bytes
    pages: int


def typeset(template: Path, content: dict[str, Any], day: datetime.date) -> Sheet:
    """Fill a template: it finds `content` as JSON under ``sys.inputs.content``.

    Control signs, invisible signs and those that turn the direction of writing are spelt out, and so is, where there is
    one, any sign that no font at hand has: PDF/UA allows no empty boxes.

    Parameters
    ----------
    template
        A `.typ` file, alone in what it reads.
    content
        Plain values; texts of any origin.
    day
        Becomes the file's date.
    """
    moment = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    try:
        return _compiled(template, written(content), moment)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
    return _compiled(template, written(content, at_hand()), moment)


def _compiled(template: Path, content: Any, moment: datetime.datetime) -> Sheet:
    given = {"content": json.dumps(content, ensure_ascii=False, allow_nan=False)}
    with _lock:  # a compiler has one document at a time
        data = _compiler(template).compile(
            format="pdf", sys_inputs=given, pdf_standards=[STANDARD], timestamp=moment
        )
    if not isinstance(data, bytes):
        raise TypeError("typst gave no single PDF")
    return Sheet(data, page_count(data))


@cache
def _compiler(template: Path) -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)])
    return typst.Compiler(
        str(template), root=str(template.parent), font_paths=fonts, ignore_system_fonts=True
    )


def page_count(data: bytes) -> int:
    """Pages of a PDF whose page tree is not compressed, as typst writes it.

    >>> page_count(b"1 0 obj <</Type /Pages /Count 3 /Kids [2 0 R]>>")
    3
    """
    found = [int(a or b) for a, b in _PAGES.findall(data)]
    if not found:
        raise ValueError("no page tree in the PDF")
    return max(found)


@cache
def at_hand() -> frozenset[str]:
    """Every character of the fonts beside this file, as tools/fonts.py noted them."""
    return frozenset((FONTS / "characters.txt").read_text(encoding="utf-8")) | {" ", "\u00a0"}


def written(content: Any, known: frozenset[str] | None = None) -> Any:
    """Plain values with every text as it can be set; `known` are the only characters to use, if given.

    >>> written({"id": ["a\\tb\\x07", 1.5]})
    {'id': ['a b[U+0007]', 1.5]}
    """
    if isinstance(content, Markup):
        return "".join(_sign(c, at_hand()) for c in _LINE_BREAKS.sub(" ", content))
    if isinstance(content, str):
        return _text(content, known)
    if isinstance(content, dict):
        return {key: written(value, known) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [written(value, known) for value in content]
    return content


def _text(text: str, known: frozenset[str] | None) -> str:
    signs = (_sign(c, known) for c in _LINE_BREAKS.sub(" ", text))
    words = "".join(signs).split(" ")
    return " ".join(_breakable(word) for word in words)


def _sign(character: str, known: frozenset[str] | None) -> str:
    hidden = unicodedata.category(character) in _INVISIBLE
    if hidden or (known is not None and character not in known):
        return f"[U+{ord(character):04X}]"
    return character


def _breakable(word: str) -> str:
    """A word that would run out of its column may break; East Asian text breaks by itself."""
    if len(word) <= LONGEST_WORD or any(ord(c) >= 0x2E80 for c in word):
        return word
    return _BREAK.join(word[place : place + PIECE] for place in range(0, len(word), PIECE))

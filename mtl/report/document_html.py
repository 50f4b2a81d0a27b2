"""A document as one page that stands alone: no script, no request, figures inline, readable in print."""

from __future__ import annotations

import html
from pathlib import Path

from mtl.report.document import Beside, Block, Document, Part, Picture, Points, Table, Words

STYLE = Path(__file__).with_name("document.css").read_text(encoding="utf-8")
#: The page asks for nothing, so that a server may say the same in a header.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_DEEPEST = 6


def page(document: Document) -> str:
    """The document as HTML."""
    contents = "".join(
        f'<li><a href="#part-{place}">{_text(part.title)}</a></li>'
        for place, part in enumerate(document.parts, 1)
    )
    badges = "".join(f"<li>{_text(badge)}</li>" for badge in document.badges)
    badges = f'<ul class="badges">{badges}</ul>' if badges else ""
    body = "".join(_part(part, 2, f"part-{place}") for place, part in enumerate(document.parts, 1))
    facts = " · ".join((*document.facts, document.words["printed"]))
    language = "zh-Hans" if document.language == "zh" else document.language
    return (
        f'<!doctype html>\n<html lang="{_text(language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_text(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(document.title)} · {_text(document.about)}</title><style>{STYLE}</style></head><body>"
        f'<header><h1>{_text(document.title)}</h1><p class="about">{_text(document.about)}</p>'
        f'{badges}<p class="quiet">{_text(facts)}</p></header>'
        f'<nav aria-label="{_text(document.words["contents"])}"><ol>{contents}</ol></nav>'
        f"<main>{body}</main><footer>{_text(document.words['foot'])}</footer></body></html>\n"
    )


def _part(part: Part, level: int, name: str) -> str:
    depth = min(level, _DEEPEST)
    number = f'<span class="number">{_text(part.number)}</span> ' if part.number else ""
    mark = f' <span class="mark">{_text(part.mark)}</span>' if part.mark else ""
    inside = "".join(block_markup(block) for block in part.blocks)
    inside += "".join(_part(inner, level + 1, f"{name}-{place}") for place, inner in enumerate(part.parts, 1))
    head = f'<h{depth} id="{name}">{number}{_text(part.title)}{mark}</h{depth}>'
    return f'<section aria-labelledby="{name}">{head}{inside}</section>'


def block_markup(block: Block) -> str:
    """One block as HTML; everything in it is escaped but an image of our own."""
    match block:
        case Words():
            weight = f' class="{block.weight}"' if block.weight else ""
            return f"<p{weight}>{_text(block.text)}</p>"
        case Points():
            items = "".join(f"<li>{_text(item)}</li>" for item in block.items)
            return f"<ul>{items}</ul>"
        case Table():
            return _table(block)
        case Picture():
            return _picture(block)
        case Beside():
            return f'<div class="beside">{"".join(_picture(one) for one in block.pictures)}</div>'


def _picture(picture: Picture) -> str:
    caption = f"<figcaption>{_text(picture.caption)}</figcaption>" if picture.caption else ""
    return f'<figure style="max-width:{46 * picture.width:.1f}rem">{picture.svg}{caption}</figure>'


def _table(table: Table) -> str:
    caption = f"<caption>{_text(table.caption)}</caption>" if table.caption else ""
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in table.head)
    rows = "".join(_row(row) for row in table.rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    # a wide table scrolls within itself, also by the keyboard
    named = f' tabindex="0" role="group" aria-label="{_text(table.caption)}"' if table.caption else ""
    group = f'<div class="wide"{named}>'
    return f"{group}<table>{caption}{top}<tbody>{rows}</tbody></table></div>"


def _row(row: tuple[str, ...]) -> str:
    cells = "".join(f"<td>{_text(cell)}</td>" for cell in row[1:])
    return f'<tr><th scope="row">{_text(row[0])}</th>{cells}</tr>'


def _text(value: str) -> str:
    return html.escape(value, quote=True)

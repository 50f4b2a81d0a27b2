"""A document as Markdown: the same words and numbers; of a picture, its words."""

from __future__ import annotations

import re

from mtl.report.document import Beside, Block, Document, Part, Picture, Points, Table, Words


def markdown(document: Document) -> str:
    """The document as Markdown; nothing in its words is markup."""
    out = [f"# {plain(document.title)}", plain(document.about)]
    if document.badges:
        out.append(" · ".join(f"**{plain(badge)}**" for badge in document.badges))
    out.append(plain(" · ".join((*document.facts, document.words["printed"]))))
    for part in document.parts:
        out += _part(part, 2)
    return "\n\n".join([*out, "---", plain(document.words["foot"])]) + "\n"


def _part(part: Part, level: int) -> list[str]:
    mark = f" ({plain(part.mark)})" if part.mark else ""
    head = " ".join(filter(None, (plain(part.number), plain(part.title))))
    out = [f"{'#' * min(level, 6)} {head}{mark}"]
    out += [_block(block) for block in part.blocks]
    for inner in part.parts:
        out += _part(inner, level + 1)
    return out


def _block(block: Block) -> str:
    match block:
        case Words():
            return f"**{plain(block.text)}**" if block.weight == Words.LACKING else plain(block.text)
        case Points():
            return "\n".join(f"- {plain(item)}" for item in block.items)
        case Table():
            return _table(block)
        case Picture():
            return f"*{plain(block.caption)}* {plain(block.alt)}"
        case Beside():
            return "\n\n".join(_block(one) for one in block.pictures)


def _table(table: Table) -> str:
    width = max(len(table.head), *(len(row) for row in table.rows)) if table.rows else len(table.head)
    lines = [[plain(cell) for cell in (table.head or ("",) * width)], ["---"] * width]
    lines += [[plain(cell) for cell in row] for row in table.rows]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{plain(table.caption)}\n\n{rows}" if table.caption else rows


def plain(words: str) -> str:
    """Words as Markdown shows them.

    >>> print(plain("![a](x) *b* <i> 1. #c"))
    \\!\\[a\\](x) \\*b\\* \\<i\\> 1. \\#c
    """
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~!&$])", r"\\\1", " ".join(words.split()))
    return re.sub(r"^(\d*)([-+.)])(?= |$)", r"\1\\\2", escaped)  # at the beginning they would make a list

"""Protocol and result of a target trial to take away: one standalone HTML page, or Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mtl.figures import trial as figures
from mtl.figures.markup import text, variables
from mtl.figures.palette import DARK, LIGHT
from mtl.language import _, language
from mtl.services.treatment.trial_parts import heading, parts
from mtl.store.trials import KeptTrial
from mtl.study import Study, Text


@dataclass(frozen=True)
class Document:
    """A file to take away."""

    name: str
    mime: str
    content: bytes


def _origin(kept: KeptTrial) -> str:
    return _("Consilium {version}, {day}, rows {data}, model {model}, result {key}.").format(
        version=kept.version,
        day=kept.finished[:10],
        data=kept.data[:12],
        model=kept.model or "–",
        key=kept.key,
    )


def html_document(kept: KeptTrial, study: Study, title: Text, name: str) -> Document:
    """One page that needs nothing else: no script, no request, light and dark."""
    head = heading(kept, study)
    body = [f"<h1>{text(head)}</h1>", f'<p class="quiet">{text(_origin(kept))}</p>']
    for part in parts(kept, study, title, LIGHT):
        body.append(f"<h2>{text(part.title)}</h2>")
        body += [f"<p>{text(sentence)}</p>" for sentence in part.sentences]
        body.append(part.picture)
        if part.rows:
            body.append(table(part.heads, part.rows))
    colours = f":root{{{variables(LIGHT)}}}@media (prefers-color-scheme: dark){{:root{{{variables(DARK)}}}}}"
    page = (
        f'<!doctype html><html lang="{text(language().replace("_", "-"))}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(head)}</title><style>{colours}{figures.PAGE_STYLE}{figures.STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )
    return Document(f"{name}.html", "text/html", page.encode("utf-8"))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of words; the first cell of a row is its head."""
    top = "".join(f'<th scope="col">{text(one)}</th>' for one in heads)
    top = f"<thead><tr>{top}</tr></thead>" if heads else ""
    body = "".join(
        f'<tr><th scope="row">{text(row[0])}</th>{"".join(f"<td>{text(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    wide = " wide" if len(heads) > 3 else "" if heads else " pairs"
    return f'<div class="plain-table t-table{wide}"><table>{top}<tbody>{body}</tbody></table></div>'


def markdown_document(kept: KeptTrial, study: Study, title: Text, name: str) -> Document:
    """The same words and numbers as Markdown, without the pictures."""
    out = [f"# {_plain(heading(kept, study))}", _plain(_origin(kept))]
    for part in parts(kept, study, title, LIGHT):
        out.append(f"## {_plain(part.title)}")
        out += [_plain(sentence) for sentence in part.sentences]
        if part.rows:
            heads = part.heads or tuple("" for cell in part.rows[0])
            every = [heads, tuple("---" for cell in heads), *part.rows]
            out.append(
                "\n".join(
                    "| " + " | ".join(c if c == "---" else _plain(c) for c in row) + " |" for row in every
                )
            )
    return Document(f"{name}.md", "text/markdown", ("\n\n".join(out) + "\n").encode("utf-8"))


def _plain(words_: str) -> str:
    """Words as Markdown shows them: nothing in them is markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", " ".join(words_.split()))

"""What became of a table that was brought: what was changed and refused, what it looks like now, and the files of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, ngettext, number
from mtl.services import uploads
from mtl.services.uploads import Upload
from pages.ui import export, theme

PREVIEW, REFUSED_SHOWN = 12, 8


def changed(upload: Upload) -> None:
    """Say what was changed and refused, and let the reader take the log away."""
    cleaned = upload.cleaned
    with theme.card("cleaning"):
        head = _("What was changed")
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        counts = cleaned.rule_counts()
        if not counts:
            none = _("No cell had to be changed.")
            st.html(f'<p class="quiet">{text(none)}</p>')
        else:
            rows = "".join(
                f'<tr><th scope="row">{text(column)}</th><td>{text(_(uploads.RULES[rule]))}</td>'
                f'<td class="amount">{text(number(count))}</td></tr>'
                for column, rules in counts.items()
                for rule, count in sorted(rules.items(), key=lambda item: -item[1])
            )
            titles = (_("Column"), _("Change"), _("Cells"))
            header = "".join(f'<th scope="col">{text(title)}</th>' for title in titles)
            table = f'<div class="plain-table"><table><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table></div>'
            st.html(f'<details class="more"><summary>{text(_summary(upload))}</summary>{table}</details>')
        _refused(upload)
        with st.container(horizontal=True):
            _download(_("Cleaning log (CSV)"), "cleaning_log", lambda: export.csv_bytes(cleaned.log), "log")
            if cleaned.refused:
                _download(
                    _("Refused lines (CSV)"),
                    "refused_lines",
                    lambda: export.csv_bytes(upload.refused()),
                    "refused",
                )
            _download(_("Clean table (CSV)"), "clean_table", lambda: export.csv_bytes(upload.table), "clean")
            _answers(upload)


def _answers(upload: Upload) -> None:
    """What was answered, for `--answers` on the command line."""
    if upload.answers == uploads.Answers():
        return
    st.download_button(
        _("Answers (JSON)"),
        lambda: upload.answers.to_json().encode(),
        "answers.json",
        "application/json",
        key="download_answers",
        icon=":material/download:",
        on_click="ignore",
    )


def _summary(upload: Upload) -> str:
    count, columns = upload.cleaned.n_changes, len(upload.cleaned.rule_counts())
    return ngettext(
        "{count} cell in {columns} columns: show", "{count} cells in {columns} columns: show", count
    ).format(count=number(count), columns=number(columns))


def _refused(upload: Upload) -> None:
    refused = upload.cleaned.refused
    if not refused:
        return
    head = ngettext("{count} line is no row", "{count} lines are no rows", len(refused)).format(
        count=number(len(refused))
    )
    line = _("Line {line}: {reason}")
    shown = [line.format(line=number(one.line), reason=one.reason) for one in refused[:REFUSED_SHOWN]]
    lines = "".join(f"<li>{text(words)}</li>" for words in shown)
    more = "<li>…</li>" if len(refused) > REFUSED_SHOWN else ""
    st.html(f'<h3 class="c-title">{text(head)}</h3><ul class="quiet">{lines}{more}</ul>')


def _download(label: str, name: str, make: object, key: str) -> None:
    st.download_button(
        label,
        make,
        f"{name}.csv",
        "text/csv",
        key=f"download_{key}",
        icon=":material/download:",
        on_click="ignore",
    )


def preview(upload: Upload) -> None:
    """Show the first rows, clean."""
    with theme.card("preview"):
        words = _("The first rows, clean")
        st.html(f'<h2 class="c-title">{text(words)}</h2>')
        head = upload.table.head(PREVIEW)
        shown = pd.DataFrame(
            {_heading(upload, name): _cells(head[name]).fillna("–") for name in head.columns}
        )
        st.dataframe(shown, hide_index=True, width="stretch")


def _cells(column: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(column):
        return column.astype("object").map({True: _("yes"), False: _("no")}).astype("string")
    return column.astype("string")


def _heading(upload: Upload, name: str) -> str:
    unit = upload.cleaned.units.get(name)
    return f"{name} ({unit})" if unit else str(name)

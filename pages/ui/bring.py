"""Bringing a table: the file, how it was read, what was refused and changed, and what it looks like now."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, ngettext, number
from mtl.services import limits, uploads
from mtl.services.uploads import Upload
from pages.ui import export, say, theme

TYPES = ["csv", "tsv", "txt", "psv", "xlsx", "xlsm", "parquet"]
ENCODINGS = ("utf-8", "gb18030", "utf-16", "cp1252", "latin-1", "big5", "shift_jis")
DELIMITERS = {",": ",", ";": ";", "\t": "TAB", "|": "|"}
PREVIEW, REFUSED_SHOWN = 12, 8


def form() -> None:
    """Offer to bring a file; what is there stays until a good one replaces it."""
    with theme.card("bring"):
        most = limits.upload_megabytes()
        words = _(
            "CSV, TSV, Excel (.xlsx) or Parquet, up to {most} MB. Any encoding, decimal commas, units in cells, "
            "several header lines: it is read with care, and every change is listed."
        ).format(most=number(most))
        st.html(f'<p class="quiet">{text(words)}</p>')
        # A new widget after each file, so that the same file can be brought again.
        turn = st.session_state.setdefault("bring_turn", 0)
        label = _("A table with one row a patient")
        file = st.file_uploader(label, type=TYPES, key=f"bring_{turn}", max_upload_size=most)
        if file is not None:
            _take(file.getvalue(), file.name)
        problem = st.session_state.pop("bring_problem", None)
        if problem is not None:
            st.error(say.markdown(problem))


def _take(data: bytes, name: str) -> None:
    with st.spinner(_("Reading and cleaning the table …")):
        try:
            uploads.bring(data, name)
        except uploads.TableError as error:
            st.session_state["bring_problem"] = str(error)
    st.session_state["bring_turn"] += 1
    st.rerun()


def facts(upload: Upload) -> None:
    """Say what the file is, and let the reader say otherwise."""
    raw = upload.raw
    with theme.card("facts"):
        st.html(f'<h2 class="c-title">{text(upload.name)}</h2>{_numbers(upload)}')
        for note in raw.notes:
            st.html(f'<p class="quiet">{text(note.text)}</p>')
        _other_reading(upload)


def _numbers(upload: Upload) -> str:
    raw, origin = upload.raw, upload.raw.origin
    shown = [
        (_("Rows"), number(len(raw))),
        (_("Columns"), number(len(raw.columns))),
        (_("Lines refused"), number(len(raw.refused))),
        (_("Cells changed"), number(upload.cleaned.n_changes)),
    ]
    how = [origin.sheet, origin.encoding, DELIMITERS.get(origin.delimiter or "", origin.delimiter)]
    shown.append((_("Read as"), " · ".join(part for part in how if part) or "Parquet"))
    pairs = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in shown)
    return f'<dl class="key-values">{pairs}</dl>'


def _other_reading(upload: Upload) -> None:
    origin, options = upload.raw.origin, upload.options
    if origin.format == "parquet":
        return
    with st.expander(_("Read it in another way")), st.form("reread", border=False):
        said: dict[str, object] = {}
        columns = st.columns(3)
        if origin.format == "xlsx":
            said["sheet"] = columns[0].selectbox(
                _("Sheet"), origin.sheets, index=origin.sheets.index(origin.sheet or "")
            )
        else:
            known = list(dict.fromkeys([origin.encoding, *ENCODINGS]))
            said["encoding"] = columns[0].selectbox(_("Encoding"), known)
            marks = list(dict.fromkeys([origin.delimiter, *DELIMITERS]))
            said["delimiter"] = columns[1].selectbox(
                _("Delimiter"), marks, format_func=lambda mark: DELIMITERS.get(mark, mark)
            )
        said["header"] = columns[2].number_input(
            _("Header lines"),
            0,
            10,
            value=options.get("header", origin.header_lines),
            help=_("0: the columns are numbered."),
        )
        if st.form_submit_button(_("Read again")):
            try:
                uploads.reread(**said)
            except uploads.TableError as error:
                st.error(say.markdown(error))
                return
            st.rerun()


def cleaning(upload: Upload) -> None:
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
            {_heading(upload, name): head[name].astype("string").fillna("–") for name in head.columns}
        )
        st.dataframe(shown, hide_index=True, width="stretch")


def _heading(upload: Upload, name: str) -> str:
    unit = upload.cleaned.units.get(name)
    return f"{name} ({unit})" if unit else str(name)


def onward() -> None:
    """Lead to the next step."""
    with st.container(horizontal=True):
        st.page_link("study.py", label=_("Make a study of it"), icon=":material/rule:")
        st.page_link("look.py", label=_("Look at the data"), icon=":material/query_stats:")
        st.page_link("score.py", label=_("Score it by a model"), icon=":material/table_chart:")

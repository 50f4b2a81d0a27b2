"""Bringing a table: the file, and how it was read."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, number
from mtl.services import limits, uploads
from mtl.services.uploads import Upload
from pages.ui import say, theme

TYPES = ["csv", "tsv", "txt", "psv", "xlsx", "xlsm", "parquet"]
ENCODINGS = ("utf-8", "gb18030", "utf-16", "cp1252", "latin-1", "big5", "shift_jis")
DELIMITERS = {",": ",", ";": ";", "\t": "TAB", "|": "|"}


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


def onward() -> None:
    """Lead to the next step."""
    with st.container(horizontal=True):
        st.page_link("study.py", label=_("Make a study of it"), icon=":material/rule:")
        st.page_link("look.py", label=_("Look at the data"), icon=":material/query_stats:")
        st.page_link("score.py", label=_("Score it by a model"), icon=":material/table_chart:")

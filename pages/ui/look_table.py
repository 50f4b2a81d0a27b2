"""Table 1, by the groups of a task, and the files to take it away."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.figures.numbers import framed
from mtl.language import _, number
from mtl.services.own import look, look_words
from mtl.services.own.look import Subject
from pages.ui import export, say, theme

SHOWN = 40


def panel(subject: Subject, task: str) -> None:
    """Show Table 1; its first lines where it is long."""
    found = look.described(subject.key, task)
    frame = found.frame()
    head = _("Table 1")
    with theme.card("table_one"):
        words = (_("By {task}.").format(task=say.title(subject.study.task(task))) + " " if task else "") + _(
            "Difference: largest standardised difference between two groups. p: Welch's test, analysis of variance or "
            "chi-squared test, without correction for many looks."
        )
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>')
        sizes = {_("All"): found.n} | found.groups
        heads = [f"{name} (n = {number(sizes[name])})" if name in sizes else name for name in frame.columns]
        rows = frame.astype(str).to_numpy().tolist()
        shown = framed(heads, rows[:SHOWN], head)
        if len(rows) > SHOWN:
            rest = _("The other {count}").format(count=number(len(rows) - SHOWN))
            shown += f'<details class="more"><summary>{text(rest)}</summary>{framed(heads, rows[SHOWN:], rest)}</details>'
        st.html(shown)
        with st.container(horizontal=True):
            st.download_button(
                _("Table 1 (CSV)"), lambda: export.csv_bytes(frame.set_axis(heads, axis=1)), "table_1.csv", "text/csv",
                key="download_table_one", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
            st.download_button(
                _("Table 1 (Markdown)"), lambda: look_words.markdown(found).encode(), "table_1.md", "text/markdown",
                key="download_table_one_md", icon=":material/download:", on_click="ignore",
            )  # fmt: skip

"""Below the reasons, one at a time: what if, similar patients, the full table, the outcome, what was signed."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _
from mtl.services.patients import cases
from mtl.services.patients.cases import Case, Why
from pages.ui import findings, record, say, similar, theme, what_if


def tabs(case: Case, explained: Why) -> None:
    """Show the tabs; only the open one is computed."""
    with theme.card("detail"):
        edit, like, table, outcome, signed = st.tabs(
            [
                _("What if"),
                _("Patients like this one"),
                _("All findings"),
                _("What became of the patient"),
                _("Record"),
            ],
            on_change="rerun",
            key="detail",
        )
        if edit.open:
            with edit:
                what_if.panel(case, explained.task.name)
        if like.open:
            with like:
                similar.panel(case, explained.task.name)
        if table.open:
            with table:
                one = explained.number
                findings.panel(case, cases.why(case, explained.task.name, one.horizon, one.category))
        if outcome.open:
            with outcome:
                own_outcome(case)
        if signed.open:
            with signed:
                record.panel(case, explained.task.name)


def own_outcome(case: Case) -> None:
    """Show the recorded outcomes of the patient, once asked for."""
    asked = f"outcome_{case.key}"
    if not st.session_state.get(asked):
        words = _("Hidden until asked for, so that the estimate can be judged without it.")
        st.html(f'<p class="quiet">{text(words)}</p>')
        if not st.button(_("Show what is recorded"), key="show_outcome"):
            return
        st.session_state[asked] = True
        st.rerun()
    rows = "".join(
        f'<tr><th scope="row">{text(say.title(one.task))}</th>'
        f'<td class="{"" if one.recorded else "missing"}">{text(one.text)}</td></tr>'
        for one in cases.own_outcome(case.key)
    )
    heads = (_("Task"), _("Recorded"))
    head = "<tr>" + "".join(f'<th scope="col">{text(words)}</th>' for words in heads) + "</tr>"
    st.html(f'<div class="plain-table"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>')

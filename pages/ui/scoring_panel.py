"""Scoring a table: which model, how the table differs from what it knows, the numbers, and the files."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, number, study_language
from mtl.services.own import scoring
from mtl.services.summary import ModelSummary
from mtl.services.uploads import Upload
from pages.ui import export, say, theme

KINDS = {
    "missing": N_("missing"),
    "renamed": N_("renamed?"),
    "extra": N_("not used"),
    "unit": N_("other unit"),
    "unseen": N_("not readable"),
    "out_of_range": N_("out of range"),
}
PREVIEW = 20


def choose(upload: Upload, models: list[ModelSummary]) -> str:
    """Let the reader choose a model; its key."""
    with theme.card("choose"):
        words = _("{name}: {rows} rows.").format(name=upload.name, rows=number(len(upload.table)))
        st.html(f'<h2 class="c-title">{text(words)}</h2>')
        known = {model.key: model for model in models}
        line = _("{name} · {count} training patients")
        chosen: str = st.selectbox(
            _("Model"), list(known), key="score_model",
            format_func=lambda key: line.format(
                name=scoring.title(key, study_language()), count=number(known[key].n_training)
            ),
        )  # fmt: skip
        return chosen


def differences(upload: Upload, model: str) -> None:
    """Say how the table differs from what the model knows."""
    found = scoring.differences(upload, model)
    with theme.card("differences"):
        words = _("How the table differs from what the model knows")
        st.html(f'<h2 class="c-title">{text(words)}</h2>')
        if not found:
            same = _("Not at all: every column is there, and every value can be read.")
            st.html(f'<p class="quiet">{text(same)}</p>')
            return
        rows = "".join(
            f'<tr><th scope="row">{text(_(KINDS[one.kind]))}</th><td>{text(one.text)}</td></tr>'
            for one in found
        )
        st.html(f'<div class="plain-table"><table><tbody>{rows}</tbody></table></div>')
        near = {one.other: one.column for one in found if one.kind == "renamed"}
        if near and st.button(_("Take the similar names for the same columns"), key="rename"):
            scoring.rename(upload, near)
            st.rerun()


def run(upload: Upload, model: str) -> None:
    """Offer to score, follow it, and show and hand over the numbers."""
    state = scoring.state(upload, model)
    with theme.card("run"):
        if state is not None and state.open:
            _running(upload, model)
            return
        if state is not None and state.state in ("failed", "interrupted"):
            st.error(say.markdown(_("The scoring stopped: {reason}").format(reason=state.error or "")))
        if st.button(_("Score"), type="primary", key="score"):
            scoring.begin(upload, model)
            st.rerun()
        _numbers(upload, model)


@st.fragment(run_every=1.0)
def _running(upload: Upload, model: str) -> None:
    state = scoring.state(upload, model)
    if state is None or not state.open:
        st.rerun()
    st.progress(min(max(state.share, 0.0), 1.0), text=_("predicting every patient"))


def _numbers(upload: Upload, model: str) -> None:
    numbers = scoring.numbers(upload, model)
    if numbers is None:
        return
    shown = numbers.head(PREVIEW)
    st.dataframe(shown, hide_index=True, width="stretch")
    unlike = int(numbers["unlike_training"].sum())
    if unlike:
        words = _("{count} of {rows} patients are unlike those the model was trained on.").format(
            count=number(unlike), rows=number(len(numbers))
        )
        st.html(f'<p class="quiet">{text(words)}</p>')
    with st.container(horizontal=True):
        st.download_button(
            _("Numbers (CSV)"), lambda: export.csv_bytes(numbers), "scores.csv", "text/csv", key="scores_csv",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            _("Numbers (Parquet)"), lambda: scoring.parquet(upload, model) or b"", "scores.parquet",
            "application/vnd.apache.parquet", key="scores_parquet", icon=":material/download:", on_click="ignore",
        )  # fmt: skip

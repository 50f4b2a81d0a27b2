"""The editor of a study: every guess with its reason, changed in place, checked at every change."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, number, study_language
from mtl.services.own import studies
from mtl.services.own.studies import ColumnChoice, Draft, TaskChoice
from mtl.services.uploads import Upload
from pages.ui import say, theme

USES = {"feature": N_("finding"), "treatment": N_("treatment"), "left_out": N_("left out")}
KINDS = {
    "numeric": N_("number"),
    "ordinal": N_("ordered levels"),
    "categorical": N_("categories"),
    "boolean": N_("yes or no"),
}
TASK_KINDS = {
    "binary": N_("yes or no"),
    "multiclass": N_("classes"),
    "regression": N_("amount"),
    "survival": N_("time to event"),
}
ROLES = {"diagnosis": N_("diagnosis"), "treatment": N_("treatment"), "prognosis": N_("outlook")}
SUSPECTED = {
    "leakage": N_("knows an outcome"),
    "identifier": N_("identifies"),
    "constant": N_("never varies"),
    "near_duplicate": N_("nearly the same as another"),
    "free_text": N_("free text"),
    "date": N_("date"),
}


def title(words: str) -> None:
    st.html(f'<h2 class="c-title">{text(words)}</h2>')


def head(upload: Upload, draft: Draft) -> None:
    """Say where the study comes from, and how to go back to the guess."""
    with theme.card("study_head"):
        facts = (
            (_("Findings"), number(len(draft.study.features))),
            (_("Tasks"), number(len(draft.study.tasks))),
            (_("Treatments"), number(len(draft.study.treatments))),
            (_("Identifier"), draft.study.identifier),
        )
        pairs = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts)
        words = (
            _("You have changed the study.")
            if draft.edited
            else _("Every entry is a guess from the table, with its reason. It is yours to change.")
        )
        st.html(f'<dl class="key-values">{pairs}</dl><p class="quiet">{text(words)}</p>')
        for warning in draft.warnings:
            st.warning(say.markdown(warning))
        with st.container(horizontal=True):
            st.page_link("train.py", label=_("Train a model of it"), icon=":material/model_training:")
            if draft.edited and st.button(_("Back to the guess"), key="restore"):
                studies.restore(upload)
                st.rerun()


def suspicions(draft: Draft) -> None:
    """List what looks wrong; suspected leaks first."""
    found = sorted(draft.suspicions, key=lambda one: (one.kind != "leakage", one.column))
    if not found:
        return
    with theme.card("suspicions"):
        title(_("Please look at these columns"))
        rows = "".join(
            f'<tr><th scope="row">{text(one.column)}</th><td>{text(_(SUSPECTED[one.kind]))}</td>'
            f"<td>{text(one.reason)}</td></tr>"
            for one in found
        )
        st.html(f'<div class="plain-table"><table><tbody>{rows}</tbody></table></div>')


def editor(upload: Upload, draft: Draft) -> None:
    """Show columns and tasks in two tables that can be changed; a valid change is kept at once."""
    columns, tasks = studies.column_choices(upload, draft), studies.task_choices(draft)
    stages = {stage.name: stage.label.get(study_language()) or stage.name for stage in draft.study.stages}
    version = st.session_state.setdefault("editor_version", 0)
    with theme.card("columns"):
        title(_("Columns"))
        changed = st.data_editor(
            pd.DataFrame([choice.__dict__ for choice in columns]),
            key=f"columns_{upload.key}_{version}",
            hide_index=True,
            width="stretch",
            disabled=["column", "reason"],
            column_config={
                "column": st.column_config.TextColumn(_("Column")),
                "use": _choices(_("Use"), USES),
                "kind": _choices(_("Kind"), KINDS),
                "stage": _choices(_("Known at"), stages),
                "label": st.column_config.TextColumn(_("Label")),
                "unit": st.column_config.TextColumn(_("Unit")),
                "reason": st.column_config.TextColumn(_("Why"), width="large"),
            },
        )
    with theme.card("tasks"):
        title(_("Tasks"))
        rows = [{**choice.__dict__, "excludes": list(choice.excludes)} for choice in tasks]
        asked = st.data_editor(
            pd.DataFrame(rows),
            key=f"tasks_{upload.key}_{version}",
            hide_index=True,
            width="stretch",
            disabled=["name", "kind", "asks", "reason"],
            column_config={
                "name": st.column_config.TextColumn(_("Task")),
                "kept": st.column_config.CheckboxColumn(_("Keep")),
                "kind": _choices(_("Kind"), TASK_KINDS),
                "role": _choices(_("Role"), ROLES),
                "stage": _choices(_("Asked at"), stages),
                "label": st.column_config.TextColumn(_("Label")),
                "asks": st.column_config.TextColumn(_("Reads")),
                "excludes": st.column_config.ListColumn(_("Must not see")),
                "reason": st.column_config.TextColumn(_("Why"), width="large"),
            },
        )
    _keep(upload, draft, _columns(changed), _tasks(asked))


def _choices(title: str, words: dict[str, str]) -> object:
    return st.column_config.SelectboxColumn(
        title, options=list(words), format_func=lambda name: _(words[name]) if name in words else ""
    )


def _columns(frame: pd.DataFrame) -> list[ColumnChoice]:
    plain = frame.astype(object).where(frame.notna(), "")
    return [ColumnChoice(**{str(k): v for k, v in row.items()}) for row in plain.to_dict("records")]


def _tasks(frame: pd.DataFrame) -> list[TaskChoice]:
    found = []
    for row in frame.to_dict("records"):
        plain = {str(name): "" if value is None else value for name, value in row.items()}
        found.append(
            TaskChoice(**{**plain, "kept": bool(plain["kept"]), "excludes": tuple(plain["excludes"] or ())})
        )
    return found


def _keep(upload: Upload, draft: Draft, columns: list[ColumnChoice], tasks: list[TaskChoice]) -> None:
    try:
        made = studies.change(upload, draft, columns, tasks)
    except studies.StudyError as error:
        st.error(say.markdown(error))
        return
    if made != draft.study:
        st.session_state["editor_version"] += 1
        st.rerun()

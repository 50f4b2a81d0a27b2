"""A study beyond the tables of the editor: a task of one's own, and the study as a file."""

from __future__ import annotations

import streamlit as st

from mtl.language import _
from mtl.services.own import studies
from mtl.services.own.studies import Draft
from mtl.services.uploads import Upload
from pages.ui import say, theme
from pages.ui.study_editor import ROLES, TASK_KINDS, title

TIMES = ("days", "weeks", "months", "years")


def add_task(upload: Upload, draft: Draft) -> None:
    """Offer a task of one's own: an expression, or a time and an event."""
    with (
        theme.card("add_task"),
        st.expander(_("Add a task")),
        st.form("new_task", border=False, clear_on_submit=False),
    ):
        one, two, three = st.columns(3)
        name = one.text_input(_("Name"), max_chars=60)
        kind = two.selectbox(_("Kind"), list(TASK_KINDS), format_func=lambda kind: _(TASK_KINDS[kind]))
        role = three.selectbox(_("Role"), list(ROLES), format_func=lambda role: _(ROLES[role]))
        stage = one.selectbox(
            _("Asked at"), [stage.name for stage in draft.study.stages], index=len(draft.study.stages) - 1
        )
        target = two.text_input(
            _("Target"), help=_("A column, or a condition such as nodes > 0; not for time to event.")
        )
        columns = ["", *map(str, upload.table.columns)]
        time = one.selectbox(_("Time"), columns, help=_("Only for time to event."))
        event = two.text_input(_("Event"), help=_("A column, or a condition such as status == 2."))
        unit = three.selectbox(_("Unit of time"), TIMES, index=2)
        if not st.form_submit_button(_("Add")):
            return
        quoted = f"`{time}`" if time and not time.isidentifier() else time
        new = studies.NewTask(name.strip(), kind, role, stage, target, quoted, event, unit)
        try:
            studies.change(
                upload, draft, studies.column_choices(upload, draft), studies.task_choices(draft), new
            )
        except studies.StudyError as error:
            st.error(say.markdown(error))
            return
        st.session_state["editor_version"] += 1
        st.rerun()


def files(upload: Upload, draft: Draft | None) -> None:
    """Take the study away as a file, or bring one."""
    with theme.card("study_files"):
        title(_("As a file"))
        if draft is not None:
            st.download_button(
                _("Study (TOML)"), draft.study.to_toml().encode(), "study.toml", "application/toml", key="study_toml",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
        turn = st.session_state.setdefault("study_turn", 0)
        file = st.file_uploader(
            _("A study file instead of this one"), type=["toml"], key=f"study_file_{turn}"
        )
        problem = st.session_state.pop("study_problem", None)
        if problem is not None:
            st.error(say.markdown(problem))
        if file is None:
            return
        try:
            studies.replace_toml(upload, file.getvalue().decode("utf-8-sig"))
        except UnicodeDecodeError:
            st.session_state["study_problem"] = _("The file is not UTF-8 text.")
        except studies.StudyError as error:
            st.session_state["study_problem"] = str(error)
        st.session_state["study_turn"] += 1
        st.session_state["editor_version"] = st.session_state.get("editor_version", 0) + 1
        st.rerun()

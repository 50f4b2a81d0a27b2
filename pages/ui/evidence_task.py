"""Which task a panel of the evidence is about: chosen in the address, the outlook's first without one."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from mtl.language import _
from mtl.services.cohorts import CohortSummary
from mtl.study import Task
from pages.ui import address, say


def choose(cohort: CohortSummary, names: Iterable[str] | None = None) -> Task | None:
    """Let the reader choose one of the model's tasks, or of those named; None where there is none.

    Parameters
    ----------
    names
        Tasks that the panel can show, in the order of the choice; all of the model's if left out.
    """
    learnt = list(cohort.model.tasks) if cohort.model is not None else []
    tasks = {name: cohort.study.task(name) for name in (learnt if names is None else names)}
    if not tasks:
        return None
    asked = address.read(address.TASK)
    outlook = [name for name, task in tasks.items() if task.role == "prognosis"]
    chosen = asked if asked in tasks else (outlook or list(tasks))[0]
    st.session_state["evidence_task"] = chosen
    st.pills(
        _("Task"),
        list(tasks),
        format_func=lambda name: say.markdown(say.title(tasks[name])),
        key="evidence_task",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: address.put(task=st.session_state["evidence_task"]),
    )
    return tasks[chosen]

"""Which task, and which horizon or class of it, a panel of the evidence is about: chosen in the address."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _
from mtl.services.evidence import words as evidence_words
from mtl.services.patients.cohorts import CohortSummary, Study
from mtl.services.patients.view import Task
from pages.ui import address, say

USUAL_HORIZON = 5.0


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
        on_change=lambda: address.put(task=st.session_state["evidence_task"], years=None, category=None),
    )
    return tasks[chosen]


def event(task: Task, entries: list[dict[str, object]], study: Study) -> dict[str, object] | None:
    """Let the reader choose a horizon or a class among a part's entries; None, after saying why, where none can be told.

    The address holds the choice: years, or the class.
    """
    told = {str(entry["key"]): entry for entry in entries if "reason" not in entry}
    silent = [entry for entry in entries if "reason" in entry]
    if len(entries) > 1 and told:
        wanted = address.years() if task.kind == "survival" else address.read(address.CATEGORY)
        keys = {entry.get("horizon") or str(key).partition("=")[2]: key for key, entry in told.items()}
        usual = (
            keys.get(USUAL_HORIZON, list(keys.values())[-1]) if task.kind == "survival" else next(iter(told))
        )
        chosen = keys.get(wanted, usual)
        st.session_state["evidence_event"] = chosen
        st.segmented_control(
            _("Horizon or class"),
            list(told),
            format_func=lambda key: say.markdown(evidence_words.event_short(task, key)),
            key="evidence_event",
            required=True,
            label_visibility="collapsed",
            on_change=_remember,
            args=({str(key): name for name, key in keys.items()}, task.kind),
        )
    else:
        chosen = next(iter(told), "")
    for entry in silent:
        what = evidence_words.event(study, str(entry["key"]))
        words = _("{label}: {value}").format(label=what, value=evidence_words.reason(str(entry["reason"])))
        st.html(f'<p class="quiet">{text(words)}</p>')
    return told.get(chosen)


def _remember(names: dict[str, object], kind: str) -> None:
    name = names[st.session_state["evidence_event"]]
    address.put(**({"years": name} if kind == "survival" else {"category": name}))

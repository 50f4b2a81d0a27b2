"""The address of a view: the case's opaque key, the task, the horizon, the class; nothing about the patient.

The address is the truth: a reload, the browser's back and a pasted link all show the same view.
"""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from pages.ui import language

CASE, TASK, YEARS, CATEGORY, COHORT, TRIAL = "case", "task", "years", "class", "cohort", "trial"
PANEL, CUTOFF = "panel", "cutoff"  # of the page of evidence
MODEL, LIST = "model", "list"  # of the model card: which model, and which checklist
TREATMENT, TOGETHER = "treatment", "with"  # a column of the study; others asked about at the same time
_LAST = "last_address"  # of each page, so that the navigation leads back to what was open


def read(name: str) -> str | None:
    """Return a part of the address; an over-long one is none of ours."""
    value = st.query_params.get(name)
    return value if value and len(value) <= 200 else None


def years() -> float | None:
    """Return the horizon that the address asks for."""
    try:
        return float(read(YEARS) or "")
    except ValueError:
        return None


def put(**parts: object) -> None:
    """Change parts of the address: None takes one away. Fit for a widget's callback."""
    for name, value in parts.items():
        key = CATEGORY if name == "category" else name
        if value is None:
            st.query_params.pop(key, None)
        elif st.query_params.get(key) != _written(value):
            st.query_params[key] = _written(value)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def open_case(key: str, task: str | None = None) -> NoReturn:
    """Go to a case."""
    parts = {CASE: key} | ({TASK: task} if task else {})
    st.switch_page("case.py", query_params=language.address() | parts)


def open_cohort(key: str) -> NoReturn:
    """Go to a cohort's patients."""
    st.switch_page("patients.py", query_params=language.address() | {COHORT: key})


def open_evidence(cohort: str, panel: str) -> NoReturn:
    """Go to a part of the evidence on a cohort's model."""
    st.switch_page("performance.py", query_params=language.address() | {COHORT: cohort, PANEL: panel})


def open_form(cohort: str, key: str | None = None) -> NoReturn:
    """Go to the form of a new patient of a cohort, or of a case of the user's own."""
    parts = {COHORT: cohort} | ({CASE: key} if key else {})
    st.switch_page("new_patient.py", query_params=language.address() | parts)


def new(cohort: str) -> dict[str, str]:
    """Return the parts of the address of an empty form."""
    return language.address() | {COHORT: cohort}


def remember(page: str, **parts: str) -> None:
    """Keep what a page shows, for the links of the navigation in this session."""
    st.session_state.setdefault(_LAST, {})[page] = parts


def last(page: str) -> dict[str, str]:
    """Return what a page showed last in this session."""
    found: dict[str, str] = st.session_state.get(_LAST, {}).get(page, {})
    return found

"""The top strip of a case: who, what is known, by which model, and the way to the next patient."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, study_language
from mtl.services.patients import cohorts, wording
from mtl.services.patients.cases import Case, Finding
from pages.ui import address, filters, print_case, say, theme

FINDINGS = 8


def strip(case: Case, first: list[str]) -> None:
    """Show the strip; `first` names the features to show where there are more than fit."""
    with theme.card("strip"):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="strip_head"):
            st.title(
                say.markdown(_("Patient {identifier}").format(identifier=case.identifier)), width="content"
            )
            st.html(f'<p class="quiet">{_context(case)}</p>', width="stretch")
            with st.container(horizontal=True, width="content", gap="small"):
                print_case.button(case)
                if case.private and st.button(_("Edit"), key="edit_case", icon=":material/edit:"):
                    address.open_form(case.cohort, case.key)
                _steps(case)
        st.html(_values(case, first))


def _steps(case: Case) -> None:
    around = cohorts.neighbours(case.cohort, filters.query(case.cohort), case.key)
    for key, label, goal in (
        ("previous_case", _("previous"), around.previous),
        ("next_case", _("next"), around.next),
    ):
        st.button(
            label, key=key, disabled=goal is None, on_click=address.put, kwargs={"case": goal},
            icon=":material/arrow_back:" if key == "previous_case" else ":material/arrow_forward:",
            icon_position="left" if key == "previous_case" else "right",
        )  # fmt: skip


def _values(case: Case, first: list[str]) -> str:
    shown = list(case.findings)
    if len(shown) > FINDINGS:
        chosen = set(first[:FINDINGS]) or {finding.feature.name for finding in shown[:FINDINGS]}
        shown = [finding for finding in shown if finding.feature.name in chosen]
    return f'<dl class="key-values">{"".join(_value(finding) for finding in shown)}</dl>'


def _value(finding: Finding) -> str:
    unusual = wording.unusual(finding)
    mark = f' <span class="badge plain">{text(unusual)}</span>' if unusual else ""
    empty = ' class="missing"' if finding.missing and not unusual else ""
    return f"<div><dt>{text(say.title(finding.feature))}</dt><dd{empty}>{text(finding.text)}{mark}</dd></div>"


def _context(case: Case) -> str:
    cohort = case.study.title.get(study_language()) or case.cohort_name
    parts = [wording.novel(case), wording.known(case), *wording.given(case), cohort, wording.trained(case)]
    words = wording.standing(case)
    badge = f'<span class="badge">{text(words)}</span> ' if words else ""
    return badge + " · ".join(text(part) for part in parts if part)


def strongest(case: Case, task: str) -> list[str]:
    """Return the names of the features that weigh most in a task, for the strip."""
    story = case.output(task).story
    return [one.feature for one in story.contributions if one.feature] if story else []

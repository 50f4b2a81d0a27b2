"""The top strip of a case: who, what is known, by which model, and the way to the next patient."""

from __future__ import annotations

import datetime

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, date, number, study_language
from mtl.services import cohorts
from mtl.services.cases import Case, Finding
from pages.ui import address, filters, say, theme

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
    unusual = {"out_of_range": _("out of range"), "unseen": _("not understood")}.get(finding.unusual or "")
    mark = f' <span class="badge plain">{text(unusual)}</span>' if unusual else ""
    empty = ' class="missing"' if finding.missing and not unusual else ""
    return f"<div><dt>{text(say.title(finding.feature))}</dt><dd{empty}>{text(finding.text)}{mark}</dd></div>"


def _context(case: Case) -> str:
    known = _("{known} of {count} findings known").format(known=number(case.known), count=number(case.of))
    trained = _("model {version}, {date}").format(version=case.model.version, date=day(case.model.trained))
    given = [
        _("{label}: {value}").format(label=say.title(one.treatment), value=one.text)
        for one in case.treatments
    ]
    cohort = case.study.title.get(study_language()) or case.cohort_name
    novel = [_("unlike the training patients")] if case.novel else []
    parts = [*novel, known, *given, cohort, trained]
    words = ""
    if case.private:
        words = _("your own patient: nobody else sees it")
    elif case.in_training:
        words = _("training patient: numbers from a model that did not see this patient")
    badge = f'<span class="badge">{text(words)}</span> ' if words else ""
    return badge + " · ".join(text(part) for part in parts)


def day(moment: str) -> str:
    """Write the day of an ISO time stamp."""
    return date(datetime.datetime.fromisoformat(moment).date())


def strongest(case: Case, task: str) -> list[str]:
    """Return the names of the features that weigh most in a task, for the strip."""
    story = case.output(task).story
    return [one.feature for one in story.contributions if one.feature] if story else []

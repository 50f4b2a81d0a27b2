"""What the treatment view is about: the treatment, others together with it, and findings that are not as recorded."""

from __future__ import annotations

from functools import partial

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _
from mtl.services.patients.cases import Case, Finding
from mtl.services.treatment.treatments import TreatmentView
from pages.ui import address, fields, say, theme


def chooser(case: Case, column: str | None) -> None:
    """Offer the study's treatments, and the others to be asked about at the same time."""
    names = {one.column: say.title(one) for one in case.study.treatments}
    with st.container(horizontal=True, vertical_alignment="center", key="treatment_choice"):
        st.session_state["treatment"] = column
        st.segmented_control(
            _("Treatment"),
            list(names),
            format_func=lambda name: say.markdown(names[name]),
            key="treatment",
            required=column is not None,
            label_visibility="collapsed",
            on_change=lambda: address.put(
                treatment=st.session_state["treatment"], **{address.TOGETHER: None}
            ),
        )
        others = [name for name in names if name != column]
        if column is not None and others:
            st.session_state["together"] = list(together(case, column))
            st.pills(
                _("Together with"),
                others,
                selection_mode="multi",
                format_func=lambda name: say.markdown(_("with {treatment}").format(treatment=names[name])),
                key="together",
                label_visibility="collapsed",
                on_change=_put_together,
            )
        st.page_link(
            "case.py",
            label=_("The whole case"),
            icon=":material/person:",
            query_params={address.CASE: case.key},
        )


def _put_together() -> None:
    chosen = sorted(st.session_state["together"] or [])
    address.put(**{address.TOGETHER: "|".join(chosen) or None})


def together(case: Case, column: str) -> tuple[str, ...]:
    """Return the other treatments that the address asks about."""
    asked = (address.read(address.TOGETHER) or "").split("|")
    return tuple(name for name in case.study.treatment_columns if name in asked and name != column)


def decisive(view: TreatmentView) -> list[str]:
    """Return the names of the features that the strip shows first: what the trials rest on, then the strongest."""
    first = [name for expected in view.expected for one in expected.promises for name in one.columns]
    usual = view.practice.output
    story = usual.story if usual is not None else None
    told = [one.feature for one in story.contributions if one.feature] if story else []
    return list(dict.fromkeys([*first, *told]))


# Findings that are not as recorded ----------------------------------------------------------------


def edits(case: Case) -> dict[str, object]:
    """Return the findings that this visitor changed for this patient on this page."""
    found: dict[str, object] = st.session_state.get(_kept(case), {})
    return found


def _kept(case: Case) -> str:
    return f"treatment_edits_{case.key}"


def edited(view: TreatmentView) -> None:
    """Say what is not as recorded, if anything is."""
    if not view.edited:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="treatment_edited"):
        words = _("Not as recorded: {findings}").format(findings=" · ".join(view.edited))
        st.html(f'<p><span class="badge">{text(words)}</span></p>', width="content")
        st.button(_("Back to the record"), key="treatment_restore", on_click=_restore, args=(view.case,))


def _restore(case: Case) -> None:
    st.session_state.pop(_kept(case), None)
    st.session_state[f"tries_{case.key}"] = st.session_state.get(f"tries_{case.key}", 0) + 1


def form(view: TreatmentView) -> None:
    """Offer every finding to be changed or to be left unknown; what was given is not among them."""
    case = view.case
    locked = set(case.study.treatment_columns)
    editable = [finding for finding in case.findings if finding.feature.name not in locked]
    tries = st.session_state.get(f"tries_{case.key}", 0)
    with theme.card("treatment_findings"):
        title = _("Other or unknown findings")
        words = _("What is not known may stay unknown: what rests on it is then refused, not guessed.")
        st.html(f'<h2 class="section-name">{text(title)}</h2>')
        st.html(f'<p class="quiet">{text(words)}</p>')
        with st.form(f"treatment_{case.key}_{tries}", border=False):
            given: dict[str, object] = {}

            def show(finding: Finding) -> None:
                feature, key = finding.feature, f"edit_{case.key}_{tries}_{finding.feature.name}"
                given[feature.name] = fields.field(
                    feature, fields.start(finding), key, _("not measured"), fields.usual(feature)
                )

            fields.grid(partial(show, finding) for finding in editable)
            known = {one.feature.name: say.title(one.feature) for one in editable if not one.missing}
            unknown = st.pills(
                _("Take as not known"), list(known), selection_mode="multi",
                format_func=lambda name: say.markdown(known[name]), key=f"unknown_{case.key}_{tries}",
            )  # fmt: skip
            if st.form_submit_button(_("Apply"), type="primary", key=f"treatment_apply_{case.key}"):
                kept = {**edits(case), **dict.fromkeys(unknown or [])}
                for name, value in given.items():
                    if value != fields.start(case.finding(name)):
                        kept[name] = value
                st.session_state[_kept(case)] = kept
                st.session_state[f"tries_{case.key}"] = tries + 1  # the fields begin anew from what holds now
                st.rerun()

"""The record of a case: agree or decide otherwise, sign, and everything that was signed before."""

from __future__ import annotations

import datetime

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, clauses, date
from mtl.services import users
from mtl.services.patients import records
from mtl.services.patients.cases import Case
from mtl.services.patients.records import Signed
from pages.ui import cards, own_estimate, say

DECISIONS = {records.AGREE: N_("I agree"), records.OVERRIDE: N_("I decide otherwise")}
SAID = {
    records.AGREE: N_("agreed"),
    records.OVERRIDE: N_("decided otherwise"),
    records.ESTIMATE: N_("Own estimate, before the model's"),
}
_ALL = ""


def panel(case: Case, chosen: str) -> None:
    """Show the form for those who may sign, and the history."""
    left, right = st.columns([5, 6], gap="medium")
    with right:
        history = st.container()
    with left:
        if users.current().may("case:sign"):
            _form(case, chosen)
        else:
            st.info(_("You may read this record. To sign, ask an administrator for the role of a clinician."))
        own_estimate.switch()
    with history:
        _history(case, records.history(case))


def _form(case: Case, chosen: str) -> None:
    tries = st.session_state.get("record_tries", 0)
    names = {_ALL: _("All tasks together")} | {
        output.task.name: say.question(output, output.headline) for output in case.outputs
    }
    mine = {
        one.record.key: _line(case, one)
        for one in records.history(case)
        if one.mine and one.corrected_by is None and one.record.decision != records.ESTIMATE
    }
    with st.form(f"record_{case.key}_{tries}", border=False):
        tasks = list(names)
        task = st.selectbox(
            _("About"), tasks, index=tasks.index(chosen), key=f"record_task_{case.key}_{tries}",
            format_func=names.__getitem__,
        )  # fmt: skip
        decision = st.radio(
            _("Decision"), list(DECISIONS), index=None, key=f"record_decision_{case.key}_{tries}", horizontal=True,
            format_func=lambda name: _(DECISIONS[name]),
        )  # fmt: skip
        reason = st.text_area(
            _("Reason"), key=f"record_reason_{case.key}_{tries}", max_chars=records.LONGEST, height=80,
            placeholder=_("needed where you decide otherwise"),
        )  # fmt: skip
        note = st.text_area(
            _("Note"), key=f"record_note_{case.key}_{tries}", max_chars=records.LONGEST, height=80
        )
        corrects = None
        if mine:
            corrects = st.selectbox(
                _("Corrects"), [None, *mine], key=f"record_corrects_{case.key}_{tries}",
                format_func=lambda key: _("no earlier record") if key is None else mine[key],
            )  # fmt: skip
        words = _(
            "Signed with your name, the time, the model's version and the numbers shown. It cannot be changed."
        )
        st.html(f'<p class="quiet">{text(words)}</p>')
        if st.form_submit_button(_("Sign"), type="primary", key="sign_record", icon=":material/draw:"):
            try:
                horizons = cards.chosen_horizons(case)
                records.sign(case.key, str(decision or ""), task or None, reason, note, horizons, corrects)
            except records.RecordError as error:
                st.error(say.markdown(str(error)))
            else:
                st.session_state["record_tries"] = tries + 1  # the next form is empty
                st.rerun()


def _history(case: Case, found: list[Signed]) -> None:
    head = _("Signed so far")
    if not found:
        words = _("Nothing has been signed about this patient.")
        st.html(f'<h3 class="c-title">{text(head)}</h3><p class="quiet">{text(words)}</p>')
        return
    items = "".join(_entry(case, one) for one in found)
    st.html(f'<h3 class="c-title">{text(head)}</h3><ol class="signed">{items}</ol>')


def _entry(case: Case, one: Signed) -> str:
    record, parts = one.record, []
    pair = _("{label}: {value}")
    if record.shown:
        shown = clauses(
            pair.format(label=_column(case, column), value=value) for column, value in record.shown.items()
        )
        parts.append(pair.format(label=_("Shown"), value=shown))
    if one.own:
        own = clauses(pair.format(label=_task(case, name), value=value) for name, value in one.own.items())
        parts.append(pair.format(label=_("Own estimate"), value=own))
    for label, words in ((_("Reason"), record.reason), (_("Note"), record.note)):
        if words:
            parts.append(pair.format(label=label, value=words))
    marks = [_("corrected by a later record")] if one.corrected_by else []
    marks += [_("corrects an earlier record")] if record.corrects else []
    marks += [] if one.current else [_("about other values or another model than today's")]
    badges = "".join(f' <span class="badge plain">{text(mark)}</span>' for mark in marks)
    lines = "".join(f"<p>{text(part)}</p>" for part in parts)
    version = _("model {version}, {date}").format(version=record.version, date=_moment(record.time))
    return (
        f'<li class="{"corrected" if one.corrected_by else ""}"><b>{text(_line(case, one))}</b>{badges}{lines}'
        f'<p class="quiet">{text(f"{record.user} · {version}")}</p></li>'
    )


def _line(case: Case, one: Signed) -> str:
    if one.record.decision == records.ESTIMATE:
        return _(SAID[records.ESTIMATE])
    about = _task(case, one.record.task) if one.record.task else _("All tasks together")
    return _("{label}: {value}").format(label=about, value=_(SAID[one.record.decision]))


def _task(case: Case, name: str) -> str:
    return next((say.title(output.task) for output in case.outputs if output.task.name == name), name)


def _column(case: Case, column: str) -> str:
    for output in case.outputs:
        for one in output.numbers:
            if one.column == column:
                label = say.question(output, one)
                return _("{label}: {value}").format(label=label, value=one.label) if one.category else label
    return column


def _moment(time: str) -> str:
    moment = datetime.datetime.fromisoformat(time)
    return f"{date(moment.date())} {moment:%H:%M} UTC"

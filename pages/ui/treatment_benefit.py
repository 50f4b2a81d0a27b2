"""The third box: what a trial promises, in the form the reader chooses, or why nothing is promised."""

from __future__ import annotations

import streamlit as st

from mtl.figures import benefit
from mtl.figures.benefit import Outcome
from mtl.figures.curve import Curve
from mtl.figures.markup import Drawing, text
from mtl.language import N_, _, number, study_language
from mtl.services.treatment.treatments import Expected, Promise, TreatmentView
from pages.ui import address, say, theme
from pages.ui.treatment_practice import heading, refused

FORMS = {
    "table": N_("Table"),
    "curves": N_("Curves"),
    "bars": N_("Bars"),
    "words": N_("Words"),
    "icons": N_("100 people"),
}


def panel(view: TreatmentView) -> None:
    """Show the third box."""
    with theme.card("expected"):
        title = _("3 · Expected difference")
        st.html(heading(title, _("A trial's effect on this patient's risk without the treatment.")))
        if not view.expected:
            words = _("The study has no survival outcome that a trial could speak of.")
            st.html(f'<p class="quiet">{text(words)}</p>')
            return
        expected = _chosen(view)
        promise = expected.shown
        if promise is None:
            if expected.refused is not None:
                st.html(refused(expected.refused, "expected"))
        else:
            _promise(expected, promise)
        _trials(expected)


def _chosen(view: TreatmentView) -> Expected:
    """Return the outcome that the address names, else the first that some trial speaks of, else the first."""
    by_name = {expected.task.name: expected for expected in view.expected}
    measured = (e.task.name for e in view.expected if any(e.task.name in p.trial.tasks for p in e.promises))
    asked = address.read(address.TASK)
    name = asked if asked in by_name else next(measured, next(iter(by_name)))
    if len(by_name) > 1:
        st.session_state["treatment_outcome"] = name
        st.segmented_control(
            _("Outcome"),
            list(by_name),
            format_func=lambda task: say.markdown(say.title(by_name[task].task)),
            key="treatment_outcome",
            required=True,
            label_visibility="collapsed",
            on_change=lambda: address.put(task=st.session_state["treatment_outcome"]),
        )
    return by_name[str(name)]


def _promise(expected: Expected, promise: Promise) -> None:
    chosen = promise.at(address.years())
    with st.container(horizontal=True, key="treatment_forms"):
        form = st.segmented_control(
            _("Form"), list(FORMS), format_func=lambda name: _(FORMS[name]), default="icons", key="treatment_form",
            required=True, label_visibility="collapsed",
        )  # fmt: skip
        st.session_state["treatment_years"] = chosen.years
        st.segmented_control(
            _("Time ahead"),
            [moment.years for moment in promise.moments],
            # Translators: a number of years on a narrow button
            format_func=lambda years: _("{count} y").format(count=number(years)),
            key="treatment_years",
            required=True,
            label_visibility="collapsed",
            on_change=lambda: address.put(years=st.session_state["treatment_years"]),
        )
    drawn = _drawn(str(form), expected, promise).html
    if form not in ("table", "words"):
        drawn += benefit.beside(promise.moments, chosen, _outcome(expected))
    notes = "".join(f"<li>{text(note)}</li>" for note in promise.notes)
    st.html(f'<div data-form="{text(form)}">{drawn}</div><ul class="b-notes">{notes}</ul>')
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(_head(_("Harms")) + _harms(promise))
    with right:
        st.html(_head(_("Who was in the trial")) + _population(promise))


def _head(words: str) -> str:
    return f'<h3 class="b-head">{text(words)}</h3>'


def _harms(promise: Promise) -> str:
    if not promise.trial.harms:
        words = _("The study names none; that does not mean there are none.")
        return f'<p class="quiet">{text(words)}</p>'
    harms = "".join(f"<li>{text(harm.get(study_language()))}</li>" for harm in promise.trial.harms)
    return f'<ul class="b-list">{harms}</ul>'


def _drawn(form: str, expected: Expected, promise: Promise) -> Drawing:
    outcome, chosen = _outcome(expected), promise.at(address.years())
    if form == "table":
        return benefit.table(promise.moments, chosen, outcome)
    if form == "bars":
        return benefit.bars(promise.moments, chosen, outcome)
    if form == "words":
        return benefit.words(chosen, outcome)
    if form == "icons":
        return benefit.icons(chosen, outcome)
    line = promise.curve
    assert line is not None
    years = [float(year) for year in line.years]
    without, with_it = Curve(years, line.untreated.tolist()), Curve(years, line.treated.tolist())
    return benefit.curves(without, with_it, chosen, outcome, theme.colours())


def _outcome(expected: Expected) -> Outcome:
    return Outcome(expected.task.event_label.get(study_language()) or say.title(expected.task))


def _population(promise: Promise) -> str:
    rests = " · ".join(promise.rests_on)
    return (
        f'<p class="b-text">{text(promise.trial.population.get(study_language()))}</p>'
        f'<p class="b-text"><b>{text(promise.membership)}</b> <span class="quiet">{text(rests)}</span></p>'
    )


def _trials(expected: Expected) -> None:
    """Name every trial with its ratio, its source and, where it is not applied, why not."""
    if not expected.promises:
        return
    said = expected.refused.sentence if expected.refused else ""  # once is enough
    rows = "".join(_trial(promise, said) for promise in expected.promises)
    st.html(_head(_("Trials")) + f'<ul class="b-trials">{rows}</ul>')


def _trial(promise: Promise, said: str) -> str:
    trial = promise.trial
    measured = _("hazard ratio {ratio}, {outcome}").format(
        ratio=promise.ratio, outcome=trial.outcome.get(study_language())
    )
    source = text(trial.citation)
    unseen = f'<span class="unseen"> {text(trial.name)}</span>'
    if trial.url.startswith("https://"):
        link = text(_("source")) + unseen
        source += f' <a href="{text(trial.url)}" target="_blank" rel="noopener noreferrer">{link}</a>'
    why = ""
    if promise.refused is not None:
        reason, sentence = promise.refused.reason.name, promise.refused.sentence
        told = text(sentence) if sentence != said else ""
        why = f'<p class="b-why" data-trial-refused="{text(reason)}">{told}</p>'
    state = "refused" if promise.refused else "applied"
    summary = text(_("Population and citation")) + unseen
    return (
        f'<li class="{state}"><b>{text(trial.name)}</b> <span>{text(measured)}</span>{why}'
        f"<details><summary>{summary}</summary>"
        f'<p>{text(trial.population.get(study_language()))}</p><p class="quiet">{source}</p></details></li>'
    )

"""The overview: what Consilium is for, what is being prepared, and a card a cohort."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, ngettext, number, study_language
from mtl.services import samples
from mtl.services.patients import wording
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import address, say, theme

NAMES = {
    "rotterdam": N_("Rotterdam, breast cancer"),
    "gbsg": N_("German Breast Cancer Study Group 2"),
    "cytology": N_("Breast cytology, Wisconsin"),
    "pbc": N_("Primary biliary cholangitis, Mayo Clinic"),
}


def introduction() -> None:
    """Say what can be done here, and once what this is not."""
    lead = _(
        "Several specialists round one patient: every diagnosis, treatment and outcome of a study, predicted together, "
        "each with its reasons."
    )
    st.html(f'<p>{text(lead)}</p><p class="quiet">{text(wording.caution())}</p>')


def preparing() -> None:
    """Show the samples that are not ready yet, until they are."""
    if any(not step.done for step in samples.progress()):
        with theme.card("preparing"):
            _progress()


@st.fragment(run_every=1.0)
def _progress() -> None:
    steps = samples.progress()
    finished = sum(step.done for step in steps)
    if st.session_state.get("samples_done", finished) != finished:
        st.session_state["samples_done"] = finished
        st.rerun()
    st.session_state["samples_done"] = finished
    head = _("The sample cohorts are being prepared")
    st.html(f'<h2 class="c-title">{text(head)}</h2>')
    words = _("This happens once and takes about a minute. What is ready can be opened already.")
    st.html(f'<p class="quiet">{text(words)}</p>')
    for step in steps:
        name = _(NAMES[step.name]) if step.name in NAMES else step.name
        if step.error is not None:
            st.error(say.markdown(f"{name}: {step.error}"))
            continue
        words = _("{name}: {stage}").format(name=name, stage=step.stage)
        st.progress(min(max(step.share, 0.0), 1.0), text=say.markdown(words))


def cohort_card(cohort: CohortSummary, place: int) -> None:
    """Show a cohort: its study, its model, and the way in."""
    language = study_language()
    with theme.card(f"cohort_{place}"):
        st.html(_head(cohort, language) + _facts(cohort) + _tasks(cohort, language))
        if cohort.model is None:
            words = _("Its model is still being trained.")
            st.html(f'<p class="quiet">{text(words)}</p>')
            return
        label = _("See the {count} patients").format(count=number(cohort.n))
        if st.button(label, key=f"see_{cohort.key}", type="primary" if place == 0 else "secondary"):
            address.open_cohort(cohort.key)


def _head(cohort: CohortSummary, language: str) -> str:
    study = cohort.study
    badges = [_("for demonstration only")] if cohort.demonstration else []
    badges += [_("external cohort")] if cohort.external else []
    marks = "".join(f'<span class="badge">{text(badge)}</span>' for badge in badges)
    name = cohort.title.get(language) or cohort.name
    about = study.description.get(language)
    if cohort.external:  # the study describes the patients of the training, who are others
        words = _("None of these patients was in the training: the model is that of “{study}”.")
        about = words.format(study=study.title.get(language) or study.name)
    limits = study.not_for.get(language)
    return f'<h2 class="c-title">{text(name)} {marks}</h2><p>{text(about)}</p>' + (
        f'<p class="quiet">{text(limits)}</p>' if limits else ""
    )


def _facts(cohort: CohortSummary) -> str:
    facts = [
        (number(cohort.n), ngettext("patient", "patients", cohort.n)),
        (number(len(cohort.study.features)), ngettext("feature", "features", len(cohort.study.features))),
    ]
    model = cohort.model
    if model is not None:
        count = len(model.tasks)
        facts.append((number(count), ngettext("task", "tasks", count)))
        facts.append((number(model.n_training), _("training patients")))
        facts.append((wording.day(model.trained), _("model {version}").format(version=model.version)))
    return f'<div class="facts">{"".join(f"<div><b>{text(a)}</b><span>{text(b)}</span></div>" for a, b in facts)}</div>'


def _tasks(cohort: CohortSummary, language: str) -> str:
    learnt = (
        cohort.model.tasks if cohort.model is not None else tuple(task.name for task in cohort.study.tasks)
    )
    names = [task.title(language) for task in cohort.study.tasks if task.name in learnt]
    items = "".join(f"<li>{text(name)}</li>" for name in names)
    left_out = cohort.model.left_out if cohort.model is not None else {}
    sentence = _("{task} is left out: {reason}")
    notes = "".join(
        f'<p class="quiet">{text(sentence.format(task=name, reason=reason))}</p>'
        for name, reason in left_out.items()
    )
    return f'<ul class="tasks-list">{items}</ul>{notes}'

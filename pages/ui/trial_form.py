"""The protocol of a target trial as a form, with the number of patients it would compare; and the earlier results."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, listed, number, study_language
from mtl.services.treatment import trial_words as words
from mtl.services.treatment import trials
from mtl.services.treatment.trials import Choices, KeptTrial, Preview, Protocol, ProtocolError
from pages.ui import address, say, theme

LONGEST = 2000


def form(offered: Choices, shown: Protocol | None) -> None:
    """Show the form, filled with the protocol of the result on the page, and run what it says."""
    _fill(offered, shown)
    with theme.card("trial_form"):
        head = _("Protocol")
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        protocol = _read(offered)
        try:
            seen = trials.look(offered.cohort, protocol)
        except ProtocolError as error:
            st.warning(say.markdown(str(error)))
            return
        st.html(_counts(seen))
        if seen.refusal is None:
            run = {"cohort": offered.cohort, "protocol": protocol}
            st.button(_("Run"), key="trial_run", type="primary", on_click=_run, kwargs=run)


def _run(cohort: str, protocol: Protocol) -> None:
    address.put(cohort=cohort, trial=trials.run(cohort, protocol))


def _fill(offered: Choices, shown: Protocol | None) -> None:
    """Let the form begin with the protocol of the result, once for every result that is opened."""
    mark = (offered.cohort, None if shown is None else shown.model_dump_json())
    there = "trial_horizon" in st.session_state  # another page in between takes what was typed away
    if there and st.session_state.get("trial_filled") == mark:
        return
    filled_before = st.session_state.get("trial_filled", (None,))[0]
    st.session_state["trial_filled"] = mark
    if there and shown is None and filled_before == offered.cohort:
        return  # a result was closed: what was typed stays
    if shown is None:
        first = offered.outcomes[0]
        shown = Protocol(
            treatment=offered.treatments[0].column, outcome=first.name, horizon=_middle(first.horizons)
        )
    st.session_state.update(
        trial_treatment=shown.treatment,
        trial_outcome=shown.outcome,
        trial_horizon=shown.horizon,
        trial_eligibility=shown.eligibility,
        trial_given=list(shown.given),
        trial_against=list(shown.against),
        trial_subgroups="\n".join(shown.subgroups),
    )


def _middle(horizons: list[float]) -> float:
    return 5.0 if 5.0 in horizons else horizons[len(horizons) // 2]


def _read(offered: Choices) -> Protocol:
    treatments = {one.column: one for one in offered.treatments}
    column = st.selectbox(
        _("Treatment"), list(treatments), key="trial_treatment",
        format_func=lambda name: say.title(treatments[name]),
    )  # fmt: skip
    levels = {level.text: level.get(study_language()) for level in treatments[column].levels}
    given: list[str] = []
    against: list[str] = []
    if len(levels) > 2:
        given = st.multiselect(
            _("Counts as treated"), list(levels), key="trial_given", format_func=levels.get
        )
        against = st.multiselect(
            _("Compared with"), list(levels), key="trial_against", format_func=levels.get
        )
    outcomes = {one.name: one for one in offered.outcomes}
    outcome = st.selectbox(
        _("Outcome"), list(outcomes), key="trial_outcome",
        format_func=lambda name: say.title(outcomes[name]),
    )  # fmt: skip
    horizons = outcomes[outcome].horizons
    if st.session_state["trial_horizon"] not in horizons:
        st.session_state["trial_horizon"] = _middle(horizons)
    horizon = st.segmented_control(
        _("Horizon, years"), horizons, format_func=number, key="trial_horizon", required=True
    )
    findings = listed(offered.findings[column])
    eligibility = st.text_input(
        _("Who may take part"),
        key="trial_eligibility",
        max_chars=LONGEST,
        placeholder=_("everybody"),
        help=_("A condition over findings known when treatment is chosen: {findings}.").format(
            findings=say.markdown(findings)
        ),
    )
    example = _("One condition a line, as above. Both sides of each are compared, as exploration only.")
    subgroups = st.text_area(
        _("Subgroups to explore"), key="trial_subgroups", max_chars=LONGEST, help=example, height=80
    )
    wanted = [line.strip() for line in subgroups.splitlines() if line.strip()]
    if len(wanted) > 8:
        st.warning(_("Only the first eight subgroups are explored."))
    return Protocol(
        treatment=column,
        outcome=outcome,
        horizon=horizon,
        eligibility=eligibility.strip(),
        given=tuple(given),
        against=tuple(against),
        subgroups=tuple(wanted[:8]),
    )


def _counts(seen: Preview) -> str:
    facts = ((number(seen.treated), _("treated")), (number(seen.untreated), _("untreated")))
    markup = "".join(f"<div><b>{text(a)}</b><span>{text(b)}</span></div>" for a, b in facts)
    sentence = _("{reason}: {count}")
    told = [
        sentence.format(reason=words.step(one), count=number(one.removed)) for one in seen.flow if one.removed
    ]
    lost = "".join(f"<li>{text(line)}</li>" for line in told)
    refused = ""
    if seen.refusal is not None:
        refused = f'<p class="t-refused">{text(words.refused(seen.refusal))}</p>'
    lost = f'<ul class="quiet">{lost}</ul>' if lost else ""
    return f'<div class="facts">{markup}</div>{lost}{refused}'


def earlier(cohort: str, key: str | None) -> None:
    """List what was run on this cohort before, the newest first."""
    kept = trials.recent(cohort)
    if not kept:
        return
    with theme.card("trial_earlier"):
        head = _("Earlier results")
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        study = trials.choices(cohort).study
        for one in kept[:12]:
            st.button(
                say.markdown(_short(one, study)), key=f"trial_{one.key}", type="tertiary", disabled=one.key == key,
                on_click=address.put, kwargs={"cohort": cohort, "trial": one.key},
            )  # fmt: skip


def _short(one: KeptTrial, study: trials.Study) -> str:
    asked = one.result.protocol
    return _("{treatment}: {outcome}, {time}, {who}").format(
        treatment=words.treatment_name(study, asked),
        outcome=say.title(study.task(asked.outcome)),
        time=say.years(asked.horizon),
        who=words.eligible(asked),
    )

"""What would a trial of this treatment have shown in these patients?"""

import streamlit as st

from mtl.language import _, study_language
from mtl.services.patients import cohorts
from mtl.services.treatment import trials
from pages.ui import address, say, trial_form, trial_result
from pages.ui.guard import guard

guard("model:write")
st.title(_("Target trial"))
trial_result.introduction()
able = {
    cohort.key: cohort
    for cohort in cohorts.overview()
    if cohort.study.treatments and any(task.kind == "survival" for task in cohort.study.tasks)
}
if not able:
    st.info(
        _(
            "There is no cohort yet whose study names a treatment and an outcome followed over time. "
            "The overview shows what is being prepared."
        )
    )
    st.page_link("overview.py", label=_("Overview"))
    st.stop()
asked = address.read(address.COHORT)
chosen = asked if asked in able else next(iter(able))
st.session_state["trial_cohort"] = chosen
st.segmented_control(
    _("Cohort"),
    list(able),
    format_func=lambda key: say.markdown(able[key].title.get(study_language()) or able[key].name),
    key="trial_cohort",
    required=True,
    label_visibility="collapsed",
    on_change=lambda: address.put(cohort=st.session_state["trial_cohort"], trial=None),
)
key = address.read(address.TRIAL)
kept = trials.result(key) if key else None
if kept is not None and kept.cohort != chosen:
    key = kept = None
address.remember("trial.py", cohort=chosen, **({address.TRIAL: key} if key else {}))
left, right = st.columns([30, 70], gap="medium")
with left:
    trial_form.form(trials.choices(chosen), None if kept is None else kept.result.protocol)
    trial_form.earlier(chosen, key)
with right:
    if kept is not None:
        trial_result.show(kept)
    elif key:
        trial_result.waiting(key)
    else:
        st.info(_("Set the protocol and run it. The result appears here."))

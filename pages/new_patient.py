"""What is known of this new patient?"""

import streamlit as st

from mtl.language import _, study_language
from mtl.services.patients import cohorts
from mtl.services.patients import private as private_cases
from pages.ui import address, patient_form, say
from pages.ui.guard import guard

guard("case:write")
st.title(_("New patient"))
ready = {cohort.key: cohort for cohort in cohorts.overview() if cohort.model is not None}
if not ready:
    st.info(_("There is no cohort with a model yet. The overview shows what is being prepared."))
    st.page_link("overview.py", label=_("Overview"))
    st.stop()
draft = None
if key := address.read(address.CASE):
    try:
        draft = private_cases.draft(key)
    except private_cases.CaseError:
        st.error(_("This address leads to no case of yours. Open one from the patients' list."))
        st.page_link("patients.py", label=_("Patients"), icon=":material/groups:")
        st.stop()
if draft is None:
    asked = address.read(address.COHORT)
    chosen = asked if asked in ready else next(iter(ready))
    st.session_state["new_cohort"] = chosen
    st.segmented_control(
        _("Cohort"),
        list(ready),
        format_func=lambda key: say.markdown(ready[key].title.get(study_language()) or ready[key].name),
        key="new_cohort",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: address.put(cohort=st.session_state["new_cohort"]),
    )
    address.remember("new_patient.py", cohort=chosen)
else:
    chosen = draft.cohort
if chosen not in ready:
    st.info(_("The cohort of this case has no model now. Its values are kept."))
    st.stop()
patient_form.show(ready[chosen], draft)

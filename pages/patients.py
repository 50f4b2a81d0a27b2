"""Which patients need attention?"""

import streamlit as st

from mtl.language import _, study_language
from mtl.services import users
from mtl.services.patients import cohorts
from pages.ui import address, filters, say, worklist
from pages.ui.guard import guard

guard("cohort:read")
st.title(_("Patients"))
ready = {cohort.key: cohort for cohort in cohorts.overview() if cohort.model is not None}
if not ready:
    st.info(_("There is no cohort with a model yet. The overview shows what is being prepared."))
    st.page_link("overview.py", label=_("Overview"))
    st.stop()
asked = address.read(address.COHORT)
chosen = asked if asked in ready else next(iter(ready))
st.session_state["cohort"] = chosen
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.segmented_control(
        _("Cohort"),
        list(ready),
        format_func=lambda key: say.markdown(ready[key].title.get(study_language()) or ready[key].name),
        key="cohort",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: address.put(cohort=st.session_state["cohort"]),
        width="content",
    )
    if users.current().may("case:write"):
        label, icon = _("New patient"), ":material/person_add:"
        st.page_link(
            "new_patient.py", label=label, icon=icon, query_params=address.new(chosen), width="content"
        )
address.remember("patients.py", cohort=chosen)
filters.bar(ready[chosen])
worklist.show(ready[chosen])

"""Is the model any good, for whom, how sure is it, and what did sharing bring?"""

import streamlit as st

from mtl.language import _, study_language
from mtl.services.patients import cohorts
from pages.ui import address, evidence, say
from pages.ui.guard import guard

guard("model:read")
st.title(_("Performance"))
ready = {cohort.key: cohort for cohort in cohorts.overview() if cohort.model is not None}
if not ready:
    st.info(
        _(
            "There is no cohort with a model yet, so there is nothing to judge. The overview shows what is prepared."
        )
    )
    st.page_link("overview.py", label=_("Overview"))
    st.stop()
asked = address.read(address.COHORT)
chosen = asked if asked in ready else next(iter(ready))
st.session_state["performance_cohort"] = chosen
st.segmented_control(
    _("Cohort"),
    list(ready),
    format_func=lambda key: say.markdown(ready[key].title.get(study_language()) or ready[key].name),
    key="performance_cohort",
    required=True,
    label_visibility="collapsed",
    on_change=lambda: address.put(cohort=st.session_state["performance_cohort"], task=None),
)
evidence.about(ready[chosen])
panel = evidence.choose()
task = {"task": shown} if (shown := address.read(address.TASK)) else {}
address.remember("performance.py", cohort=chosen, panel=panel, **task)
evidence.PANELS[panel].show(ready[chosen])

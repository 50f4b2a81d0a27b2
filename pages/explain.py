"""What does the model go by, on the whole?"""

import streamlit as st

from mtl.language import _, study_language
from mtl.services.patients import cohorts
from mtl.services.patients.global_view import importances
from pages.ui import address, dependence, importance, say, sharing, swarm
from pages.ui.guard import guard

guard("cohort:read")
st.title(_("Explain"))
ready = {cohort.key: cohort for cohort in cohorts.overview() if cohort.model is not None}
if not ready:
    st.info(
        _(
            "There is no cohort with a model yet, so there is nothing to explain. The overview shows what is prepared."
        )
    )
    st.page_link("overview.py", label=_("Overview"))
    st.stop()
asked = address.read(address.COHORT)
chosen = asked if asked in ready else next(iter(ready))
st.session_state["explain_cohort"] = chosen
st.segmented_control(
    _("Cohort"),
    list(ready),
    format_func=lambda key: say.markdown(ready[key].title.get(study_language()) or ready[key].name),
    key="explain_cohort",
    required=True,
    label_visibility="collapsed",
    on_change=lambda: address.put(
        cohort=st.session_state["explain_cohort"], task=None, feature=None, category=None, case=None
    ),
)
with st.spinner(_("Explaining a sample of the patients; this happens once.")):
    found = importances(chosen)
tasks = {task.name: task for task in found.tasks}
# Without a task in the address, the outlook's first: as on the page of a case.
outlook = [name for name, task in tasks.items() if task.role == "prognosis"]
wanted = address.read(address.TASK)
task = wanted if wanted in tasks else (outlook or list(tasks))[0]
address.remember("explain.py", cohort=chosen, task=task)
importance.about(ready[chosen], found)
left, right = st.columns([1, 1], gap="small")
with left:
    importance.panel(found, task)
with right:
    sharing.panel(chosen)
drawn = swarm.panel(chosen, tasks, task, address.read(address.CATEGORY))
dependence.panel(ready[chosen], drawn)

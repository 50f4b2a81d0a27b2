"""What is to be expected for this patient, and why?"""

import streamlit as st

from mtl.language import _
from mtl.services.patients import cases
from pages.ui import address, cards, detail, own_estimate, say, strip, together, why
from pages.ui.guard import guard

guard("case:read")
key = address.read(address.CASE)
if key is None:
    st.title(_("Case"))
    st.info(_("No patient is chosen. Open one from the patients' list."))
    st.page_link(
        "patients.py", label=_("Patients"), icon=":material/groups:", query_params=address.last("patients.py")
    )
    st.stop()
try:
    case = cards.at_horizon(cases.open_case(key), address.years())
except cases.CaseError:
    st.title(_("Case"))
    st.error(_("This address leads to no patient here. Open one from the patients' list."))
    st.page_link(
        "patients.py", label=_("Patients"), icon=":material/groups:", query_params=address.last("patients.py")
    )
    st.stop()
tasks = [output.task.name for output in case.outputs]
if not tasks:
    st.title(say.markdown(case.identifier))
    st.info(_("The model of this cohort has learnt no task."))
    st.stop()
# An address without a task, or with one that the study lacks, shows the outlook: the last of the pathway's first.
outlook = [output.task.name for output in case.outputs if output.task.role == "prognosis"]
asked = address.read(address.TASK)
task = asked if asked in tasks else (outlook or tasks)[0]
address.remember("case.py", case=key, task=task)
address.remember("patients.py", cohort=case.cohort)
if own_estimate.wanted(case):
    strip.strip(case, [])  # which findings weigh most is the model's word too
    own_estimate.ask(case)
    st.stop()
strip.strip(case, strip.strongest(case, task))
cards.pathway(case, task)
left, right = st.columns([1, 1], gap="small")
with left:
    explained = why.panel(case, task, address.read(address.CATEGORY))
with right:
    together.panel(case, task)
detail.tabs(case, explained)

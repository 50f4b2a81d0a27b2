"""What was this patient given, what was usual, and what would a trial promise?"""

import streamlit as st

from mtl.language import _
from mtl.services.patients import cases
from mtl.services.treatment import treatments
from pages.ui import (
    address,
    own_estimate,
    say,
    strip,
    treatment_benefit,
    treatment_choice,
    treatment_practice,
)
from pages.ui.guard import guard

guard("case:read")


def stop(words: str) -> None:
    st.title(_("Treatment"))
    st.info(words)
    st.page_link(
        "patients.py", label=_("Patients"), icon=":material/groups:", query_params=address.last("patients.py")
    )
    st.stop()


key = address.read(address.CASE)
if key is None:
    stop(_("No patient is chosen. Open one from the patients' list, then one of the treatments."))
try:
    case = cases.open_case(str(key))
except cases.CaseError:
    st.title(_("Treatment"))
    st.error(_("This address leads to no patient here. Open one from the patients' list."))
    st.page_link(
        "patients.py", label=_("Patients"), icon=":material/groups:", query_params=address.last("patients.py")
    )
    st.stop()
if own_estimate.wanted(case):
    st.title(say.markdown(_("Patient {identifier}").format(identifier=case.identifier)))
    st.info(_("The model's numbers come when you have given yours."))
    if st.button(_("Back to the patient"), key="treatment_estimate", icon=":material/person:"):
        address.open_case(case.key)
    st.stop()
if not case.study.treatments:
    stop(_("The study of this patient names no treatment."))
columns = case.study.treatment_columns
asked = address.read(address.TREATMENT)
column = asked if asked in columns else None
address.remember("case.py", case=case.key)
address.remember("treatment.py", case=case.key, **({"treatment": column} if column else {}))
address.remember("patients.py", cohort=case.cohort)
if column is None:
    st.title(say.markdown(_("Patient {identifier}").format(identifier=case.identifier)))
    treatment_choice.chooser(case, None)
    st.info(
        _("Choose a treatment: then what was given, what was usual and what a trial promises are shown here.")
    )
    st.stop()
edits = treatment_choice.edits(case)
view = treatments.view(case.key, column, edits, treatment_choice.together(case, column))
strip.strip(view.case, treatment_choice.decisive(view))
treatment_choice.chooser(view.case, column)
treatment_choice.edited(view)
left, right = st.columns([5, 7], gap="small")
with left:
    treatment_practice.as_treated(view)
    treatment_practice.usual(view)
with right:
    treatment_benefit.panel(view)
    treatment_choice.form(view)

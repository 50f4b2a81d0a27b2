"""What is here and what can be done with it?"""

import streamlit as st

from mtl.language import _
from mtl.services.patients import cohorts
from pages.ui import home, story
from pages.ui.guard import guard

guard("study:read")
st.title(_("Overview"))
home.introduction()
story.invitation()
home.preparing()
found = cohorts.overview()
for place, cohort in enumerate(found):
    home.cohort_card(cohort, place)
if not found:
    st.info(_("There is no cohort yet. The sample cohorts appear here as soon as they are read."))

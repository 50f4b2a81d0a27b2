"""Who may see which cohort?"""

import streamlit as st

from mtl.language import _
from mtl.services import access
from pages.ui import sharing_panel, signin
from pages.ui.guard import guard

guard("access:write")
st.title(_("Access"))
st.html(sharing_panel.introduction())
if not signin.required():
    st.info(
        _("Sign-in is off: whoever opens this app is the same person, and there is nobody to share with.")
    )
owned = access.cohorts_of()
if not owned:
    st.info(
        _("You have no cohort of your own yet. One appears here when you train a model on a table of yours.")
    )
    st.page_link("upload.py", label=_("Bring a table"), icon=":material/upload_file:")
for place, cohort in enumerate(owned):
    sharing_panel.card(cohort, place, can_share=signin.required())

"""Who did what, and what was shown?"""

import streamlit as st

from mtl.language import _
from pages.ui import audit_trail
from pages.ui.guard import guard

guard("audit:read")
st.title(_("Audit trail"))
st.html(audit_trail.introduction())
audit_trail.whole()
choice = audit_trail.choose()
audit_trail.entries(choice)
audit_trail.take_away(choice)

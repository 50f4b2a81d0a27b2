"""What must be known of a model before it is used: TRIPOD+AI and HTI-1, filled as far as the program knows."""

import streamlit as st

from mtl.language import _
from mtl.services.card import card
from pages.ui import address, card_edit, card_view
from pages.ui.guard import guard

guard("model:read")
st.title(_("Model card"))
known = card.available()
if not known:
    st.info(_("There is no model yet, so there is no card. The overview shows what is prepared."))
    st.page_link("overview.py", label=_("Overview"))
    st.stop()
chosen = card_view.choose(known)
opened = card.open_card(chosen)
card_view.head(opened)
checklist, answers = card_view.choose_list(opened)
address.remember("model_card.py", model=chosen, list=checklist.key)
left, right = st.columns([62, 38], gap="medium")
with right:
    card_edit.panel(opened, checklist, answers)
    card_edit.history(opened)
with left:
    card_view.sections(checklist, answers)

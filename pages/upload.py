"""What is in this table, and what does it not say by itself?"""

import streamlit as st

from mtl.language import _
from mtl.services import uploads
from pages.ui import bring, cleaning, questions
from pages.ui.guard import guard

guard("model:write")
st.title(_("Bring a table"))
bring.form()
upload = uploads.current()
if upload is None:
    st.info(_("Nothing has been brought yet. A table stays with you: nobody else sees it."))
    st.stop()
bring.facts(upload)
questions.show(upload)
cleaning.changed(upload)
cleaning.preview(upload)
bring.onward()

"""How well can these outcomes be predicted for patients the model has not seen?"""

import streamlit as st

from mtl.language import _
from mtl.services import uploads
from mtl.services.own import studies, training
from pages.ui import say, training_audit, training_panel
from pages.ui.guard import guard

guard("model:write")
st.title(_("Train"))
upload = uploads.current()
if upload is None:
    st.info(_("A model learns from a table. Bring one first."))
    st.page_link("upload.py", label=_("Bring a table"), icon=":material/upload_file:")
    st.stop()
try:
    draft = studies.draft(upload)
except studies.DataError as error:
    st.warning(say.markdown(_("There is no study yet: {reason}").format(reason=error)))
    st.page_link("study.py", label=_("Study"), icon=":material/rule:")
    st.stop()
state = training.state(upload)
training_panel.start(upload, draft.study, state)
if state is not None:
    training_panel.follow(upload)
found = training.result(upload)
if found is not None and (state is None or not state.open):
    training_panel.result(upload, draft.study, found)
    training_audit.show(found)

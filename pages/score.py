"""What does a model say about the patients of this table?"""

import streamlit as st

from mtl.language import _
from mtl.services import uploads
from mtl.services.own import scoring
from pages.ui import scoring_panel
from pages.ui.guard import guard

guard("model:write")
st.title(_("Score"))
upload = uploads.current()
if upload is None:
    st.info(_("Bring the table whose patients are to be scored."))
    st.page_link("upload.py", label=_("Bring a table"), icon=":material/upload_file:")
    st.stop()
models = scoring.models_here()
if not models:
    st.info(
        _(
            "There is no model yet. The samples' models appear here as soon as they are trained; or train your own."
        )
    )
    st.page_link("train.py", label=_("Train"), icon=":material/model_training:")
    st.stop()
model = scoring_panel.choose(upload, models)
scoring_panel.differences(upload, model)
scoring_panel.run(upload, model)

"""What is to be predicted, from what, and when is each thing known?"""

import streamlit as st

from mtl.language import _
from mtl.services import uploads
from mtl.services.own import studies
from pages.ui import say, study_editor, study_files
from pages.ui.guard import guard

guard("model:write")
st.title(_("Study"))
upload = uploads.current()
if upload is None:
    st.info(_("A study is about a table. Bring one first."))
    st.page_link("upload.py", label=_("Bring a table"), icon=":material/upload_file:")
    st.stop()
try:
    draft = studies.draft(upload)
except studies.DataError as error:
    st.warning(say.markdown(_("No study could be guessed: {reason}").format(reason=error)))
    study_files.files(upload, None)
    st.stop()
study_editor.head(upload, draft)
study_editor.suspicions(draft)
study_editor.editor(upload, draft)
study_files.add_task(upload, draft)
study_files.files(upload, draft)

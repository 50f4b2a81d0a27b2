"""What is in these data, before anything is learnt from them?"""

import streamlit as st

from mtl.language import _, number, study_language
from mtl.services import uploads, users
from mtl.services.own import look, studies
from pages.ui import address, look_drift, look_labels, look_missing, look_spread, look_table, say
from pages.ui.guard import guard

guard("cohort:read")
st.title(_("Look at the data"))
found = {one.key: one for one in look.subjects()}
upload = uploads.current() if users.current().may(uploads.PERMISSION) else None
if upload is not None and look.UPLOAD not in found:
    try:
        studies.draft(upload)
    except studies.DataError as error:
        st.warning(say.markdown(_("There is no study yet: {reason}").format(reason=error)))
        st.page_link("study.py", label=_("Study"), icon=":material/rule:")
if not found:
    st.info(_("There is nothing to look at yet. Bring a table, or wait for the sample cohorts."))
    st.page_link("upload.py", label=_("Bring a table"), icon=":material/upload_file:")
    st.stop()
asked = address.read(address.COHORT)
chosen = asked if asked in found else next(iter(found))
st.session_state["look_cohort"] = chosen
st.segmented_control(
    _("Table"),
    list(found),
    format_func=lambda key: say.markdown(found[key].title.get(study_language())),
    key="look_cohort",
    required=True,
    label_visibility="collapsed",
    on_change=lambda: address.put(cohort=st.session_state["look_cohort"], task=None),
)
subject = found[chosen]
with st.spinner(_("Counting; this happens once.")):
    counted = look.look(chosen)
task = look_labels.task(subject, counted)
address.remember("look.py", cohort=chosen, **({address.TASK: task} if task else {}))
look_labels.panel(subject, counted, number(subject.n))
look_missing.panel(subject, counted, task)
look_table.panel(subject, task)
look_spread.distributions(subject, counted, task)
look_spread.far_out(subject, counted)
look_spread.correlations(subject, counted)
look_drift.panel(subject)

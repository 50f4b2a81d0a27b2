"""A patient at random, whose number lies where the reader wants it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from mtl.language import _
from mtl.services.patients import cohorts
from pages.ui import address


def offer(cohort: str, risks: Mapping[str, str], tasks: Mapping[str, str | None], hidden: bool) -> None:
    """Offer to open one.

    Parameters
    ----------
    risks, tasks
        By output column its name, and its task.
    hidden
        Numbers wait for the reader's own: a range would tell them, so it is anybody.
    """
    with st.popover(_("Random case"), icon=":material/casino:", width="content"):
        output, low, high = next(iter(risks)), 0, 100
        if not hidden:
            output = st.selectbox(
                _("Whose number"), list(risks), format_func=risks.__getitem__, key=f"random_output_{cohort}"
            )
            low, high = st.slider(_("lies between (%)"), 0, 100, (20, 80), key=f"random_range_{cohort}")
        if st.button(_("Open one"), key="random_case", type="primary"):
            found = cohorts.random_case(cohort, output, low / 100, high / 100)
            if found is None:
                st.info(_("No patient of this cohort has a number in this range."))
            else:
                address.open_case(found, tasks[output])

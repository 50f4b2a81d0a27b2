"""What a visitor sees where a page, a part of it or a button failed: a sentence and a way on, never a traceback."""

from __future__ import annotations

import secrets

import streamlit as st

from mtl.language import _
from mtl.services import trouble
from pages.ui import say


def show(error: Exception) -> str:
    """Say what went wrong and offer to try again; the name under which the log has the rest.

    The server calls it wherever Streamlit caught an error: in a page, a fragment or a callback. Streamlit ends a page on
    purpose by exceptions of its own, which never come here.
    """
    incident = secrets.token_hex(4)
    words = trouble.words(error)
    with st.container(key=f"trouble_{incident}"):
        if words is not None:
            st.error(say.markdown(words))
        else:
            st.error(
                say.markdown(
                    _(
                        "This page could not be shown: something went wrong that nobody foresaw. Try again; if it happens "
                        "again, tell the administrator of this server the number {incident}."
                    ).format(incident=incident)
                )
            )
        st.button(_("Try again"), key=f"try_again_{incident}", type="primary", icon=":material/refresh:")
    return incident

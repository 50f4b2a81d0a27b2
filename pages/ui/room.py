"""Room for one more: a server that takes no more tabs says so instead of growing slow for everybody."""

from __future__ import annotations

import streamlit as st
from streamlit import runtime

from mtl.language import _
from mtl.services import limits
from pages.ui import say

_ADMITTED = "admitted"


def gate() -> None:
    """Stop for a new visitor while the server is full; who is in stays in."""
    if _ADMITTED in st.session_state:
        return
    message = limits.full(_inside())
    if message is None:
        st.session_state[_ADMITTED] = True
        return
    st.title(_("The server is full"))
    st.write(say.markdown(message))
    st.button(_("Try again"), key="try_again", type="primary")
    st.stop()


def _inside() -> int:
    """Tabs that were let in and are open. Streamlit has no public way to ask: a test holds this one."""
    if not runtime.exists():
        return 0
    manager = getattr(runtime.get_instance(), "_session_mgr", None)
    if manager is None:  # AppTest's stand-in for the runtime has no tabs
        return 0
    return sum(_ADMITTED in tab.session.session_state for tab in manager.list_active_sessions())

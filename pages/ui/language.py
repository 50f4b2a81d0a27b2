"""The reader's language: from the address, else this session, else the browser; a switch in the sidebar."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mtl import language
from mtl.language import LANGUAGES, _

PARAMETER = "lang"
_KEY = "language"
_SWITCH = "language_switch"


def current() -> str | None:
    """Return the session's language, also in fragments and callbacks, or None outside a session."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    return st.session_state.get(_KEY)


def choose() -> None:
    """Settle the language of this run and keep the address in step; the shell calls it first."""
    language.follow(current)
    asked = language.match(st.query_params.get(PARAMETER))
    _settle(asked or st.session_state.get(_KEY) or _browser())
    # For the rest of this run: to ask the session for every word took a tenth of it.
    language.set_language(st.session_state[_KEY])


def address() -> dict[str, str]:
    """Return what a link inside the app says about language: nothing where it is the browser's own."""
    code = language.language()
    return {} if code == _browser() else {PARAMETER: code}


def _browser() -> str:
    return language.match(st.context.locale) or language.DEFAULT


def _settle(code: str) -> None:
    st.session_state[_KEY] = code
    if code == _browser():
        st.query_params.pop(PARAMETER, None)
    elif st.query_params.get(PARAMETER) != code:
        st.query_params[PARAMETER] = code


def _switched() -> None:
    _settle(st.session_state[_SWITCH])


def switch() -> None:
    """Offer the languages, each under its own name."""
    st.session_state[_SWITCH] = st.session_state[_KEY]
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=_SWITCH,
        on_change=_switched,
        required=True,
        label_visibility="collapsed",
    )

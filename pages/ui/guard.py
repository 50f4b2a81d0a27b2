"""The guard: no page shows anything outside the shell, or to somebody who may not see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from mtl.language import _
from mtl.services import users
from pages.ui import signin

_in_shell: ContextVar[bool] = ContextVar("in_shell", default=False)


@contextmanager
def shell() -> Iterator[None]:
    """Mark that the shell runs a page: it has asked for sign-in and set the language."""
    token = _in_shell.set(True)
    try:
        yield
    finally:
        _in_shell.reset(token)


def guard(permission: str) -> None:
    """Stop the page unless the shell runs it and the visitor may see it; the first call of every page.

    Raises
    ------
    ValueError
        If no such permission exists: a page with a misspelt one must not open.
    """
    if permission not in users.PERMISSIONS:
        raise ValueError(
            f"There is no permission {permission!r}; use one of {', '.join(sorted(users.PERMISSIONS))}."
        )
    if not _in_shell.get():
        st.error(_("This page opens only inside the app. Go to its start page."))
        st.stop()
    if signin.closed():
        st.error(_("Sign in to see this page."))
        st.stop()
    if not users.current().may(permission):
        st.title(_("Not for your role"))
        st.info(_("Your role does not include this page. Ask the administrator of this server."))
        st.stop()

"""Sign-in: whether this server asks for it, and who is signed in."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mtl.language import _
from mtl.services import users
from mtl.services.users import User

NOBODY = User("nobody", frozenset())


def required() -> bool:
    """Return whether the secrets ask for sign-in, that is, hold a section [auth].

    A secrets file that cannot be read stops the page: to run open after a typing error would be a way in.
    """
    if st.secrets.load_if_toml_exists():
        return "auth" in st.secrets
    unread = [path for path in st.get_option("secrets.files") if Path(path).exists()]
    if unread:
        st.error(_("The server's secrets cannot be read. Its administrator has to correct them."))
        st.stop()
    return False


def signed_in() -> bool:
    """Return whether somebody is signed in and the identity provider's word for it has not expired."""
    if not st.user.get("is_logged_in", False):
        return False
    expiry = st.user.get("exp")
    return not isinstance(expiry, (int, float)) or expiry > time.time()


def closed() -> bool:
    """Return whether this visitor has to sign in before anything else."""
    return required() and not signed_in()


def visitor() -> User | None:
    """Return who asks, also in fragments and callbacks; None where sign-in is off, or outside a session.

    Who is signed in has every role until roles are given out. The name is the provider's own for the person, which
    stays when somebody's address changes.
    """
    if get_script_run_ctx(suppress_warning=True) is None or not required():
        return None
    if not signed_in():
        return NOBODY
    names = (st.user.get(claim) for claim in ("sub", "email", "name"))
    name = next((str(one) for one in names if one), "")
    return User(name, frozenset(users.ROLES)) if name else NOBODY


def gate() -> None:
    """Show the way to sign in and stop, unless nobody has to or somebody has."""
    if not closed():
        if required():
            st.sidebar.caption(str(st.user.get("name") or st.user.get("email") or ""))
            st.sidebar.button(_("Sign out"), on_click=st.logout, key="sign_out")
        return
    st.title(_("Sign in"))
    st.write(
        _("This server shows patients' data to people it knows. Sign in with your institution's account.")
    )
    st.button(_("Sign in"), on_click=st.login, type="primary", key="sign_in")
    st.stop()

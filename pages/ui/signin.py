"""Sign-in: whether this server asks for it, who is signed in, and what they may do."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mtl.figures.markup import text
from mtl.language import N_, _, listed
from mtl.services import access, identity
from mtl.services.users import NOBODY, User

ROLES = {
    "viewer": N_("viewer"),
    "clinician": N_("clinician"),
    "researcher": N_("researcher"),
    "admin": N_("administrator"),
}
WATCH = 20.0  # seconds after which an idle page notices that the provider's word has expired
_ARRIVED = "arrived"  # whose arrival this session has told


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
    return bool(st.user.get("is_logged_in", False)) and not identity.expired(_claims(), time.time())


def closed() -> bool:
    """Return whether this visitor has to sign in before anything else."""
    return required() and not signed_in()


def visitor() -> User | None:
    """Return who asks, also in fragments and callbacks; None where sign-in is off.

    What runs outside a session is nobody's doing. In a fragment, whose page was shown before the provider's word
    expired, the whole app runs again, and shows the door.
    """
    if not required():
        return None
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return NOBODY
    if not signed_in():
        if context.fragment_ids_this_run:
            st.rerun()
        return NOBODY
    return identity.user_of(_claims(), _rules(), _visit(_claims()))


def _visit(claims: Mapping[str, object]) -> str:
    """Return an opaque name of this sign-in, the same in every tab and after every reload."""
    parts = "\0".join(str(claims.get(name, "")) for name in ("iss", "sub", "iat", "exp", "nonce"))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _claims() -> Mapping[str, object]:
    return dict(st.user.items())


def _rules() -> identity.Rules:
    """Return how claims become roles; a mistake in the settings stops the page and lets nobody in."""
    many = bool(_providers())
    told = st.secrets.get("consilium", {})
    try:
        return identity.rules(told.to_dict() if hasattr(told, "to_dict") else dict(told), many)
    except identity.RulesError:
        st.error(_("The server's secrets cannot be read. Its administrator has to correct them."))
        st.stop()


def gate() -> None:
    """Show the way to sign in and stop, unless nobody has to or somebody has who may do something here."""
    if not required():
        words = _(
            "Sign-in is off: this app answers to its own machine only, and whoever sits there may do everything."
        )
        st.sidebar.html(f'<p class="quiet">{text(words)}</p>')
        return
    user = visitor()
    if not signed_in() or user is None or user is NOBODY:
        st.title(_("Sign in"))
        st.write(
            _("This server shows patients' data to people it knows. Sign in with your institution's account.")
        )
        _doors()
        st.stop()
    with st.sidebar:
        roles = listed(_(ROLES[role]) for role in ROLES if role in user.roles)
        line = " · ".join(filter(None, (user.label or user.name, roles)))
        st.html(f'<p class="quiet" data-testid="signed-in">{text(line)}</p>')
        st.button(_("Sign out"), on_click=st.logout, key="sign_out")
    if not user.roles:
        st.title(_("No role yet"))
        st.write(
            _(
                "You are signed in, but nobody has given you a role here. Ask the administrator of this server for one."
            )
        )
        st.stop()
    _watch()


def _providers() -> list[str]:
    """Return the names of the providers, where the secrets name several."""
    return [
        name for name, one in st.secrets["auth"].items() if isinstance(one, Mapping) and "client_id" in one
    ]


def _doors() -> None:
    """Show the button to the provider, one a provider where there are several."""
    if not _providers():
        st.button(_("Sign in"), on_click=st.login, type="primary", key="sign_in")
    for name in _providers():
        label = _("Sign in: {provider}").format(provider=name)
        st.button(label, on_click=st.login, args=(name,), type="primary", key=f"sign_in_{name}")


@st.fragment(run_every=WATCH)
def _watch() -> None:
    """Let an idle page close when the provider's word expires."""
    if closed():
        st.rerun()


def arrive(user: User) -> None:
    """Tell the services once a session who has come."""
    if user.session and st.session_state.get(_ARRIVED) != user.name:
        access.arrived(user)
        st.session_state[_ARRIVED] = user.name

"""A job of the evidence that is no part of it: its button, then how far it is, then what it made."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from mtl.services import steps
from mtl.services.evidence import evidence
from mtl.services.evidence.evidence import PartState
from mtl.services.users import current
from pages.ui import say


def offer(
    name: str,
    what: str,
    job: Callable[[], PartState | None],
    begin: Callable[[], object],
    primary: bool = False,
) -> None:
    """Offer to begin a job, or show how far it is; the page runs again when it has ended.

    Parameters
    ----------
    name
        Its own on the page, letters and `_` only.
    what
        What is done, in the reader's language.
    """
    found = job()
    if found is not None and found.open:
        _follow(what, job)
        return
    if found is not None and found.error is not None:
        st.error(say.markdown(f"{what}: {found.error}"))
    if not current().may(evidence.BEGIN):
        return
    kind = "primary" if primary else "secondary"
    st.button(what, key=f"begin_{name}", type=kind, on_click=begin)  # type: ignore[arg-type]


@st.fragment(run_every=1.0)
def _follow(what: str, job: Callable[[], PartState | None]) -> None:
    found = job()
    if found is None or not found.open:
        st.rerun()
        return
    stage = steps.said(found.stage if found.state == "running" else "")
    st.progress(min(max(found.share, 0.0), 1.0), text=say.markdown(f"{what}: {stage}"))

"""A part of the evidence: what it found, or how far it is, or the button that begins it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mtl.language import _, ngettext, number
from mtl.services import evidence
from mtl.services.cohorts import CohortSummary
from mtl.services.users import current
from pages.ui import say


def found(cohort: CohortSummary, part: str, what: str, start: bool = False) -> dict[str, Any] | None:
    """Return what a part found; None, after saying how it is, while it was not computed.

    Parameters
    ----------
    what
        What is computed, in the reader's language, for the button.
    start
        Begin it without being asked, where the reader may.
    """
    content = evidence.result(cohort.key, part)
    if content is not None:
        return content
    may = current().may(evidence.BEGIN)
    if start and may and evidence.state(cohort.key, part).state == "absent":
        evidence.begin(cohort.key, part)
    _waiting(cohort.key, part, what, may)
    return None


@st.fragment(run_every=1.0)
def _waiting(cohort: str, part: str, what: str, may: bool) -> None:
    state = evidence.state(cohort, part)
    if state.state == "done":
        st.rerun()
    if state.open:
        words = _("waiting") if state.state == "waiting" else state.stage or _("running")
        if state.remaining is not None:
            words = f"{words} · {_left(state.remaining)}"
        st.progress(min(max(state.share, 0.0), 1.0), text=say.markdown(f"{what}: {words}"))
        if may:
            st.button(_("Stop"), key=f"stop_{part}", on_click=evidence.cancel, args=(cohort, part))
        return
    if state.error is not None:
        st.error(say.markdown(f"{what}: {state.error}"))
    if may:
        st.button(what, key=f"begin_{part}", type="primary", on_click=evidence.begin, args=(cohort, part))
    else:
        st.info(_("This has not been computed yet; a researcher can begin it."))


def _left(seconds: float) -> str:
    """Say how long it still takes: in tens of seconds, then in minutes, then in hours."""
    if seconds < 60:
        return _("about {count} seconds left").format(count=number(max(10, 10 * round(seconds / 10))))
    if seconds < 5400:
        minutes = round(seconds / 60)
        return ngettext("about {count} minute left", "about {count} minutes left", minutes).format(
            count=number(minutes)
        )
    return _("about {count} hours left").format(count=number(round(seconds / 3600, 1)))

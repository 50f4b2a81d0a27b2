"""A part of the evidence: what it found, or how far it is, or the button that begins it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from mtl.language import _, ngettext, number
from mtl.services.evidence import evidence
from mtl.services.evidence import words as evidence_words
from mtl.services.evidence.evidence import PartState
from mtl.services.patients.cohorts import CohortSummary, Study
from mtl.services.users import current
from pages.ui import say


@dataclass(frozen=True)
class Work:
    """Something that a job computes: what it is called on the page, how it is, and how it is begun and stopped."""

    key: str
    what: str
    study: Study
    state: Callable[[], PartState]
    begin: Callable[[], None]
    cancel: Callable[[], None]


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
    follow(
        Work(
            part,
            what,
            cohort.study,
            partial(evidence.state, cohort.key, part),
            partial(evidence.begin, cohort.key, part),
            partial(evidence.cancel, cohort.key, part),
        ),
        start,
    )
    return None


def follow(work: Work, start: bool = False) -> None:
    """Say how far something is, or let it be begun; `start` begins it without being asked, where the reader may."""
    may = current().may(evidence.BEGIN)
    if start and may and work.state().state == "absent":
        work.begin()
    _waiting(work, may)


@st.fragment(run_every=1.0)
def _waiting(work: Work, may: bool) -> None:
    state = work.state()
    if state.state == "done":
        st.rerun()
    if state.open:
        words = _("waiting") if state.state == "waiting" else _stage(work, state)
        if state.remaining is not None:
            words = f"{words} · {_left(state.remaining)}"
        st.progress(min(max(state.share, 0.0), 1.0), text=say.markdown(f"{work.what}: {words}"))
        if may:
            st.button(_("Stop"), key=f"stop_{work.key}", on_click=work.cancel)
        return
    if state.error is not None:
        st.error(say.markdown(f"{work.what}: {state.error}"))
    if may:
        st.button(work.what, key=f"begin_{work.key}", type="primary", on_click=work.begin)
    else:
        st.info(_("This has not been computed yet; a researcher can begin it."))


def _stage(work: Work, state: PartState) -> str:
    return evidence_words.stage(work.study, state.stage) if state.stage else _("running")


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

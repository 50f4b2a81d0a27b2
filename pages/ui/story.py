"""The guided tour: a bar at the foot of every page with a sentence, back and next, until the reader leaves it."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, number
from mtl.services import settings
from mtl.services.tour import story
from mtl.services.tour.story import Step
from pages.ui import address, language, navigation

STEP = "story"  # in the address and in the session: the step, from 1
_LAST, _PRESENTING, _ARRIVED = "story_last", "story_presenting", "story_arrived"
_SHORTCUTS = {
    False: ("Alt+PageUp", "Alt+PageDown"),
    True: ("PageUp", "PageDown"),
}  # a presenter's remote sends the latter


def steps() -> tuple[Step, ...]:
    """Return the steps that this app and this reader can see."""
    return story.steps([page.address for page in navigation.pages()]) if story.ready() else ()


def bar(page: str) -> None:
    """Show the bar on a page, if the reader is on the tour; the shell calls it before the page, which may stop."""
    asked = address.read(STEP) or st.session_state.get(STEP)
    if asked is None:
        return
    found = steps()
    if not str(asked).isdecimal() or not 1 <= int(asked) <= len(found):
        _forget()
        return
    place = int(asked)
    step = found[place - 1]
    if st.session_state.get(_ARRIVED) is None and not _is_here(step, page):
        _open(found, place)  # a pasted link may name the step alone
    st.session_state[STEP] = st.session_state[_LAST] = place
    address.put(**{STEP: place})
    _arrive(step, place)
    presenting = bool(st.session_state.get(_PRESENTING))
    st.html(f"<style>{_style(step, presenting)}</style>")
    with st.bottom, st.container(key="story_bar", gap="small"):
        where = _("Step {place} of {count}").format(place=number(place), count=number(len(found)))
        st.html(
            f'<p class="story-step">{text(where)}</p><p class="story-words" role="status">{text(step.sentence)}</p>'
        )
        _buttons(found, place, presenting, _is_here(step, page))


def _is_here(step: Step, page: str) -> bool:
    """Return whether the address is that of a step."""
    parts = step.parameters.items()
    return page == step.page and all(address.read(name) == value for name, value in parts)


def _buttons(found: tuple[Step, ...], place: int, presenting: bool, here: bool) -> None:
    back, forward = _SHORTCUTS[presenting]
    with st.container(horizontal=True, width="content", gap="small"):
        if not here and st.button(_("To this step"), key="story_return"):
            _open(found, place)
        if st.button(_("Back"), key="story_back", disabled=place == 1, shortcut=back):
            _open(found, place - 1)
        last = place == len(found)
        if st.button(_("Finish") if last else _("Next"), key="story_next", type="primary", shortcut=forward):
            if last:
                _leave()
            _open(found, place + 1)
        st.button(
            _("End presentation") if presenting else _("Present"), key="story_present", on_click=_present,
            shortcut="Escape" if presenting else None, icon=":material/present_to_all:",
        )  # fmt: skip
        if not presenting and st.button(_("Leave the tour"), key="story_leave", icon=":material/close:"):
            _forget()
            st.rerun()


def _present() -> None:
    st.session_state[_PRESENTING] = not st.session_state.get(_PRESENTING)


def _arrive(step: Step, place: int) -> None:
    """Set what the address cannot hold, once each time a step is come to."""
    if st.session_state.get(_ARRIVED) == place:
        return
    st.session_state[_ARRIVED] = place
    if "case" in step.parameters:
        case = step.parameters["case"]
        st.session_state.pop(f"edits_{case}", None)
        st.session_state[f"tries_{case}"] = (
            st.session_state.get(f"tries_{case}", 0) + 1
        )  # the form begins anew
        if step.edits:
            st.session_state[f"edits_{case}"] = dict(step.edits)
    st.session_state.pop("detail", None)


def _open(found: tuple[Step, ...], place: int) -> NoReturn:
    step = found[place - 1]
    st.session_state[STEP] = place
    st.session_state[_ARRIVED] = 0
    file = next(page.file for page in navigation.pages() if page.address == step.page)
    st.switch_page(file, query_params=language.address() | step.parameters | {STEP: str(place)})


def _start(place: int) -> None:
    found = steps()
    if found:
        _open(found, min(place, len(found)))


def _forget() -> None:
    for key in (STEP, _PRESENTING, _ARRIVED):
        st.session_state.pop(key, None)
    address.put(**{STEP: None})


def _leave() -> NoReturn:
    """End the tour where it began."""
    _forget()
    st.session_state.pop(_LAST, None)
    st.switch_page("overview.py", query_params=language.address())


def invitation() -> None:
    """Offer the tour on the first page: from the beginning, from where it was left, and a clean start."""
    if st.session_state.get(STEP) or not story.ready():
        return
    last = st.session_state.get(_LAST)
    with st.container(horizontal=True, gap="small", key="story_invitation"):
        if isinstance(last, int) and last > 1:
            label = _("Continue the tour at step {place}").format(place=number(last))
            if st.button(label, key="story_resume", icon=":material/resume:"):
                _start(last)
        if st.button(_("Take the tour"), key="story_start", icon=":material/play_arrow:"):
            story.prepare()
            _start(1)
        words = _(
            "Forgets what was filtered, sorted, tried and opened, and your settings; the language is the browser's again. "
            "Your own patients and what you signed stay."
        )
        if st.button(_("Start afresh"), key="story_reset", icon=":material/restart_alt:", help=words):
            settings.reset()
            st.session_state.clear()
            st.switch_page("overview.py", query_params={})


def _style(step: Step, presenting: bool) -> str:
    """Return what brings the part that is meant up to the head of the page, and for a presentation hides the rest."""
    focus = ""
    if step.focus == "chosen":
        column = '[data-testid="stColumn"] > [data-testid="stVerticalBlock"] > '
        focus = f'{column}:has(> [class*="_chosen"]){{order:-1}}{column}:has(> [class*="st-key-heading_"]){{order:-2}}'
    elif step.focus:
        card, block = f".st-key-card_{step.focus}", _BLOCKS
        focus = f"{block}:has({card}){{order:-1}}{block}:has(.st-key-card_strip){{order:-2}}"
        focus += f"{card}{{border-color:var(--primary);box-shadow:0 0 0 2px var(--primary)}}"
    return focus + (_PRESENTATION if presenting else "")


_BLOCKS = '[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] > '
# The pointer is a ring that the back row can follow.
_RING = (
    "url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='44' height='44'%3E%3Ccircle cx='22' cy='22' "
    "r='17' fill='%23b04f27' fill-opacity='.25' stroke='%23b04f27' stroke-width='4'/%3E%3C/svg%3E\") 22 22, auto"
)
_PRESENTATION = (
    "html{font-size:20px !important}"
    '[data-testid="stSidebar"],[data-testid="stHeader"]{display:none !important}'
    '[data-testid="stMainBlockContainer"]{padding-top:1.5rem !important}'
    f".stApp{{cursor:{_RING}}}"
)

"""A cohort that belongs to somebody: with whom it is shared, and the form to share it."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, ngettext, number
from mtl.services import access, retention, users
from mtl.services.access import GROUP, USER, Owned, Share
from mtl.services.patients import wording
from pages.ui import say, theme

KINDS = {USER: N_("a person"), GROUP: N_("a group")}


def introduction() -> str:
    """Return what sharing means, as HTML."""
    words = _(
        "Sample cohorts are seen by everybody who may sign in. A cohort made from a table of yours is seen by you alone, "
        "until you share it. Who it is shared with sees its patients and its model, and cannot change either. "
        "When other patients come under the same name, sharing ends."
    )
    return f'<p class="quiet">{text(words)}</p>'


def card(cohort: Owned, place: int, can_share: bool) -> None:
    """Show one cohort; `place` tells its widgets from those of the others."""
    with theme.card(f"access_{place}"):
        unit = ngettext("patient", "patients", cohort.n)
        facts = f"{number(cohort.n)} {unit}"
        if not cohort.mine:
            facts += " · " + _("belongs to {owner}").format(owner=cohort.owner)
        st.html(f'<h2 class="c-title">{text(cohort.name)}</h2><p class="quiet">{text(facts)}</p>')
        labels = {one.name: one.label for one in access.people()} | {_me(): _("you")}
        if not cohort.shares:
            words = _("Not shared.")
            st.html(f"<p>{text(words)}</p>")
        for at, one in enumerate(cohort.shares):
            _shared(cohort, one, f"{place}_{at}", labels)
        if can_share:
            _form(cohort, place, labels)
        _deletion(cohort, place)


def _me() -> str:
    return users.current().name


def _shared(cohort: Owned, one: Share, key: str, labels: dict[str, str]) -> None:
    who = labels.get(one.who, one.who) if one.kind == USER else _("group {name}").format(name=one.who)
    words = _("{who}, since {day}").format(who=who, day=wording.day(one.given))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f"<p>{text(words)}</p>", width="content")
        st.button(
            _("End sharing"), key=f"unshare_{key}", type="tertiary", icon=":material/close:",
            on_click=_ended, args=(cohort.key, one.kind, one.who),
        )  # fmt: skip


def _ended(cohort: str, kind: str, who: str) -> None:
    try:
        access.take_back(cohort, kind, who)
    except access.AccessError as error:
        st.toast(say.markdown(error))


def _form(cohort: Owned, place: int, labels: dict[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.selectbox(
            _("Share with"),
            list(KINDS),
            key=f"share_kind_{place}",
            format_func=lambda one: _(KINDS[one]),
            width=180,
        )
        taken = {one.who for one in cohort.shares if one.kind == kind}
        known = [one.name for one in access.people()] if kind == USER else access.groups()
        who = st.selectbox(
            _("Who"), [one for one in known if one not in taken], index=None, key=f"share_who_{place}_{kind}", width=320,
            format_func=lambda one: labels.get(one, one) if kind == USER else one,
            placeholder=_("somebody who has signed in here"),
        )  # fmt: skip
        if st.button(_("Share"), key=f"share_{place}", disabled=who is None, icon=":material/person_add:"):
            try:
                access.give(cohort.key, kind, str(who))
            except access.AccessError as error:
                st.error(say.markdown(error))
            else:
                st.rerun()


def _deletion(cohort: Owned, place: int) -> None:
    """Offer to delete the cohort: what goes is told first, and its name has to be typed."""
    with st.popover(
        _("Delete this cohort"), icon=":material/delete:", width="content", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        try:
            found = retention.derived(cohort.key)
        except retention.REFUSALS as error:
            st.error(say.markdown(error))
            return
        goes = _(
            "With it go its model and everything computed from it, patients that were typed in under it, target trials, and "
            "the uploaded table (files and folders: {files}). What was signed (records: {records}) and the audit trail "
            "stay; they hold no finding, but what was written by hand as a reason or a note stays as it was written. This "
            "cannot be undone."
        ).format(files=number(len(found.paths)), records=number(found.kept_records))
        st.html(f"<p>{text(goes)}</p>")
        words = _("Type the name to confirm: {name}").format(name=cohort.name)
        typed = st.text_input(say.markdown(words), key=f"delete_name_{place}", max_chars=200)
        if st.button(_("Delete for good"), key=f"delete_{place}", disabled=typed.strip() != cohort.name):
            try:
                retention.forget(cohort.key)
            except retention.REFUSALS as error:
                st.error(say.markdown(error))
            else:
                st.rerun()

"""The audit trail: which entries, a page of them, the check of the chain, and the file to take away."""

from __future__ import annotations

import datetime

import streamlit as st

from mtl import language
from mtl.figures.markup import text
from mtl.language import N_, _, number
from mtl.services import audit, users
from mtl.services.audit import Choice, Kept
from pages.ui import export, say, theme

PAGE = 50
_AT = "audit_offset"


#: What a case page may have warned of, before translation.
WARNED = {
    "out_of_distribution": N_("unlike the training patients"),
    "out_of_range": N_("out of range"),
    "unseen": N_("not understood"),
    "not_estimable": N_("not estimable"),
    "training_patient": N_("training patient"),
}


def introduction() -> str:
    """Return what the trail holds, as HTML."""
    words = _(
        "Every entry says who did what and when, with the case's opaque key, the model's version, a digest of what the "
        "model was given, and what was shown. It holds no finding of a patient. Entries are only added, and each is bound "
        "to the one before. Times are UTC."
    )
    return f'<p class="quiet">{text(words)}</p>'


def whole() -> None:
    """Offer to follow the whole chain."""
    if st.button(_("Check that nothing was changed"), key="audit_verify", icon=":material/verified:"):
        found = audit.verify()
        if found.wrong is None:
            words = _("{count} entries, none changed, none missing.").format(count=number(found.entries))
            st.success(words)
            st.html(f'<p class="quiet">{text(f"{found.entries}:{found.head}")}</p>')
        else:
            words = _("The trail is not whole: {reason}").format(reason=found.wrong)
            st.error(say.markdown(words))


def choose() -> Choice:
    """Show the filters; return what they say."""
    people = audit.users_named()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        user = st.selectbox(
            _("User"), list(people), index=None, key="audit_user", format_func=lambda name: people[name], width=220,
            placeholder=_("any user"), on_change=_first,
        )  # fmt: skip
        action = st.selectbox(
            _("What"), audit.actions(), index=None, key="audit_action", format_func=_action, width=240,
            placeholder=_("everything"), on_change=_first,
        )  # fmt: skip
        first = st.date_input(_("From"), value=None, key="audit_first", width=150, on_change=_first)
        last = st.date_input(_("Until"), value=None, key="audit_last", width=150, on_change=_first)
        case = st.text_input(
            _("Case key"), key="audit_case", max_chars=40, width=220, on_change=_first,
            placeholder=_("from the case's address"),
        )  # fmt: skip
    return Choice(user, action, case.strip() or None, _day(first), _day(last))


def _day(chosen: object) -> datetime.date | None:
    return chosen if isinstance(chosen, datetime.date) else None


def _first() -> None:
    st.session_state[_AT] = 0


def _action(name: str) -> str:
    return _(audit.ACTIONS[name]) if name in audit.ACTIONS else name


def entries(choice: Choice) -> None:
    """Show a page of the entries, the newest first."""
    at = st.session_state.get(_AT, 0)
    found = audit.page(choice, PAGE, at)
    if not found.total:
        st.info(_("No entry fits."))
        return
    with theme.card("audit"):
        heads = (_("Time"), _("User"), _("What"), _("Case"), _("Model version"), _("More"))
        head = "".join(f'<th scope="col">{text(one)}</th>' for one in heads)
        rows = "".join(_row(one, found.labels) for one in found.entries)
        name = _("Audit trail")
        st.html(
            f'<div class="plain-table" tabindex="0" role="region" aria-label="{text(name)}"><table style="min-width:54rem">'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for key, label, to, off in (
            ("audit_newer", _("newer"), at - PAGE, at <= 0),
            ("audit_older", _("older"), at + PAGE, at + PAGE >= found.total),
        ):
            st.button(label, key=key, disabled=off, on_click=_go, args=(max(0, to),))
        words = _("entries {first} to {last} of {count}").format(
            first=number(at + 1), last=number(at + len(found.entries)), count=number(found.total)
        )
        st.html(f'<p class="quiet tabular">{text(words)}</p>', width="content")


def _go(offset: int) -> None:
    st.session_state[_AT] = offset


def _row(one: Kept, labels: dict[str, str]) -> str:
    entry = one.entry
    moment = one.time[:19].replace("T", " ")
    cells = (
        labels.get(entry.user, entry.user),
        _action(entry.action),
        " · ".join(filter(None, (entry.cohort, entry.case_key))),
        entry.version or "",
        _more(one),
    )
    return (
        f'<tr><td class="tabular" style="white-space:nowrap">{text(moment)}</td>'
        + "".join(f"<td>{text(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _more(one: Kept) -> str:
    """Return what else the entry says, in a line."""
    entry = one.entry
    parts = [f"{name}: {value}" for name, value in entry.shown.items()]
    parts += [
        " ".join(filter(None, (_warned(warned["code"]), *list(warned.values())[1:])))
        for warned in entry.warnings
    ]
    parts += [entry.decision or "", entry.reason]
    parts += [f"{name}: {_plain(value)}" for name, value in entry.detail.items()]
    return " · ".join(filter(None, parts))


def _warned(code: str) -> str:
    return _(WARNED[code]) if code in WARNED else code


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def take_away(choice: Choice) -> None:
    """Offer the chosen entries as a file."""
    reader, code = users.current(), language.language()

    def made() -> bytes:
        # on the click, in a thread that knows neither the reader nor the language
        with users.acting(reader), language.use(code):
            return export.csv_bytes(audit.export(choice))

    st.download_button(
        _("These entries (CSV)"), made, "audit.csv", "text/csv", key="audit_csv", icon=":material/download:",
        on_click="ignore",
    )  # fmt: skip

"""Authors complete a model card item by item; every save is a version of its own."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, listed, number
from mtl.services import users
from mtl.services.card import card
from mtl.services.card.card import Answer, Card, Checklist
from mtl.services.patients import wording
from pages.ui import say, theme

_SAID = "card_said"  # what came of the last save: an error, or ""


def panel(opened: Card, checklist: Checklist, answers: tuple[Answer, ...]) -> None:
    """Show the form to those who may write; the others are told whom to ask."""
    with theme.card("card_edit"):
        head = _("Complete an item")
        st.html(f'<h3 class="c-title">{text(head)}</h3>')
        if not users.current().may(card.EDIT):
            st.info(
                _(
                    "You may read this card. To complete it, ask an administrator for the role of a researcher."
                )
            )
            return
        by_key = {answer.key: answer for answer in answers}
        first = next((key for key, answer in by_key.items() if card.wanting(answer)), next(iter(by_key)))
        chosen = st.selectbox(
            _("Item"), list(by_key), key=f"card_item_{checklist.key}", index=list(by_key).index(first),
            format_func=lambda key: _named(by_key[key]),
        )  # fmt: skip
        _form(opened, by_key[chosen])


def _named(answer: Answer) -> str:
    mark = "" if card.wanting(answer) else " ✓"
    return f"{answer.item.number} {_(answer.item.title)}{mark}"


def _form(opened: Card, answer: Answer) -> None:
    base = 0 if opened.written is None else opened.written.number
    field = f"card_words_{opened.key}_{answer.key}_{base}"
    st.html(f'<p class="quiet">{text(_(answer.item.asks))}</p>')
    with st.form(f"card_form_{answer.key}", border=False):
        st.text_area(_("Words of the author"), answer.words, key=field, max_chars=card.LONGEST, height=200)
        st.form_submit_button(
            _("Save"), type="primary", key="card_save", icon=":material/save:",
            on_click=_save, args=(opened.key, base, answer.key, field),
        )  # fmt: skip
    said = st.session_state.pop(_SAID, None)
    if said:
        st.error(say.markdown(said))
    elif said == "":
        st.success(_("Saved as version {number}.").format(number=number(base)))


def _save(model: str, base: int, key: str, field: str) -> None:
    try:
        card.save(model, base, {key: st.session_state[field]})
    except card.StoreError as error:
        st.session_state[_SAID] = str(error)
    else:
        st.session_state[_SAID] = ""


def history(opened: Card) -> None:
    """Who wrote what and when, the newest first."""
    found = card.versions(opened.key)
    if not found:
        return
    with st.expander(_("Versions of the authors' words")):
        lines = []
        for one, before in zip(found, [*found[1:], None], strict=True):
            old = {} if before is None else before.answers
            changed = [key for key in {**old, **one.answers} if old.get(key) != one.answers.get(key)]
            told = _("Version {number}, {who}, {date}: {items}").format(
                number=number(one.number), who=one.who, date=wording.day(one.when),
                items=listed(key.partition(" ")[2] for key in changed) or "–",
            )  # fmt: skip
            lines.append(f"<li>{text(told)}</li>")
        st.html(f'<ul class="quiet t-list">{"".join(lines)}</ul>')

"""A model card as a page shows it: which model, what is filled, the sections, and the files to take away."""

from __future__ import annotations

import streamlit as st

from mtl import language
from mtl.figures.markup import css_share, text
from mtl.language import _
from mtl.services import users
from mtl.services.card import card
from mtl.services.card.card import Answer, Card, Checklist
from pages.ui import address, say, theme

LABELS = {"pdf": "PDF", "md": "Markdown"}


def choose(known: dict[str, str]) -> str:
    """Let the reader choose a model, given what each is called; its key."""
    asked = address.read(address.MODEL)
    chosen = asked if asked in known else next(iter(known))
    st.session_state["model_of_card"] = chosen
    st.selectbox(
        _("Model"), list(known), key="model_of_card", format_func=known.__getitem__,
        on_change=lambda: address.put(model=st.session_state["model_of_card"]),
    )  # fmt: skip
    return chosen


def head(opened: Card) -> None:
    """Say whose card it is, what it is for and not for, how much is filled; offer it to take away."""
    with theme.card("card_head"):
        badge = _("for demonstration only")
        marks = f' <span class="badge">{text(badge)}</span>' if opened.demonstration else ""
        lines = [f'<h2 class="c-title">{text(opened.title)}{marks}</h2>']
        lines.append(f'<p class="quiet">{text(" · ".join(opened.facts))}</p>')
        for label, words in ((_("Intended use"), opened.use), (_("Out of scope"), opened.not_for)):
            lines.append(f"<p><b>{text(label)}</b> {text(words or _(card.STATES['open']))}</p>")
        lines += [_progress(opened, checklist) for checklist, _answers in opened.lists]
        st.html("".join(lines))
        with st.container(horizontal=True, gap="small"):
            for kind in card.FORMATS:
                _download(opened, kind)


def _progress(opened: Card, checklist: Checklist) -> str:
    counts = opened.counts(checklist)
    total = sum(counts.values())
    parts = "".join(
        f'<i class="{state}" style="width:{css_share(count / total)}"></i>'
        for state, count in counts.items()
        if count
    )
    said = _("{label}: {value}").format(label=_(checklist.title), value=opened.counted(checklist))
    return f'<p class="quiet">{text(said)}</p><div class="m-bar" aria-hidden="true">{parts}</div>'


def _download(opened: Card, kind: str) -> None:
    reader, code, key = users.current(), language.language(), opened.key

    def made() -> bytes:
        # on the click, in a thread that knows neither the reader nor the language
        with users.acting(reader), language.use(code):
            return card.file(card.open_card(key), kind).content

    st.download_button(
        LABELS[kind], made, file_name=card.file_name(opened, kind), mime=card.FORMATS[kind], key=f"card_{kind}",
        on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def choose_list(opened: Card) -> tuple[Checklist, tuple[Answer, ...]]:
    """Let the reader choose a checklist; it with its answers."""
    by_key = {checklist.key: (checklist, answers) for checklist, answers in opened.lists}
    asked = address.read(address.LIST)
    st.session_state["card_list"] = asked if asked in by_key else next(iter(by_key))
    st.segmented_control(
        _("Checklist"),
        list(by_key),
        format_func=lambda key: _(by_key[key][0].title),
        key="card_list",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: address.put(list=st.session_state["card_list"]),
    )
    return by_key[st.session_state["card_list"]]


def sections(checklist: Checklist, answers: tuple[Answer, ...]) -> None:
    """Show the sections, folded; the head of each says how much of it is wanting."""
    by_section: dict[str, list[Answer]] = {}
    for answer in answers:
        by_section.setdefault(answer.item.section, []).append(answer)
    st.html(f'<p class="quiet">{text(checklist.source)}</p>')
    for section, inside in by_section.items():
        wanting = sum(bool(card.wanting(answer)) for answer in inside)
        said = _("{section} · {wanting} of {count} to be completed") if wanting else _("{section} · complete")
        title = said.format(section=_(section), wanting=wanting, count=len(inside))
        with st.expander(say.markdown(title)):
            st.html("".join(_item(answer) for answer in inside))


def _item(answer: Answer) -> str:
    item, state = answer.item, _(card.STATES[answer.state])
    head = (
        f'<h4><span class="number">{text(item.number)}</span>{text(_(item.title))}'
        f'<span class="badge plain">{text(state)}</span></h4><p class="quiet">{text(_(item.asks))}</p>'
    )
    words = f'<p class="author">{text(answer.words)}</p>' if answer.words else ""
    wanting = card.wanting(answer)
    lacking = f'<p class="lacking">{text(wanting)}</p>' if wanting else ""
    return f'<div class="m-item">{head}{card.markup(answer)}{words}{lacking}</div>'

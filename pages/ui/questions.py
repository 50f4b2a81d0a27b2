"""What only a person knows about a table: one question a line, answered together."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, ngettext
from mtl.services import uploads
from mtl.services.uploads import Question, Upload
from pages.ui import say, theme

LATER = ""
_ASKS = {
    "sentinel": N_("Does {value} in {column} mean “unknown”?"),
    "date_order": N_("How are the dates in {column} written?"),
    "unit": N_("What unit have the numbers without one in {column}?"),
    "decimal": N_("What is the decimal mark in {column}?"),
}
_WORDS = {
    "value": N_("no, it is a real value"),
    "day_first": N_("day first: 31/12/2020"),
    "month_first": N_("month first: 12/31/2020"),
    ".": N_("a point: 1,234 is one thousand two hundred and thirty-four"),
    ",": N_("a comma: 1,234 is a little more than one"),
}


def show(upload: Upload) -> None:
    """Ask what is open; an answered table comes back clean."""
    questions = upload.cleaned.questions
    if not questions:
        if upload.answers != uploads.Answers():
            _answered()
        return
    with theme.card("questions"):
        head = ngettext("{count} question", "{count} questions", len(questions)).format(count=len(questions))
        words = _("The table does not say. Nothing is assumed: what is not answered stays as it is.")
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>')
        with st.form("questions", border=False):
            given = [_ask(question, place) for place, question in enumerate(questions)]
            if st.form_submit_button(_("Answer"), type="primary"):
                with st.spinner(_("Cleaning the table …")):
                    uploads.answer(_merged(upload, list(zip(questions, given, strict=True))))
                st.rerun()


def _answered() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        words = _("All questions are answered.")
        st.html(f'<p class="quiet">{text(words)}</p>', width="stretch")
        if st.button(_("Ask again"), key="ask_again"):
            uploads.answer(uploads.Answers())
            st.rerun()


def _ask(question: Question, place: int) -> str:
    first = question.proposals[0]
    label = _(_ASKS[question.kind]).format(column=question.column, value=first)
    choices = [LATER, *question.proposals]
    return st.radio(
        f"**{say.markdown(label)}**  \n{say.markdown(question.evidence)}",
        choices,
        format_func=lambda choice: _words(question, choice),
        key=f"question_{place}",
        horizontal=True,
    )


def _words(question: Question, choice: str) -> str:
    if choice == LATER:
        return _("not answered")
    if question.kind == "sentinel" and choice != "value":
        return _("yes, it means unknown")
    return _(_WORDS[choice]) if choice in _WORDS else say.markdown(choice)


def _merged(upload: Upload, given: list[tuple[Question, str]]) -> uploads.Answers:
    answers = upload.answers
    sentinels, dates = dict(answers.sentinels), dict(answers.dates)
    units, decimals = dict(answers.units), dict(answers.decimals)
    open_here = {
        question.column for question, choice in given if question.kind == "sentinel" and choice == LATER
    }
    for question, choice in given:
        if choice == LATER:
            continue
        if question.kind == "sentinel":
            # One answer settles a column: it waits until all its questions have one.
            if question.column not in open_here:
                meant = (question.proposals[0],) if choice != "value" else ()
                sentinels[question.column] = (*sentinels.get(question.column, ()), *meant)
        else:
            {"date_order": dates, "unit": units, "decimal": decimals}[question.kind][question.column] = choice
    return replace(answers, sentinels=sentinels, dates=dates, units=units, decimals=decimals)

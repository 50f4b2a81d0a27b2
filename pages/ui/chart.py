"""A chart on a card: its title a question, what it says in a sentence, whose numbers, and the same as a table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mtl.figures.chart import CONFIG, Chart
from mtl.figures.markup import text
from mtl.language import _, number
from mtl.services.evidence import words as evidence_words
from mtl.services.patients import wording
from mtl.services.patients.cohorts import CohortSummary


def head(question: str, sentence: str = "") -> None:
    """Show a card's question and what the answer is in words."""
    words = f'<p class="e-words">{text(sentence)}</p>' if sentence else ""
    st.html(f'<h2 class="c-title">{text(question)}</h2>{words}')


def show(chart: Chart, key: str, caption: str, folded: bool = True) -> None:
    """Show a chart, its caption, and its numbers: behind a line that opens them, or below."""
    st.plotly_chart(chart.figure, theme=None, config=CONFIG, alt=chart.alt, key=key)
    numbers = chart.table.folded(caption) if folded else chart.table.html(caption)
    st.html(f'<p class="quiet">{text(caption)}</p>{numbers}')


def caption(cohort: CohortSummary, content: dict[str, Any], n: int, *more: str) -> str:
    """Say whose numbers a figure shows: patients, out of fold or not, model and dates."""
    parts = [_("n = {count}").format(count=number(n)), *more, evidence_words.whose(content)]
    if cohort.model is not None:
        parts.append(_("model {version}").format(version=cohort.model.version))
    parts.append(_("computed {date}").format(date=wording.day(content["finished"])))
    return " · ".join(parts)

"""A sheet of evidence on the page: what is said first, then a card a section."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mtl.figures import plane, ranges
from mtl.figures.markup import text
from mtl.language import _, number
from mtl.services.evidence.sheet import Section, Sheet
from mtl.services.patients import wording
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import theme


def show(sheet: Sheet, name: str) -> None:
    """Show a sheet; `name` is its own on the page."""
    for words in sheet.lead:
        st.html(f'<p class="say">{text(words)}</p>')
    for place, section in enumerate(sheet.sections):
        with theme.card(f"{name}_{place}"):
            _section(section)
    for words in sheet.notes:
        st.html(f'<p class="quiet">{text(words)}</p>')


def _section(section: Section) -> None:
    parts = [f'<h2 class="c-title">{text(section.title)}</h2>']
    parts += [f'<p class="quiet">{text(words)}</p>' for words in section.words]
    parts += [plane.draw(one, theme.colours()).html for one in section.planes]
    parts += [ranges.draw(one).html for one in section.ranges]
    parts += [plane.table(one) for one in section.grids]
    st.html("".join(parts))


def caption(cohort: CohortSummary, content: dict[str, Any]) -> str:
    """Say below a chart whose numbers these are: how many patients, which model, and of which day."""
    version = "" if cohort.model is None else cohort.model.version
    return _("{count} patients · model {version} · {date}").format(
        count=number(content["n"]), version=version, date=wording.day(content["finished"])
    )

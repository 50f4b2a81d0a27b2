"""The worklist: one line a patient, each task's number as a bar with its interval; a click opens the case."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping

import streamlit as st

from mtl.figures import cells
from mtl.figures.markup import text
from mtl.language import _, number, percent
from mtl.services import users
from mtl.services.patients import cohorts, records
from mtl.services.patients import private as private_cases
from mtl.services.patients.cohorts import CohortSummary, Query, Worklist
from pages.ui import address, filters, own_estimate, say, theme
from pages.ui.list_columns import Columns, columns_of

OWN = 10  # patients of the reader's own that are shown at once


def show(cohort: CohortSummary) -> None:
    """Show one page of a cohort's patients."""
    query = filters.query(cohort.key)
    try:
        found = cohorts.worklist(cohort.key, query)
    except ValueError as error:
        st.error(say.markdown(str(error)))
        return
    own = _own(cohort, query)
    marked = _signed(found, own)
    shown = [str(key) for one in (found, own) if one is not None for key in one.rows["case_key"]]
    waiting = own_estimate.waiting(shown)
    if own is not None:
        _group(cohort, query, own, marked, waiting)
    subset(found)
    if not found.n_subset:
        st.info(_("No patient fits. Widen a filter or clear the search."))
        return
    columns = columns_of(cohort, query, found)
    with theme.card("worklist"):
        st.html(_head(cohort, query, columns))
        for row in found.rows.to_dict("records"):
            _row(cohort, query, row, columns, marked, waiting)
    _pager(cohort.key, query, found)


def _own(cohort: CohortSummary, query: Query) -> Worklist | None:
    """Return the reader's own patients that fit the search; None where there are none."""
    if not users.current().may("case:read"):
        return None
    found = private_cases.mine(cohort.key, query.search)
    return found if found.n_subset else None


def _signed(*shown: Worklist | None) -> set[str]:
    """Return the keys of the cases shown about which something was signed."""
    if not users.current().may("case:read"):
        return set()
    return records.decided(key for one in shown if one is not None for key in one.rows["case_key"])


def _group(cohort: CohortSummary, query: Query, own: Worklist, marked: set[str], waiting: set[str]) -> None:
    columns = columns_of(cohort, query, own)
    with theme.card("own"):
        head = _("Your own patients ({count}), seen by nobody else").format(count=number(own.n_total))
        st.html(f'<h2 class="section-name">{text(head)}</h2>{_head(cohort, query, columns)}')
        for row in own.rows.head(OWN).to_dict("records"):
            _row(cohort, query, row, columns, marked, waiting)
        if own.n_subset > OWN:
            words = _("The {count} changed last; search an identifier to find the others.").format(count=OWN)
            st.html(f'<p class="quiet">{text(words)}</p>')


def subset(found: Worklist) -> None:
    """Say how many patients are looked at, of how many."""
    words = _("subset {n} of {total} patients ({share})").format(
        n=number(found.n_subset), total=number(found.n_total),
        share=percent(found.n_subset / found.n_total) if found.n_total else percent(0.0),
    )  # fmt: skip
    st.html(f'<p class="quiet tabular" role="status">{text(words)}</p>')


def _head(cohort: CohortSummary, query: Query, columns: Columns) -> str:
    features = {feature.name: say.title(feature) for feature in cohort.study.features}

    def cell(column: str, words: str, kind: str) -> str:
        arrow = ("↓ " if query.descending else "↑ ") if column == query.sort else ""
        return f'<span class="{kind} {"sorted" if arrow else ""}">{arrow}{text(words)}</span>'

    line = [cell(name, features[name], "finding") for name in columns.findings]
    line += [cell(c, columns.names[c], columns.place(i, query)) for i, c in enumerate(columns.outputs)]
    line.append(cell("known", _("known"), "narrow"))
    return f'<div class="row-cells head">{"".join(line)}</div>'


def _row(
    cohort: CohortSummary,
    query: Query,
    row: Mapping[str, object],
    columns: Columns,
    signed: Collection[str],
    waiting: Collection[str],
) -> None:
    line = [cells.finding(cohort.study.feature(name), row[name]) for name in columns.findings]
    for index, column in enumerate(columns.outputs):
        kind = columns.place(index, query)
        line.append(_after_yours(kind) if row["case_key"] in waiting else _number(cohort, row, column, kind))
    flags = row.get("flags") or ()
    words = filters.flag_words()
    marks = "".join(f'<span class="badge plain">{text(words.get(flag, flag))}</span>' for flag in flags)  # type: ignore[attr-defined]
    if row["case_key"] in signed:
        words_signed = _("signed")
        marks += f'<span class="badge">{text(words_signed)}</span>'
    marked = f'<div class="row-flags">{marks}</div>' if marks else ""
    known = _("{known} of {count}").format(known=number(row["known"]), count=number(row["of"]))  # type: ignore[arg-type]
    line.append(f'<span class="narrow quiet">{text(known)}</span>')
    key = str(row["case_key"])
    with st.container(
        key=f"row_{key}", horizontal=True, gap="small", wrap=False, vertical_alignment="center"
    ):
        name = say.markdown(str(row["identifier"]))
        if not users.current().may("case:read"):
            st.markdown(name, width="content")  # there is no way on for this reader
        elif st.button(name, key=f"open_{key}", type="tertiary", help=None):
            address.open_case(key, _wanted(cohort, query))
        st.html(f'<div class="row-cells">{"".join(line)}</div>{marked}', width="stretch")


def _wanted(cohort: CohortSummary, query: Query) -> str | None:
    return filters.task_of(query.sort, cohort.study) if query.sort else None


def _number(cohort: CohortSummary, row: Mapping[str, object], column: str, kind: str) -> str:
    task = cohort.study.task(filters.task_of(column, cohort.study) or "")
    value = float(row[column])  # type: ignore[arg-type]
    low, high = (row.get(f"{column}.{end}", math.nan) for end in ("low", "high"))
    known = isinstance(low, float) and isinstance(high, float) and not (math.isnan(low) or math.isnan(high))
    band = (low, high) if known else None
    return cells.number(column, value, say.amount(task, value), band, task.kind != "regression", kind)


def _after_yours(kind: str) -> str:
    words = _("after yours")
    return f'<span class="{kind} missing">{text(words)}</span>'


def _pager(cohort: str, query: Query, found: Worklist) -> None:
    last = min(query.offset + query.limit, found.n_subset)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for key, label, offset, off in (
            ("previous_page", _("previous page"), query.offset - query.limit, query.offset <= 0),
            ("next_page", _("next page"), query.offset + query.limit, last >= found.n_subset),
        ):
            st.button(
                label, key=key, disabled=off, on_click=filters.keep,
                args=(cohort, dataclasses.replace(query, offset=max(offset, 0))),
            )  # fmt: skip
        words = _("{first} to {last} of {count}").format(
            first=number(query.offset + 1), last=number(last), count=number(found.n_subset)
        )
        st.html(f'<p class="quiet tabular">{text(words)}</p>', width="content")

"""Which patients, in which order: the query of each cohort, kept for the session."""

from __future__ import annotations

import dataclasses

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, listed, study_language
from mtl.services import users
from mtl.services.patients import cohorts
from mtl.services.patients.cohorts import CohortSummary, Filter, Query, Study
from pages.ui import own_estimate, random_case, say

PAGE = 25
RECORDED = ""


def query(cohort: str) -> Query:
    """Return the query of a cohort in this session; where numbers may wait for the reader's, it rests on none of them."""
    found: Query = st.session_state.get(f"query_{cohort}", Query(limit=PAGE))
    numbers = st.session_state.get(f"numbers_{cohort}", ())
    if not ({found.sort, *(one.column for one in found.filters)} & {*numbers} and own_estimate.hides()):
        return found
    return dataclasses.replace(
        found,
        sort=None if found.sort in numbers else found.sort,
        filters=tuple(one for one in found.filters if one.column not in numbers),
    )


def flag_words() -> dict[str, str]:
    """Return what a patient may be marked with, in words."""
    return {
        "out_of_distribution": _("unlike the training patients"),
        "out_of_range": _("out of range"),
        "unseen": _("not understood"),
        "missing_that_matters": _("lacks an input that matters"),
    }


def keep(cohort: str, changed: Query) -> None:
    """Keep a query; one that differs in more than its page starts at the first."""
    if dataclasses.replace(changed, offset=0) != dataclasses.replace(query(cohort), offset=0):
        changed = dataclasses.replace(changed, offset=0)
    st.session_state[f"query_{cohort}"] = changed


def outputs(cohort: CohortSummary) -> dict[str, str]:
    """Return the output columns that a person reads, with their names."""
    found: dict[str, str] = {}
    for task in cohort.study.tasks:
        if cohort.model is None or task.name not in cohort.model.tasks:
            continue
        name = say.title(task)
        if task.kind == "survival":
            for years in task.horizons:
                words = _("{outcome} within {time}").format(outcome=name, time=say.years(years))
                found[f"{task.name}@{years:g}y"] = words
        elif task.kind == "multiclass":
            for level in task.classes:
                found[f"{task.name}={level.text}"] = f"{name}: {level.get(study_language())}"
        else:
            found[task.name] = name
    return found


def bar(cohort: CohortSummary) -> None:
    """Show search, order, filters and the random case; keep what they say."""
    numbers = outputs(cohort)
    st.session_state[f"numbers_{cohort.key}"] = tuple(numbers)
    hidden = own_estimate.hides()  # an order, or a range, would tell what waits
    names = {} if hidden else numbers
    features = {
        feature.name: say.title(feature)
        for feature in cohort.study.features
        if not (hidden and feature.name in numbers)  # such a name means the number
    }
    now = query(cohort.key)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        search = st.text_input(
            _("Search identifier"), value=now.search, key=f"search_{cohort.key}", icon=":material/search:",
            max_chars=100, width=200,
        )  # fmt: skip
        orders = {RECORDED: _("as recorded"), **names, **features, "known": _("completeness")}
        keys = list(orders)
        sort = st.selectbox(
            _("Order by"), keys, index=keys.index(now.sort) if now.sort in keys else 0, key=f"sort_{cohort.key}",
            format_func=orders.__getitem__, width=280,
        )  # fmt: skip
        ways = {True: _("highest first"), False: _("lowest first")}
        descending = st.segmented_control(
            _("Direction"), list(ways), default=now.descending, key=f"way_{cohort.key}", required=True,
            format_func=ways.__getitem__, label_visibility="collapsed", disabled=not sort,
        )  # fmt: skip
        chosen, flags = _filters(cohort, now, names, features)
        risks = {column: words for column, words in numbers.items() if not _is_regression(cohort, column)}
        if risks and users.current().may("case:read"):
            tasks = {column: task_of(column, cohort.study) for column in risks}
            random_case.offer(cohort.key, risks, tasks, hidden)
    if hidden:
        words = _("No order and no filter by the model's numbers while they wait for your own.")
        st.html(f'<p class="quiet">{text(words)}</p>')
    keep(
        cohort.key,
        dataclasses.replace(
            now,
            search=search.strip(),
            sort=sort or None,
            descending=bool(descending),
            filters=chosen,
            flags=flags,
        ),
    )


def _filters(
    cohort: CohortSummary, now: Query, names: dict[str, str], features: dict[str, str]
) -> tuple[tuple[Filter, ...], tuple[str, ...]]:
    held = {one.column: one for one in now.filters}
    count = len(held) + len(now.flags)
    label = _("Filters ({count})").format(count=count) if count else _("Filters")
    with st.popover(label, icon=":material/filter_alt:", width="content"):
        words = names | features
        columns = st.multiselect(
            _("Filter by"), list(words), default=[name for name in held if name in words],
            format_func=words.__getitem__, key=f"columns_{cohort.key}", placeholder=_("choose a number or a finding"),
        )  # fmt: skip
        chosen = tuple(_filter(cohort, column, words[column], held.get(column)) for column in columns)
        flags = flag_words()
        marked = st.multiselect(
            _("Marked as"), list(flags), default=list(now.flags), format_func=flags.__getitem__,
            key=f"flags_{cohort.key}", placeholder=_("any"), help=_matter(cohort),
        )  # fmt: skip
        return chosen, tuple(marked)


def _matter(cohort: CohortSummary) -> str:
    """Say which inputs matter, and why."""
    names = listed(say.markdown(say.title(feature)) for feature in cohorts.that_matter(cohort.key))
    return _(
        "Inputs that matter: the fewest that make up half of a task's mean absolute contributions, for any task. "
        "Here: {names}."
    ).format(names=names or _("none"))


def _filter(cohort: CohortSummary, column: str, label: str, held: Filter | None) -> Filter:
    feature = next((one for one in cohort.study.features if one.name == column), None)
    key = f"filter_{cohort.key}_{column}"
    if feature is not None and feature.kind != "numeric":
        words = {"true": _("yes"), "false": _("no")}
        if feature.kind != "boolean":
            words = {level.text: level.get(study_language()) for level in feature.levels}
        values = st.multiselect(
            say.markdown(label), list(words), default=list(held.values or ()) if held else [], key=key,
            format_func=words.__getitem__, placeholder=_("any"),
        )  # fmt: skip
        return Filter(column, values=tuple(values) or None)
    factor = 1.0 if feature is not None or _is_regression(cohort, column) else 100.0
    unit = "" if factor == 1.0 else " (%)"
    from_, to = _("from"), _("to")
    with st.container(horizontal=True):
        low = st.number_input(
            say.markdown(f"{label}{unit}: {from_}"),
            value=_times(held.low if held else None, factor),
            key=key + "_low",
        )
        high = st.number_input(
            say.markdown(f"{label}{unit}: {to}"),
            value=_times(held.high if held else None, factor),
            key=key + "_high",
        )
    return Filter(column, low=_times(low, 1 / factor), high=_times(high, 1 / factor))


def _is_regression(cohort: CohortSummary, column: str) -> bool:
    return any(task.name == column and task.kind == "regression" for task in cohort.study.tasks)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else float(value) * factor


def task_of(output: str, study: Study) -> str | None:
    """Return the task that an output column belongs to."""
    names = [task.name for task in study.tasks]
    return next(
        (name for name in names if output == name or output.startswith((f"{name}@", f"{name}="))), None
    )

"""Cohorts as a page shows them: what there is, and the worklist, searched, sorted and paged on the server."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl.services import owners, trail
from mtl.services.loaded import record
from mtl.services.owners import may_see
from mtl.services.patients import private as private_cases
from mtl.services.patients.global_view import that_matter as _that_matter
from mtl.services.patients.worklist import (
    FLAGS,
    Filter,
    Neighbours,
    Query,
    QueryError,
    Worklist,
    around,
    in_range,
    page,
)
from mtl.services.summary import ModelSummary, summary
from mtl.services.users import require
from mtl.store import cohorts as store
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.scores import scores_of
from mtl.study import Feature, Study, Text

__all__ = [
    "FLAGS",
    "CohortError",
    "CohortSummary",
    "Filter",
    "ModelSummary",
    "Neighbours",
    "Query",
    "QueryError",
    "Study",
    "Worklist",
    "neighbours",
    "overview",
    "random_case",
    "that_matter",
    "worklist",
]

TITLES = {
    "gbsg": Text(en="German Breast Cancer Study Group 2", zh="德国乳腺癌研究组试验2（GBSG-2）"),
}


@dataclass(frozen=True)
class CohortSummary:
    """One cohort of the overview.

    Attributes
    ----------
    key : str
        Opaque, plain characters; fit for an address.
    name : str
    title : Text
    n : int
        Patients.
    study : Study
    demonstration : bool
        For demonstration only; the page has to say so.
    model : ModelSummary or None
        The model whose numbers the cohort shows; None while there is none.
    external : bool
        None of its patients was in the model's training.
    """

    key: str
    name: str
    title: Text
    n: int
    study: Study
    demonstration: bool
    model: ModelSummary | None
    external: bool


def overview() -> list[CohortSummary]:
    """Every cohort that the user may see, samples first."""
    require("study:read")
    return [_summary(cohort) for cohort in store.every() if may_see(cohort.key)]


def _summary(cohort: Cohort) -> CohortSummary:
    shown = None if cohort.model is None or cohort.scores is None else summary(record(cohort.model))
    title = TITLES.get(cohort.key) if cohort.sample else None
    return CohortSummary(
        key=cohort.key,
        name=cohort.name,
        title=title or (cohort.study.title if cohort.sample else Text(en=cohort.name)),
        n=cohort.n,
        study=cohort.study,
        demonstration=cohort.study.demonstration,
        model=shown,
        external=shown is not None and scores_of(cohort).in_training == 0,
    )


def worklist(cohort: str, query: Query) -> Worklist:
    """One page of a cohort's patients with each task's number.

    Raises
    ------
    CohortError
        There is no such cohort, or it has no numbers yet.
    QueryError
        The query names a column that the cohort does not have, or a limit that is no number.
    """
    require("cohort:read")
    found = page(owners.cohort(cohort), query)
    trail.note_view("list", cohort)
    return found


def random_case(cohort: str, output: str, low: float, high: float, seed: int | None = None) -> str | None:
    """Key of a random case whose number in an output column lies in [low, high]; None where there is none.

    Raises the errors of :func:`worklist`.
    """
    require("cohort:read")
    return in_range(owners.cohort(cohort), output, low, high, np.random.default_rng(seed))


def neighbours(cohort: str, query: Query, case_key: str) -> Neighbours:
    """The cases before and after one, in the order and selection of a query; its page is ignored.

    The user's own private cases have each other for neighbours. Raises the errors of :func:`worklist`.
    """
    user = require("cohort:read")
    of = owners.cohort(cohort)
    if of.place(case_key) is None and user.may("case:read"):
        return private_cases.neighbours(cohort, case_key) or around(of, query, case_key)
    return around(of, query, case_key)


def that_matter(cohort: str) -> tuple[Feature, ...]:
    """Inputs whose absence a worklist marks: those that carry half of some task's mean absolute contributions.

    See :func:`mtl.services.patients.global_view.that_matter`; raises the errors of :func:`worklist`.
    """
    require("cohort:read")
    return _that_matter(owners.cohort(cohort))

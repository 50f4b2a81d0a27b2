"""Where a case's values are: in a row of a cohort, or typed in by the user who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mtl.services.owners import may_see
from mtl.services.users import require
from mtl.store import cohorts, private_cases
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.private_cases import PrivateCase


class CaseError(ValueError):
    """There is no such case, or it has no numbers yet."""


@dataclass(frozen=True, eq=False)
class Place:
    """Whose values an answer is about.

    Attributes
    ----------
    cohort : Cohort
        Its study and model answer.
    key : str
        The case's opaque key.
    place : int or None
        Row of the cohort; None for a private case.
    private : PrivateCase or None
        What its owner typed in.
    """

    cohort: Cohort
    key: str
    place: int | None
    private: PrivateCase | None = None

    @property
    def row_number(self) -> int:
        """The row of the cohort; CaseError for a private case."""
        if self.place is None:
            raise CaseError("a case of your own is no row of the cohort")
        return self.place

    def row(self) -> pd.DataFrame:
        """(1, columns) as recorded."""
        if self.private is None:
            return self.cohort.row(self.row_number)
        return private_row(self.cohort, self.private)


def find(case_key: str) -> Place:
    """The place of a case that the current user may see.

    Raises
    ------
    CaseError
        There is none: no such key, somebody else's private case (which is not told apart), or a cohort without
        numbers. The message does not repeat the key.
    """
    user, private = require("case:read"), None
    try:
        cohort, place = cohorts.find_case(case_key)
    except CohortError as error:
        private = private_cases.find(case_key, user.name)
        if private is None:
            raise CaseError(str(error)) from None
        cohort, place = _cohort_of(private), None
    if not may_see(cohort.key):
        raise CaseError("there is no such case here; open it from the list of patients")
    if cohort.model is None or cohort.scores is None:
        raise CaseError(f"cohort {cohort.name!r} has no predictions yet; wait for its model")
    return Place(cohort, case_key, place, private)


def _cohort_of(private: PrivateCase) -> Cohort:
    try:
        return cohorts.get(private.cohort)
    except CohortError:
        raise CaseError("the cohort of this case is no longer here; its model cannot be asked") from None


def private_row(cohort: Cohort, private: PrivateCase) -> pd.DataFrame:
    """(1, columns) a private case as the cohort's table would hold it: every column that its study may read."""
    study, like = cohort.study, cohort.row(0)
    names = [feature.name for feature in study.features]
    names += [column for column in study.treatment_columns if column not in names]
    cells = {name: private.values.get(name) for name in names if name != study.identifier}
    for name, cell in cells.items():
        recorded = name in like.columns and pd.api.types.is_bool_dtype(like[name].dtype)
        if isinstance(cell, bool) and not recorded:
            cells[name] = int(cell)  # the cohort has 0 and 1, and so have its study's conditions
    return with_cells(pd.DataFrame({study.identifier: [private.identifier]}, dtype="string"), cells)


def with_cells(row: pd.DataFrame, cells: Mapping[str, Any]) -> pd.DataFrame:
    """A row with some cells replaced; a column that is not there is added."""
    if not cells:
        return row
    return row.assign(
        **{name: pd.Series([value], index=row.index, dtype=_dtype(value)) for name, value in cells.items()}
    )


def _dtype(value: object) -> str:
    if value is None:
        return "Float64"  # a missing number, text or truth alike
    return {bool: "boolean", int: "Float64", float: "Float64"}.get(type(value), "string")

"""What a command does with the app's own models and patients, written down as the pages write down what they do."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mtl.data import encode
from mtl.expressions import cells
from mtl.services import trail
from mtl.services.patients.answer import given_of
from mtl.services.users import current, require
from mtl.store import audit
from mtl.store.audit import Entry
from mtl.store.home import secret
from mtl.store.keys import case_key, input_digest
from mtl.store.models import ModelRecord
from mtl.study import Study

__all__ = ["asked", "linked", "used"]


def used(action: str, command: str, record: ModelRecord, **detail: Any) -> None:
    """Write down that a command took a registered model to a table. `detail` holds counts and names of tasks.

    What lies outside the home, a model's folder or a table, is its owner's affair, and no entry is made of it.
    """
    require("study:read")
    told = trail.told({"command": command, **detail})
    audit.keep(Entry(current().name, action, model=record.key, version=record.version, detail=told))


def asked(
    command: str, record: ModelRecord, study: Study, row: pd.DataFrame, shown: dict[str, str], known: bool
) -> None:
    """Write down that a command showed one patient's numbers by a registered model.

    Parameters
    ----------
    row
        A table of one row.
    shown
        Output column -> as printed.
    known
        Whether the patient is one of the model's training: then the case is named by its opaque key.
    """
    require("study:read")
    name = cells.cell_text(row[study.identifier].iloc[0]) if study.identifier in row.columns else None
    case = case_key(secret(), record.cohort, name) if known and record.cohort and name is not None else None
    inputs = input_digest(secret(), record.version, encode(study, row).X, given_of(study, row).values())
    entry = Entry(
        current().name, "open case", cohort=record.cohort if case else None, case_key=case, model=record.key,
        version=record.version, inputs=inputs, shown=shown, detail={"command": command},
    )  # fmt: skip
    audit.keep(entry)


def linked(cohort: str, case: str) -> None:
    """Write down that a command named the address of a case: that there is such a patient is said by it."""
    require("case:read")
    trail.note("link", cohort, case)

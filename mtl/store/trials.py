"""Results of emulated trials: a file each, under a name that says what was asked of which rows; no patient is in it."""

from __future__ import annotations

import re
from pathlib import Path

import mtl
from mtl.store.cohorts import Cohort
from mtl.store.database import StoreError, now
from mtl.store.home import new_folder, room
from mtl.store.keys import content_digest
from mtl.treatment.emulate import Result
from mtl.treatment.protocol import Entry, Protocol

KEY = re.compile(r"[0-9a-f]{16}")
METHOD = 1  # of the estimates; another number makes other keys, so that no stale result is shown
FILE = "trial.json"


class KeptTrial(Entry):
    """A result with what it was computed on: cohort and its rows (`data`), the model whose propensity was asked, when."""

    key: str
    cohort: str
    data: str
    n: int
    model: str | None
    version: str
    finished: str
    result: Result


def trial_key(cohort: Cohort, protocol: Protocol) -> str:
    """Name of a protocol on a cohort's rows with its model; the same question has the same name."""
    asked = (
        cohort.key,
        cohort.data,
        cohort.model or "",
        protocol.model_dump_json(),
        mtl.__version__,
        str(METHOD),
    )
    return content_digest(part.encode() for part in asked)


def keep(cohort: Cohort, key: str, result: Result) -> KeptTrial:
    """Write a result down, whole or not at all."""
    kept = KeptTrial(
        key=key, cohort=cohort.key, data=cohort.data, n=cohort.n, model=cohort.model,
        version=mtl.__version__, finished=now(), result=result,
    )  # fmt: skip
    with new_folder(_folder(key)) as folder:
        (folder / FILE).write_text(kept.model_dump_json(indent=1), encoding="utf-8")
    return kept


def find(key: str) -> KeptTrial | None:
    """A result by its key, None while there is none.

    Raises
    ------
    StoreError
        The file cannot be read.
    """
    path = _folder(key) / FILE
    if not KEY.fullmatch(key) or not path.is_file():
        return None
    try:
        return KeptTrial.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise StoreError(
            f"the result {key} cannot be read; remove its folder and run the trial again"
        ) from error


def of_cohort(cohort: Cohort) -> list[KeptTrial]:
    """The results on a cohort's present rows, the newest first."""
    found = [find(path.name) for path in room("trials").iterdir() if KEY.fullmatch(path.name)]
    kept = [one for one in found if one is not None and (one.cohort, one.data) == (cohort.key, cohort.data)]
    return sorted(kept, key=lambda one: (one.finished, one.key), reverse=True)


def _folder(key: str) -> Path:
    return room("trials") / key

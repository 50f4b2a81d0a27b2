"""The real cohorts that ship with the program, each with its study."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import pandas as pd

from mtl.data.notes import DataError
from mtl.data.read import read_table
from mtl.study import Study

_FOLDER = Path(__file__).resolve().parents[2] / "sample_data"
_STUDIES = {"rotterdam": "rotterdam", "gbsg": "rotterdam", "cytology": "cytology", "pbc": "pbc"}


def sample_names() -> list[str]:
    """The names that `load_sample` knows.

    Examples
    --------
    >>> sample_names()
    ['rotterdam', 'gbsg', 'cytology', 'pbc']
    """
    return list(_STUDIES)


def load_sample(name: str, part: Literal["train", "test"] = "train") -> tuple[Study, pd.DataFrame]:
    """A sample cohort and its study; one patient a row, the identifier first.

    "gbsg" comes with Rotterdam's study, of which it is the external cohort; columns it does not have stay
    absent. Only "cytology" is in two parts, "train" and "test".

    Raises
    ------
    DataError
        There is no such sample, or it has no such part.

    Examples
    --------
    >>> study, table = load_sample("gbsg")
    >>> study.name, len(table), "year" in table
    ('rotterdam', 686, False)
    """
    if name not in _STUDIES:
        raise DataError(f"no sample {name!r}; the samples are {', '.join(_STUDIES)}")
    if part not in ("train", "test") or (part == "test" and name != "cytology"):
        raise DataError(f"sample {name!r} has no part {part!r}; only cytology has train and test")
    file = f"{part}.csv" if name == "cytology" else "cohort.csv"
    return _study(_STUDIES[name]), read_table(_FOLDER / name / file)


@lru_cache
def _study(name: str) -> Study:
    return Study.from_toml(_FOLDER / name / "study.toml")

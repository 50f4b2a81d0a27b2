"""Models saved by earlier versions: each is read, and says what it said."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel
from mtl.model.files import SCHEMA
from mtl.multitask import TableWarning

SAVED = sorted(path for path in (Path(__file__).parent / "saved").iterdir() if path.is_dir())


def test_every_schema_has_its_fixture() -> None:
    assert [path.name for path in SAVED if path.name.startswith("schema_")] == [
        f"schema_{number}" for number in range(1, SCHEMA + 1)
    ]


@pytest.mark.parametrize("folder", SAVED, ids=lambda path: path.name)
def test_an_old_model_says_what_it_said(folder: Path) -> None:
    model = MultiTaskModel.load(folder / "model")
    patients = pd.read_csv(folder / "patients.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        found = model.predict(patients)
        why = model.explain(patients, task="ill")
        np.testing.assert_allclose(why.margin, model.margin(patients, task="ill"), atol=1e-9)
    said = pd.read_csv(folder / "predictions.csv")
    assert list(found.columns) == list(said.columns)
    np.testing.assert_allclose(found.to_numpy(float), said.to_numpy(float), rtol=1e-9, atol=1e-12)

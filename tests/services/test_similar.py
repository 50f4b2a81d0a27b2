"""Patients like one: the right neighbours, from leaves that the patient did not shape, with their real outcomes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl.data.encode import encode
from mtl.data.targets import targets
from mtl.language import number, percent
from mtl.model.offsets import holds
from mtl.multitask import MultiTaskModel
from mtl.services import users
from mtl.services.patients import cases
from mtl.services.patients.similar import decoded, similar
from mtl.store import cohorts, database, leaves, models, scores
from mtl.store.scores import scores_of
from mtl.study import Study


@pytest.fixture
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


def key(name: str, place: int) -> str:
    return cohorts.get(name).case_keys[place].decode()


def by_hand(name: str, place: int, task: str, size: int) -> tuple[list[str], np.ndarray]:
    """Keys of the nearest and every row's closeness, from global leaf numbers of the patient's own fold."""
    cohort = cohorts.get(name)
    record = models.get(str(cohort.model))
    fold = int(scores_of(cohort).folds[place])
    predictor = models.load_fold(record, fold)
    forest = predictor.shared[predictor.task(task).shared]
    assert forest.n_trees
    X = encode(cohort.study, cohort.table()).X
    reached = np.vstack([forest.leaves(forest.patterns(x[None]))[0] for x in X])
    close = (reached == reached[place]).mean(axis=1)
    order = [row for row in np.argsort(-close, kind="stable") if row != place]
    return [cohort.case_keys[row].decode() for row in order[:size]], close


@pytest.mark.parametrize(
    ("name", "place", "task"), [("pbc", 5, "death_or_transplant"), ("rotterdam", 30, "nodal_metastasis")]
)
def test_the_nearest_are_those_of_brute_force(samples: Path, name: str, place: int, task: str) -> None:
    found = similar(cases.open_case(key(name, place)), task, group=25)
    assert found is not None and found.left_out_fold and found.ground.kind == "shared"
    expected, close = by_hand(name, place, task, 10)
    assert [one.key for one in found.nearest] == expected
    cohort = cohorts.get(name)
    for one in found.nearest:
        assert one.closeness == pytest.approx(close[cohort.place(one.key)], abs=1e-12)
    assert key(name, place) not in [one.key for one in found.nearest]
    assert found.n_group == 25 and found.n_searched == found.n_cohort == cohort.n


def test_only_tasks_that_see_patients_this_way_are_told(samples: Path) -> None:
    """Neighbours by findings that a task may not see would give its outcome away: nodes and nodal metastasis."""
    case = cases.open_case(key("rotterdam", 3))
    whole = similar(case, "recurrence")
    assert whole is not None
    assert set(whole.tasks) == {"recurrence", "death", "hormone_therapy", "chemotherapy"}
    assert whole.outcomes[0].task.name == "recurrence"
    alone = similar(case, "nodal_metastasis")
    assert alone is not None and alone.tasks == ("nodal_metastasis",)


def test_the_group_is_counted_as_recorded(samples: Path) -> None:
    case = cases.open_case(key("pbc", 50))
    found = similar(case, "oedema", group=60)
    assert found is not None
    cohort = cohorts.get("pbc")
    nearest, _ = by_hand("pbc", 50, "oedema", 60)
    table = cohort.table().iloc[[cohort.place(one) for one in nearest]].reset_index(drop=True)
    every = targets(cohort.study, table)
    told = {one.task.name: one for one in found.outcomes}
    counts = np.bincount(every["oedema"].y[every["oedema"].labelled].astype(int), minlength=3)
    assert [one.share.count for one in told["oedema"].numbers] == counts.tolist()
    y = every["ascites"].y
    assert (told["ascites"].numbers[0].share.count, told["ascites"].labelled) == (
        int(np.nansum(y)), int((~np.isnan(y)).sum()),
    )  # fmt: skip
    truth = holds(cohort.study.given("trt"), table)
    assert (found.treatments[0].share.count, found.treatments[0].share.n) == (
        int((truth == 1).sum()), int((truth >= 0).sum()),
    )  # fmt: skip


def test_the_curve_of_the_group_is_lifelines(samples: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines' own future
        from lifelines import KaplanMeierFitter
    found = similar(cases.open_case(key("rotterdam", 30)), "recurrence", group=50)
    assert found is not None
    cohort = cohorts.get("rotterdam")
    nearest, _ = by_hand("rotterdam", 30, "recurrence", 50)
    table = cohort.table().iloc[[cohort.place(one) for one in nearest]].reset_index(drop=True)
    target = targets(cohort.study, table)["recurrence"]
    peer = KaplanMeierFitter().fit(target.time, target.event)
    curve = found.outcomes[0].curve
    assert curve is not None
    np.testing.assert_allclose(1 - curve.risk, peer.survival_function_at_times(curve.years), atol=1e-12)
    limits = peer.confidence_interval_.loc[curve.years[1:-1]]
    np.testing.assert_allclose(1 - curve.high[1:-1], limits.iloc[:, 0], atol=1e-9)
    np.testing.assert_allclose(1 - curve.low[1:-1], limits.iloc[:, 1], atol=1e-9)
    five = next(one for one in found.outcomes[0].numbers if one.model.horizon == 5)
    assert five.text == percent(1 - float(peer.predict(5)))
    assert five.n == int((target.time >= 5).sum())


def test_a_regression_has_median_and_quartiles_and_a_task_without_shared_trees_its_own(samples: Path) -> None:
    case = cases.open_case(key("cytology", 3))
    area = similar(case, "worst_area", group=40)
    assert area is not None
    cohort = cohorts.get("cytology")
    nearest, _ = by_hand("cytology", 3, "worst_area", 40)
    places = [cohort.place(one) for one in nearest]
    values = targets(cohort.study, cohort.table())["worst_area"].y[places]
    assert (
        number(float(np.median(values)), area.outcomes[0].task.decimals) in area.outcomes[0].numbers[0].text
    )
    alone = similar(case, "malignant", group=40)
    assert alone is not None and alone.ground.kind == "own" and alone.tasks == ("malignant",)


def test_an_external_patient_has_neighbours_among_the_training_patients(samples: Path) -> None:
    found = similar(cases.open_case(key("gbsg", 7)), "recurrence")
    assert found is not None and not found.left_out_fold
    assert cohorts.get("rotterdam").place(found.nearest[0].key) is not None
    assert found.n_searched == 2982


def test_it_is_fast(samples: Path) -> None:
    case = cases.open_case(key("rotterdam", 40))
    similar(case, "recurrence")
    began = time.process_time()
    for _ in range(10):
        similar(case, "recurrence")
    assert (time.process_time() - began) / 10 < 0.02


def test_nobody_asks_without_leave(samples: Path) -> None:
    case = cases.open_case(key("pbc", 1))
    with users.acting(users.User("v", frozenset({"viewer"}))), pytest.raises(users.Forbidden):
        similar(case, "ascites")
    with pytest.raises(KeyError, match="no task"):
        similar(case, "nothing")
    with pytest.raises(ValueError, match="1 to 1000"):
        similar(case, "ascites", group=0)


STUDY = {
    "study": {"name": "visits", "identifier": "visit", "patient": "who"},
    "stage": [{"name": "s"}],
    "feature": [
        {"name": "x", "kind": "numeric", "stage": "s"},
        {"name": "level", "kind": "categorical", "stage": "s", "levels": ["a", "b"]},
        {"name": "yes", "kind": "boolean", "stage": "s"},
    ],
    "task": [{"name": "t", "kind": "binary", "role": "diagnosis", "stage": "s", "target": "y"}],
}


def visits(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "visit": [f"v{i}" for i in range(n)],
            "who": [f"p{i // 3}" for i in range(n)],
            "x": x,
            "level": rng.choice(["a", "b"], n),
            "yes": rng.integers(0, 2, n),
            "y": (x + rng.normal(size=n) > 0).astype(int),
        }
    )


def test_every_row_of_the_patient_is_left_out_and_a_large_cohort_is_sampled(
    private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, table = Study.from_dict(STUDY), visits(180)
    table.loc[30:32, ["x", "level", "yes"]] = [0.0, "a", 1]  # one patient, three rows alike
    cohort = cohorts.register("visits", "visits", study, table)
    record = models.register_trained("visits-1", "visits", MultiTaskModel(study).fit(table), cohort, table)
    scores.score(cohort, record, lambda what, share: None)
    case = cases.open_case(key("visits", 31))
    found = similar(case, "t", group=100)
    assert found is not None
    rows = [cohort.place(one.key) for one in found.nearest]
    assert not {30, 31, 32} & set(rows)
    monkeypatch.setattr(leaves, "MOST", 50)
    monkeypatch.setattr(leaves, "LAYOUT", "sampled")
    sampled = similar(case, "t", group=100)
    assert sampled is not None
    assert (sampled.n_searched, sampled.n_cohort) == (50, 180)
    assert sampled.n_group <= 50
    exported = models.register_exported("copy", "copy", models.load(record))
    assert leaves.training_cohort(exported) is None
    database.close()


def test_an_encoded_value_is_read_back() -> None:
    study, table = Study.from_dict(STUDY), visits(20)
    X = encode(study, table).X
    for j, feature in enumerate(study.features):
        read = [decoded(feature, x) for x in X[:, j]]
        assert read == table[feature.name].tolist()
    assert decoded(study.features[0], float("nan")) is None

"""The whole model: exact explanations of the blend, odd tables, the same bits everywhere."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel, Study, load_sample
from mtl.data.encode import encode
from mtl.data.notes import DataError
from mtl.model.problem import Problem, TrainingError
from mtl.model.train import _background_rows
from mtl.multitask import FOLDS, NotFittedError, TableWarning
from tests import synthetic

TASKS = ["ill", "kind", "amount", "treated", "death"]


def patients(n: int = 60, seed: int = 11) -> pd.DataFrame:
    return synthetic.table(n, seed, missing=0.2)


def background(model: MultiTaskModel, table: pd.DataFrame, name: str) -> np.ndarray:
    """The encoded rows from which the final model measures a task's contributions."""
    problem = Problem.from_table(model.study, table, FOLDS, model.random_state)
    i = next(i for i, t in enumerate(problem.tasks) if t.name == name)
    rows = _background_rows(problem, problem.tasks[i], i, len(problem.splits) - 1, model.background)
    return problem.X[rows]


# Explanations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("which", ["fitted", "brief"])
def test_contributions_add_up(task: str, which: str) -> None:
    study, _, model = getattr(synthetic, which)()
    table = patients(300)
    why = model.explain(table, task)
    margin = model.margin(table, task)
    np.testing.assert_allclose(why.base + why.values.sum(axis=1), margin, rtol=0, atol=1e-9)
    hidden = [j for j, f in enumerate(study.features) if f.name not in study.visible(task)]
    assert (why.values[:, hidden] == 0).all()
    assert why.data["x0"].equals(table["x0"])


def shapley(
    worth: Callable[[np.ndarray], np.ndarray], x: np.ndarray, reference: np.ndarray, players: list[int]
) -> np.ndarray:
    """Interventional Shapley values of one row, (p, c), by every coalition against every background row."""
    value = {}
    for size in range(len(players) + 1):
        for coalition in combinations(players, size):
            mixed = reference.copy()
            mixed[:, list(coalition)] = x[list(coalition)]
            value[frozenset(coalition)] = worth(mixed).mean(axis=0)
    phi = np.zeros((len(x), len(value[frozenset()])))
    m = len(players)
    for j in players:
        for coalition, v in value.items():
            if j not in coalition:
                weight = factorial(len(coalition)) * factorial(m - len(coalition) - 1) / factorial(m)
                phi[j] += weight * (value[coalition | {j}] - v)
    return phi


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("which", ["fitted", "brief"])
def test_equals_brute_force_on_the_whole_blend(task: str, which: str) -> None:
    study, training, model = getattr(synthetic, which)()
    reference = background(model, training, task)
    table = patients(4)
    X = encode(study, table).X
    players = [j for j, f in enumerate(study.features) if f.name in study.visible(task)]
    why = model.explain(table, task)
    values = why.values if why.values.ndim == 3 else why.values[:, :, None]

    def worth(rows: np.ndarray) -> np.ndarray:
        return model.predictor_.margins(rows, (task,))[task]

    np.testing.assert_allclose(np.atleast_1d(why.base), worth(reference).mean(axis=0), rtol=0, atol=1e-9)
    for i in range(len(X)):
        np.testing.assert_allclose(values[i], shapley(worth, X[i], reference, players), rtol=0, atol=1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", ["ill", "death", "kind"])
def test_agrees_with_shap_on_a_background_of_a_hundred(task: str) -> None:
    import shap

    study, training = synthetic.study(), synthetic.table(200, missing=0.05)
    model = _hundred()
    reference = background(model, training, task)
    assert len(reference) == 100
    table = patients(3)

    def margin(rows: np.ndarray) -> np.ndarray:
        found = model.predictor_.margins(rows, (task,))[task]
        return found if found.shape[1] > 1 else found[:, 0]

    masker = shap.maskers.Independent(reference, max_samples=100)
    theirs = shap.explainers.Exact(margin, masker)(encode(study, table).X)
    ours = model.explain(table, task).to_shap()
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours.base_values, theirs.base_values, rtol=0, atol=1e-6)


_kept: list[MultiTaskModel] = []


def _hundred() -> MultiTaskModel:
    if not _kept:
        table = synthetic.table(200, missing=0.05)
        _kept.append(MultiTaskModel(synthetic.study(), "brief", background=100, threads=1).fit(table))
    return _kept[0]


@pytest.mark.parametrize("task", TASKS)
def test_hidden_columns_have_no_influence_at_all(task: str) -> None:
    study, _, model = synthetic.fitted()
    table = patients()
    hidden = [f.name for f in study.features if f.name not in study.visible(task)]
    other = table.copy()
    for name in hidden:
        values = table[name].to_numpy()
        other[name] = values[::-1] if name in ("colour", "flag", "grade") else np.arange(len(table)) * 1e3
    for name in ("days", "dead", "drug", "kind", "id"):
        other[name] = other[name].to_numpy()[::-1]
    assert model.margin(other, task).tobytes() == model.margin(table, task).tobytes()
    why = [model.explain(t, task).values.tobytes() for t in (table, other)]
    assert why[0] == why[1]


def test_what_was_given_moves_the_outcome_by_the_trials_offset_only() -> None:
    _, _, model = synthetic.fitted()
    table = patients().assign(grade=3.0)
    treated, untreated = (model.predict(table.assign(drug=d)) for d in (1, 0))
    fixed = [c for c in treated if not c.startswith("death") or ".untreated" in c]
    assert treated[fixed].equals(untreated[fixed])
    np.testing.assert_allclose(1 - treated["death@1y"], (1 - untreated["death@1y"]) ** 0.5, rtol=1e-10)
    assert (
        model.margin(table.assign(drug=1), "death").tobytes()
        == model.margin(table.assign(drug=0), "death").tobytes()
    )


# The same bits -------------------------------------------------------------------------------------------------------


def test_a_row_alone_in_a_table_and_in_any_order_of_columns() -> None:
    _, _, model = synthetic.fitted()
    table = patients(200)
    whole = model.predict(table)
    alone = pd.concat([model.predict(table.iloc[[i]]) for i in range(len(table))])
    assert alone.to_numpy().tobytes() == whole.to_numpy().tobytes()
    shuffled = table[list(np.random.default_rng(0).permutation(table.columns))].assign(extra="x")
    assert model.predict(shuffled).equals(whole)
    turned = model.predict(table.iloc[::-1])
    assert turned.iloc[::-1].equals(whole)


def test_eight_threads_at_once() -> None:
    _, _, model = synthetic.brief()
    tables = [patients(30 + i, seed=i) for i in range(16)]
    wanted = [
        (model.predict(t).to_numpy().tobytes(), model.explain(t, "kind").values.tobytes()) for t in tables
    ]
    del model.__dict__["explainer_"]

    def ask(i: int) -> tuple[bytes, bytes]:
        table = tables[i % 16]
        return model.predict(table).to_numpy().tobytes(), model.explain(table, "kind").values.tobytes()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(64))) == wanted * 4


# Odd tables ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> MultiTaskModel:
    return synthetic.brief()[2]


@pytest.mark.parametrize("value", [1e300, -1e300, 1e308, 1e18, 5e-324])
@pytest.mark.parametrize("column", ["x0", "x1", "late", "dose"])
def test_huge_values_give_finite_numbers(model: MultiTaskModel, column: str, value: float) -> None:
    table = patients(5).assign(**{column: value}, grade=2.0)
    found = model.predict(table).drop(columns=["death@30y", "death@30y.untreated"])
    probabilities = found.drop(
        columns=[c for c in found if c.startswith("amount") or c.endswith("log_hazard")]
    )
    assert ((probabilities >= 0) & (probabilities <= 1)).all(axis=None)
    assert np.isfinite(found["amount"]).all()
    for task in TASKS:
        why = model.explain(table, task)
        np.testing.assert_allclose(why.margin, model.margin(table, task), rtol=1e-9, atol=1e-9)


def test_infinite_values_count_as_missing(model: MultiTaskModel) -> None:
    table = patients(40)
    missing = model.predict(table.assign(x0=np.nan))
    for value in (np.inf, -np.inf):
        with pytest.warns(TableWarning, match="not numbers"):
            assert model.predict(table.assign(x0=value)).equals(missing)


def test_other_ways_to_write_the_same_table(model: MultiTaskModel) -> None:
    table = patients(80)
    wanted = model.predict(table)
    for other in (
        table.convert_dtypes(),
        table.astype({"flag": "boolean", "grade": "Int64", "drug": "Int64"}),
        table.astype({"colour": "category", "grade": "category"}),
        table.astype(object),
        table.assign(grade=table["grade"].map(lambda g: None if pd.isna(g) else f"{g:g}")),
        table.assign(flag=table["flag"].map({1.0: "yes", 0.0: "no"})),
    ):
        assert model.predict(other).equals(wanted)
    texts = table.assign(x0=table["x0"].map(lambda v: None if pd.isna(v) else repr(v)))
    pd.testing.assert_frame_equal(model.predict(texts), wanted, rtol=1e-9)


def test_absent_columns_warn_and_count_as_missing(model: MultiTaskModel) -> None:
    table = patients(30)
    with pytest.warns(TableWarning, match="'late' is not in the table"):
        found = model.predict(table.drop(columns="late"))
    pd.testing.assert_frame_equal(found, model.predict(table.assign(late=np.nan)))
    with pytest.warns(TableWarning):
        assert model.predict(pd.DataFrame(index=range(3))).shape[0] == 3


def test_empty_and_single(model: MultiTaskModel) -> None:
    table = patients(1)
    assert len(model.predict(table)) == 1
    empty = table.iloc[:0]
    assert model.predict(empty).columns.equals(model.predict(table).columns)
    for task in TASKS:
        assert len(model.margin(empty, task)) == 0 and len(model.explain(empty, task)) == 0


def test_columns_given_twice(model: MultiTaskModel) -> None:
    table = patients(5)
    notes = pd.concat([table, table[["id"]], table[["id"]]], axis=1)
    assert model.predict(notes).equals(model.predict(table))
    assert model.explain(notes, "ill").values.shape == (5, 7)
    with pytest.raises(DataError, match="'x0'"):
        model.predict(pd.concat([table, table[["x0"]]], axis=1))


def test_an_index_of_names(model: MultiTaskModel) -> None:
    table = patients(30)
    named = table.set_index("id", drop=False)
    twice = table.set_axis([7] * 30)
    assert model.predict(named).to_numpy().tobytes() == model.predict(twice).to_numpy().tobytes()
    fitted = [
        MultiTaskModel(synthetic.study(), "brief", threads=1).fit(t) for t in _indexed(synthetic.table(80))
    ]
    assert fitted[0].version_ == fitted[1].version_


def _indexed(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return table, table.set_axis([f"row {i % 3}" for i in range(len(table))])


def simple(features: list[dict[str, object]], tasks: list[dict[str, object]]) -> Study:
    return Study.from_dict(
        {
            "study": {"name": "simple", "identifier": "id"},
            "stage": [{"name": "now"}],
            "feature": [{"stage": "now", "kind": "numeric", **f} for f in features],
            "task": [
                {"stage": "now", "role": "diagnosis", "kind": "binary", "target": "y", **t} for t in tasks
            ],
        }
    )


def works(study: Study, table: pd.DataFrame) -> MultiTaskModel:
    model = MultiTaskModel(study, "brief", threads=1).fit(table)
    found = model.predict(table)
    assert found.notna().all(axis=None)
    for task in model.tasks_:
        why = model.explain(table, task)
        np.testing.assert_allclose(why.margin, model.margin(table, task), rtol=1e-9, atol=1e-9)
    return model


def labelled(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame({"id": range(n), "x": x, "y": (x + rng.normal(size=n) > 0).astype(int)})


def test_twenty_five_rows_and_one_feature() -> None:
    works(simple([{"name": "x"}], [{"name": "t"}]), labelled(25))


@pytest.mark.parametrize("value", [np.nan, 3.0], ids=["missing", "constant"])
def test_a_feature_that_says_nothing(value: float) -> None:
    alone = works(simple([{"name": "z"}], [{"name": "t"}]), labelled(60).assign(z=value))
    table = labelled(60).assign(z=value)
    assert alone.predict(table)["t"].between(0.2, 0.8).all()
    works(simple([{"name": "x"}, {"name": "z"}], [{"name": "t"}, {"name": "u"}]), table)


def test_the_same_column_twice_shares_its_credit() -> None:
    table = labelled(300).assign(z=lambda t: t["x"])
    model = works(simple([{"name": "x"}, {"name": "z"}], [{"name": "t"}]), table)
    assert model.explain(table, "t").values[:, 0].std() > 0


def test_twelve_classes() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"id": range(600), "x": rng.normal(size=600), "z": rng.normal(size=600)})
    table["y"] = np.digitize(table["x"] + 0.1 * table["z"], np.linspace(-1.5, 1.5, 11))
    classes = [{"name": "t", "kind": "multiclass", "classes": list(range(12))}]
    model = works(simple([{"name": "x"}, {"name": "z"}], classes), table)
    found = model.predict(table)
    assert (found.to_numpy().argmax(axis=1) == table["y"]).mean() > 0.6
    alone = pd.concat([model.predict(table.iloc[[i]]) for i in range(60)])
    assert alone.to_numpy().tobytes() == found.iloc[:60].to_numpy().tobytes()


def test_a_class_nobody_has() -> None:
    table = labelled(120)
    classes = [{"name": "t", "kind": "multiclass", "classes": [0, 1, 2]}]
    found = works(simple([{"name": "x"}], classes), table).predict(table)
    assert (found["t=2"] < 0.05).all()


def test_three_hundred_levels_and_one_unseen() -> None:
    rng = np.random.default_rng(0)
    levels = [f"clinic {i}" for i in range(300)]
    table = labelled(900).assign(z=np.array(levels)[rng.integers(0, 299, 900)])
    study = simple([{"name": "x"}, {"name": "z", "kind": "categorical", "levels": levels}], [{"name": "t"}])
    model = works(study, table)
    missing = model.predict(table.assign(z=None))
    assert model.predict(table.assign(z="clinic 299")).equals(missing)
    with pytest.warns(TableWarning, match="not among"):
        assert model.predict(table.assign(z="elsewhere")).equals(missing)


def test_huge_training_values_and_outcomes() -> None:
    table = labelled(120)
    table.loc[0, "x"] = 1e300
    works(simple([{"name": "x"}], [{"name": "t"}]), table)
    table.loc[0, "x"] = 0.5
    for scale in (1e-100, 1e100):
        amounts = table.assign(y=table["x"] * scale)
        model = MultiTaskModel(
            simple([{"name": "x"}], [{"name": "t", "kind": "regression"}]), "brief", threads=1
        ).fit(amounts)
        assert np.corrcoef(model.predict(amounts)["t"] / scale, table["x"])[0, 1] > 0.98


def test_a_task_left_out_is_named_and_asking_for_it_is_an_error() -> None:
    study = simple([{"name": "x"}], [{"name": "t"}, {"name": "u", "target": "w"}])
    with pytest.warns(TableWarning, match="u is left out"):
        model = MultiTaskModel(study, "brief", threads=1).fit(labelled(60).assign(w=None))
    assert model.tasks_ == ["t"] and list(model.predict(labelled(5))) == ["t"]
    with pytest.raises(ValueError, match="not fitted: 0 labelled"):
        model.margin(labelled(5), "u")
    with pytest.raises(ValueError, match="no task 'v'"):
        model.margin(labelled(5), "v")


def test_what_cannot_be_fitted_says_why() -> None:
    study = simple([{"name": "x"}], [{"name": "t"}])
    with pytest.raises(TrainingError, match="t: 10 labelled rows"):
        MultiTaskModel(study).fit(labelled(10))
    with pytest.raises(TrainingError, match="t: 0 labelled"):
        MultiTaskModel(study).fit(labelled(0))
    with pytest.raises(ValueError, match="effort"):
        MultiTaskModel(study, effort="fast").fit(labelled(50))
    with pytest.raises(ValueError, match="random_state"):
        MultiTaskModel(study, random_state=-1).fit(labelled(50))
    with pytest.raises(NotFittedError, match="not fitted"):
        MultiTaskModel(study).predict(labelled(5))


def test_a_sample_study_round_trips_through_its_own_toml() -> None:
    study, _ = load_sample("rotterdam")
    assert Study.from_toml(study.to_toml()) == study

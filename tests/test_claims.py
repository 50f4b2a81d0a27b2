"""What the design claims of the model, on data whose truth is known."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from mtl import MultiTaskModel, Study, load_sample
from mtl.data.encode import encode
from mtl.data.targets import targets
from mtl.evaluate import evaluate_task
from mtl.multitask import TableWarning
from tests import synthetic


def study_of(features: list[str], tasks: list[dict[str, object]], **more: object) -> Study:
    return Study.from_dict(
        {
            "study": {"name": "claims", "identifier": "id"},
            "stage": [{"name": "now"}],
            "feature": [{"name": f, "kind": "numeric", "stage": "now"} for f in features],
            "task": [{"stage": "now", "role": "diagnosis", "kind": "binary", **t} for t in tasks],
            **more,
        }
    )


def predictors(n: int, p: int, seed: int) -> tuple[pd.DataFrame, np.random.Generator]:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(n, p)), columns=[f"x{j}" for j in range(p)])
    return table.assign(id=range(n)), rng


# Sharing -------------------------------------------------------------------------------------------------------------


def test_opposed_targets_are_both_learnt() -> None:
    """f and -f, half of the second's labels missing: by the shared trees alone and by the blend."""
    table, rng = predictors(1200, 4, 0)
    f = 2 * (table["x0"] > 0) * table["x1"] + table["x2"]
    table["up"] = f + 0.3 * rng.normal(size=1200)
    table["down"] = -f + 0.3 * rng.normal(size=1200)
    table.loc[rng.random(1200) < 0.5, "down"] = np.nan
    study = study_of(
        ["x0", "x1", "x2", "x3"], [{"name": n, "kind": "regression", "target": n} for n in ("up", "down")]
    )
    model = MultiTaskModel(study, threads=1).fit(table)
    fresh, _ = predictors(1500, 4, 1)
    truth = 2 * (fresh["x0"] > 0) * fresh["x1"] + fresh["x2"]
    for name, sign in (("up", 1), ("down", -1)):
        assert r2_score(sign * truth, model.predict(fresh)[name]) > 0.8
        task = model.predictor_.task(name)
        alone = replace(task, weights=np.array([0.0, 0.0, 1.0]))
        shared = model.predictor_.shared[task.shared].margin(encode(study, fresh).X)[
            :, task.shared_outputs[0]
        ]
        assert (
            alone.weights[2] == 1
            and r2_score(sign * truth, np.mean(table[name].dropna()) + task.scale * shared) > 0.8
        )


def test_coin_flip_helpers_cost_no_target_more_than_noise() -> None:
    table, rng = predictors(1500, 6, 2)
    signal = table["x0"] + 0.8 * table["x1"] * (table["x2"] > 0) - 0.5 * table["x3"]
    table["y"] = (signal + rng.logistic(size=len(table)) > 0).astype(int)
    for k in range(4):
        table[f"coin{k}"] = rng.integers(0, 2, len(table))
    features = [f"x{j}" for j in range(6)]
    target = {"name": "y", "target": "y"}
    coins = [{"name": f"coin{k}", "target": f"coin{k}"} for k in range(4)]
    fresh, other = predictors(20_000, 6, 3)
    signal = fresh["x0"] + 0.8 * fresh["x1"] * (fresh["x2"] > 0) - 0.5 * fresh["x3"]
    y = (signal + other.logistic(size=len(fresh)) > 0).astype(int)
    alone, helped = (
        roc_auc_score(y, MultiTaskModel(study_of(features, tasks), threads=1).fit(table).predict(fresh)["y"])
        for tasks in ([target], [target, *coins])
    )
    assert helped > alone - 0.005


# Leakage -------------------------------------------------------------------------------------------------------------


def test_a_task_does_not_profit_from_its_own_column() -> None:
    """The same bits whether the column that the target reads is a feature of the study, or only in the table."""
    table, rng = predictors(300, 3, 4)
    table["count"] = rng.poisson(np.exp(0.5 * table["x0"]))
    tasks = [{"name": "t", "target": "count > 0"}]
    with_it, without = (
        MultiTaskModel(study_of(f, tasks), "brief", threads=1).fit(table)
        for f in (["x0", "x1", "x2", "count"], ["x0", "x1", "x2"])
    )
    assert with_it.study.visible("t") == ["x0", "x1", "x2"]
    assert with_it.margin(table, "t").tobytes() == without.margin(table, "t").tobytes()
    assert with_it.out_of_fold_["t"].margin.tobytes() == without.out_of_fold_["t"].margin.tobytes()


def test_nodal_metastasis_is_no_better_for_nodes_being_there() -> None:
    """Rotterdam: with the number of nodes seen by every other task, and by none."""
    study, table = load_sample("rotterdam")
    table = table.iloc[::2]
    entries = study.to_dict()
    for task in entries["task"]:
        task["excludes"] = [
            *task.get("excludes", []),
            *(["nodes"] if task["name"] != "nodal_metastasis" else []),
        ]
    found = []
    for chosen in (study, Study.from_dict(entries)):
        model = MultiTaskModel(chosen, "brief", threads=1).fit(table)
        y = targets(study, table, ["nodal_metastasis"])["nodal_metastasis"].y
        found.append(roc_auc_score(y, model.out_of_fold_["nodal_metastasis"].margin[:, 0]))
    assert found[0] < 0.8 and abs(found[0] - found[1]) < 0.02


def test_a_deterministic_helper_gives_nothing_away_at_prediction() -> None:
    """Hazard: margins stacked across masks leak. A task that sees `nodes` helps one that must not: no AUROC of 1."""
    table, rng = predictors(600, 3, 5)
    table["nodes"] = rng.poisson(1.0, 600)  # independent of everything else
    table["treated"] = (table["nodes"] > 0).astype(int)
    study = study_of(
        ["x0", "x1", "x2", "nodes"],
        [{"name": "positive", "target": "nodes > 0"}, {"name": "treated", "target": "treated"}],
    )
    model = MultiTaskModel(study, "brief", threads=1).fit(table)
    y = (table["nodes"] > 0).astype(int)
    assert roc_auc_score(y, model.out_of_fold_["treated"].margin[:, 0]) > 0.99
    assert abs(roc_auc_score(y, model.out_of_fold_["positive"].margin[:, 0]) - 0.5) < 0.07


def test_outcome_columns_in_the_table_are_never_read() -> None:
    study, table, model = synthetic.fitted()
    bare = table.drop(columns=["days", "dead", "kind", "id"])
    assert model.predict(bare).equals(model.predict(table))
    assert not set(study.survival_columns) & {name for t in study.tasks for name in study.visible(t.name)}


# Calibration ---------------------------------------------------------------------------------------------------------


def trial_study() -> Study:
    study = study_of(
        ["x0", "x1", "x2"],
        [
            {
                "name": "death", "kind": "survival", "role": "prognosis", "time": "years", "event": "dead",
                "time_unit": "years", "horizons": [1, 5],
            }
        ],
        treatment=[
            {
                "column": "drug",
                "trial": [
                    {
                        "name": "trial", "outcome": "death", "applies": "true", "population": "all", "citation": "none",
                        "tasks": ["death"], "hazard_ratio": [{"value": 0.4, "end": 2}, {"value": 0.9, "start": 2}],
                    }
                ],
            }
        ],
    )  # fmt: skip
    return study


def followed(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Proportional hazards, treatment given to the ill; also the true risks by 5 years, treated and not."""
    table, rng = predictors(n, 3, seed)
    hazard = 0.1 * np.exp(0.8 * table["x0"] + 0.4 * table["x1"]).to_numpy()
    drug = (rng.random(n) < 1 / (1 + np.exp(-2 * table["x0"]))).astype(float)
    early, late = hazard * np.where(drug, 0.4, 1.0), hazard * np.where(drug, 0.9, 1.0)
    target = rng.exponential(size=n)
    years = np.where(target <= 2 * early, target / early, 2 + (target - 2 * early) / late)
    end = rng.uniform(2, 10, n)
    table = table.assign(drug=drug, years=np.minimum(years, end), dead=(years <= end).astype(int))
    return table, 1 - np.exp(-2 * early - 3 * late), 1 - np.exp(-5 * hazard)


def test_risks_are_the_true_ones_under_confounding_by_indication() -> None:
    table, _, _ = followed(2500, 6)
    model = MultiTaskModel(trial_study(), threads=1).fit(table)
    fresh, treated, untreated = followed(4000, 7)
    found = model.predict(fresh)
    for column, truth in (("death@5y", treated), ("death@5y.untreated", untreated)):
        risk = found[column].to_numpy()
        assert abs(risk.mean() - truth.mean()) < 0.015
        tenth = pd.qcut(risk, 10, labels=False)
        gaps = pd.DataFrame({"gap": risk - truth, "tenth": tenth}).groupby("tenth")["gap"].mean()
        assert gaps.abs().max() < 0.06
        assert np.corrcoef(risk, truth)[0, 1] > 0.98


def test_probabilities_are_calibrated_out_of_fold() -> None:
    table, rng = predictors(1500, 4, 8)
    table["y"] = (1.5 * table["x0"] - 1 + rng.logistic(size=1500) > 0).astype(int)
    model = MultiTaskModel(study_of(["x0", "x1", "x2", "x3"], [{"name": "t", "target": "y"}]), threads=1).fit(
        table
    )
    fresh, other = predictors(8000, 4, 9)
    y = (1.5 * fresh["x0"] - 1 + other.logistic(size=8000) > 0).astype(float)
    metrics = evaluate_task("binary", y, model.predict(fresh)["t"], intervals=False)
    assert 0.85 < metrics["calibration_slope"].value < 1.15
    assert metrics["ici"].value < 0.03


# Missing in use ------------------------------------------------------------------------------------------------------


def test_a_blanked_input_is_like_a_refit_without_it() -> None:
    """Independent inputs, never missing in training; the full audit of the sample cohorts is bench/missing.py."""
    table, rng = predictors(2500, 4, 10)
    signal = lambda t: 1.2 * (t["x0"] + 1) + 0.6 * t["x1"] * (t["x2"] > 0)  # noqa: E731
    table["y"] = (signal(table) + rng.logistic(size=len(table)) > 1).astype(int)
    features = ["x0", "x1", "x2", "x3"]
    model = MultiTaskModel(study_of(features, [{"name": "t", "target": "y"}]), threads=1).fit(table)
    fresh, other = predictors(8000, 4, 11)
    y = (signal(fresh) + other.logistic(size=8000) > 1).to_numpy()

    def loss(risk: pd.Series) -> float:
        return float(-np.mean(np.where(y, np.log(risk), np.log1p(-risk))))

    for feature in ("x0", "x1"):
        rest = [f for f in features if f != feature]
        refit = MultiTaskModel(study_of(rest, [{"name": "t", "target": "y"}]), threads=1).fit(table)
        blank = model.predict(fresh.assign(**{feature: np.nan}))["t"]
        zero = model.predict(fresh.assign(**{feature: 0.0}))["t"]
        assert loss(blank) - loss(refit.predict(fresh)["t"]) < 0.01
        assert (blank != zero).mean() > 0.9


@pytest.mark.parametrize("feature", ["er", "size"])
def test_rotterdams_receptor_and_size_may_be_unknown(feature: str) -> None:
    study, table = load_sample("rotterdam")
    order = np.random.default_rng(0).permutation(len(table))
    test, train = table.iloc[order[:800]], table.iloc[order[800:]]
    entries = study.to_dict()
    entries["task"] = [t for t in entries["task"] if t["name"] == "death"]
    entries["treatment"] = []
    study = Study.from_dict(entries)
    entries["task"][0]["excludes"] = [*entries["task"][0].get("excludes", []), feature]
    y = ((test["dtime"] <= 5 * 365.25) & (test["death"] == 1)).to_numpy()
    known = (y | (test["dtime"] > 5 * 365.25)).to_numpy()
    losses = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        model = MultiTaskModel(study, threads=1).fit(train)
        refit = MultiTaskModel(Study.from_dict(entries), threads=1).fit(train)
        for fitted, found in ((model, test.drop(columns=feature)), (refit, test)):
            risk = fitted.predict(found)["death@5y"].to_numpy()[known]
            losses.append(float(-np.mean(np.where(y[known], np.log(risk), np.log1p(-risk)))))
    assert losses[0] - losses[1] < 0.01

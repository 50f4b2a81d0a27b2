"""The pieces of the quality bench: its Cox objective, permutation, hiding of labels, intervals, what tasks may see."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

import lifelines
import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from bench.comparison import cells, permuted
from bench.comparison.alone import alone
from bench.comparison.cells import SCARCE, Cache, Cell
from bench.comparison.cox import deviance, gradient, signed_times
from bench.comparison.data import COHORTS, Cohort
from bench.comparison.intervals import paired
from bench.comparison.labels import label_columns, permuted_helpers, scarce, with_own_labels
from bench.comparison.methods import Case, Outcome, predicted
from bench.comparison.peers import groups
from bench.comparison.report import as_json, markdown
from bench.comparison.summary import Findings
from bench.comparison.tuned import tune
from bench.size import Cost, Size, drawing, simulated
from mtl.data.encode import encode
from mtl.data.targets import Target, targets
from mtl.model.losses import CoxLoss
from mtl.model.train import EFFORTS, _seed
from mtl.multitask import TableWarning
from tests import synthetic


@cache
def cohort(name: str) -> Cohort:
    if name == "synthetic":
        return with_own_labels(Cohort(name, synthetic.study(), synthetic.table(200)))
    return with_own_labels(COHORTS[name]())


def follow_up(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    time = np.ceil(rng.exponential(size=n) * np.exp(-0.7 * x) * 8)  # whole years: many ties
    return x, time, (rng.random(n) < 0.7).astype(float)


# The Cox objective --------------------------------------------------------------------------------


def test_cox_gradient_and_curvature_are_those_of_the_deviance() -> None:
    x, time, event = follow_up()
    label, margin, step = signed_times(time, event), 0.5 * x, 1e-4
    g, h = gradient(margin, label)
    for row in range(len(x)):
        moved = np.zeros(len(x))
        moved[row] = step
        up, here, down = (deviance(margin + k * moved, label) * event.sum() for k in (1, 0, -1))
        assert g[row] == pytest.approx((up - down) / (2 * step), abs=1e-6)
        assert h[row] == pytest.approx((up - 2 * here + down) / step**2, abs=1e-5)


def test_cox_without_ties_is_the_products_and_lifelines() -> None:
    x, time, event = follow_up()
    time = time + np.arange(len(x)) * 1e-3
    label, margin = signed_times(time, event), (0.3 * x)[:, None]
    mine, product = gradient(margin[:, 0], label), CoxLoss(time, event).gradient(margin)
    np.testing.assert_allclose(mine[0], product[0][:, 0], atol=1e-10)
    np.testing.assert_allclose(mine[1], product[1][:, 0], atol=1e-10)
    best = minimize_scalar(lambda beta: deviance(beta * x, label), bounds=(-5, 5), method="bounded").x
    table = pd.DataFrame({"x": x, "time": time, "event": event})
    theirs = lifelines.CoxPHFitter().fit(table, "time", "event").params_["x"]
    assert best == pytest.approx(theirs, abs=1e-4)


def test_an_offset_is_part_of_the_log_hazard_while_fitting() -> None:
    """Two groups whose hazards differ by exactly the offset: nothing is left to learn."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 800)
    time = rng.exponential(size=800) / np.exp(1.5 * group)
    target = Target("t", "survival", time=time, event=np.ones(800))
    config = ({"num_leaves": 3},)
    without = tune(group[:, None].astype(float), target, [], config)
    given = tune(group[:, None].astype(float), target, [], config, offset=1.5 * group)
    ends = np.array([[0.0], [1.0]])
    assert np.ptp(without.predict(ends)) > 1.0
    assert abs(np.diff(given.predict(ends))[0]) < 0.2
    assert np.ptp(given.predict(ends, np.array([0.0, 1.5]))) > 1.2


def test_lightgbm_hands_labels_and_offsets_of_the_fold_to_the_objective() -> None:
    """``lgb.cv`` cuts a Dataset into folds; signed times and offsets must be cut with it."""
    label, offset = np.arange(1.0, 41.0), np.linspace(0, 1, 40)
    data = lgb.Dataset(np.arange(40.0)[:, None], label, init_score=offset, params={"verbosity": -1})
    seen = []

    def objective(margin: np.ndarray, part: lgb.Dataset) -> tuple[np.ndarray, np.ndarray]:
        seen.append((part.get_label(), margin.copy()))
        return np.zeros(len(margin)), np.ones(len(margin))

    split = [(np.arange(10, 40), np.arange(10))]
    feval = lambda margin, part: ("none", float(len(margin)), False)  # noqa: E731
    params = {"objective": objective, "verbosity": -1, "min_data_in_leaf": 1}
    lgb.cv(params, data, 1, folds=split, feval=feval, stratified=False)
    np.testing.assert_array_equal(seen[0][0], label[10:])
    np.testing.assert_allclose(seen[0][1], offset[10:])


# Labels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["synthetic", *COHORTS])
def test_own_label_columns_change_neither_labels_nor_what_is_seen(name: str) -> None:
    own = cohort(name)
    before = Cohort(name, synthetic.study(), synthetic.table(200)) if name == "synthetic" else COHORTS[name]()
    old, new = targets(before.study, before.table), targets(own.study, own.table)
    for task in before.study.tasks:
        assert own.study.visible(task.name) == before.study.visible(task.name)
        for part in ("y", "time", "event"):
            np.testing.assert_allclose(getattr(new[task.name], part), getattr(old[task.name], part))


def test_no_task_sees_its_outcome() -> None:
    """The outcomes of follow-up are no features at all, and a sign is hidden from its own task."""
    assert not {"cd420", "cd496", "cd820", "offtrt", "r", "days", "cens"} & {
        f.name for f in cohort("actg175").study.features
    }
    assert "node4" not in COHORTS["colon"]().table
    for task, column in (("hepato", "hepato"), ("ascites", "edema"), ("histologic_stage", "stage")):
        assert column not in cohort("pbc").study.visible(task)
    for task in cohort("rotterdam").study.tasks:
        assert not {"hormon", "chemo"} & set(cohort("rotterdam").study.visible(task.name))


@pytest.mark.parametrize("name", ["synthetic", "actg175", "pbc"])
def test_permutation_moves_helpers_together_and_keeps_what_is_missing(name: str) -> None:
    own = cohort(name)
    keep, *others = [task.name for task in own.study.tasks]
    moved = permuted_helpers(own, own.table, [keep], seed=3)
    helpers = [c for t in others for c in label_columns(t, own.study.task(t).kind)]
    rest = [c for c in own.table.columns if c not in helpers]
    pd.testing.assert_frame_equal(moved[rest], own.table[rest])
    np.testing.assert_array_equal(moved[helpers].isna(), own.table[helpers].isna())
    rows = lambda table: sorted(map(repr, table[helpers].itertuples(index=False)))  # noqa: E731
    assert rows(moved) == rows(own.table)  # the same label rows, whole
    assert not moved[helpers].equals(own.table[helpers])


def test_scarce_labels_are_a_share_of_each_kind_and_only_of_one_task() -> None:
    own = cohort("actg175")
    few = scarce(own, own.table, "event", 0.1, seed=1)
    before, after = (targets(own.study, t, ["event"])["event"] for t in (own.table, few))
    for value in (0.0, 1.0):
        assert (after.event == value).sum() == round(0.1 * (before.event == value).sum())
    kept = after.labelled
    np.testing.assert_array_equal(after.time[kept], before.time[kept])
    rest = [c for c in own.table.columns if c not in label_columns("event", "survival")]
    pd.testing.assert_frame_equal(few[rest], own.table[rest])


def test_scarce_targets_are_eight_of_four_sets() -> None:
    assert len(SCARCE) == 8 and len({s.cohort for s in SCARCE}) == 4
    for target in SCARCE:
        assert 0.10 <= target.share <= 0.25
        cohort(target.cohort).study.task(target.task)


# Methods ------------------------------------------------------------------------------------------


def test_experts_alone_make_up_the_blend() -> None:
    """Weights times the experts' predictions differ from the model's margin by a constant."""
    study, table, model = synthetic.brief()
    fresh = synthetic.table(150, seed=9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        for task in ("ill", "amount", "death"):
            experts = alone(model, table, fresh, task)
            weights = model.predictor_.task(task).weights
            summed = sum(w * e for w, e in zip(weights, experts.values(), strict=True))
            if study.task(task).kind == "survival":  # as treated: the offset is in each expert
                assert np.isfinite(summed).all()
                continue
            assert np.ptp(model.margin(fresh, task) - summed) < 1e-8
        chances = alone(model, table, fresh, "kind")
        for p in chances.values():
            np.testing.assert_allclose(p.sum(axis=1), 1.0)
        assert predicted(model, fresh, "kind").shape == (150, 3)


def test_the_control_with_nothing_dealt_is_the_model_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grown from the real labels with the model's own seed, the control says what the model says."""
    monkeypatch.setattr(permuted, "DEFAULT", EFFORTS["brief"])
    own = with_own_labels(Cohort("synthetic", synthetic.study(), synthetic.table(260)))
    case = Case(own, own.table.iloc[:200], own.table.iloc[200:], ("ill", "kind", "death"))
    X = encode(own.study, case.test).X
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        real = permuted.Real.of(case)
        for task in case.tasks:
            _, data, group, _ = real.place(task)
            same = real.grown(case.train, task, _seed(real.problem, 11, group))
            blend, _ = real.predictions(task, same, X)
            off = blend - real.told(task, case.test)
            if data.target.kind == "survival":  # a log hazard has no origin
                off = off - off.mean()
            np.testing.assert_allclose(off, 0.0, atol=1e-12)
            dealt = real.grown(permuted_helpers(own, case.train, [task], 1), task, 5)
            moved = real.predictions(task, dealt, X)[1] - real.predictions(task, same, X)[1]
            assert np.abs(moved).max() > 1e-3


def test_groups_of_peers_share_kind_and_features() -> None:
    own = cohort("actg175")
    case = Case(own, own.table.iloc[:400], own.table.iloc[400:500], tuple(t.name for t in own.study.tasks))
    found = {group.kind: group for group in groups(case)}
    assert set(found["binary"].tasks) == {"event_2y", "stopped_treatment", "seen_at_week_96"}
    assert not np.isnan(found["regression"].Y).any()
    assert found["binary"].X.shape[1] == found["binary"].unseen.shape[1] == 15 + 4  # the arm as four columns


# Intervals, tables --------------------------------------------------------------------------------


def test_interval_is_nadeau_and_bengios() -> None:
    """By hand: mean .02, variance .0001, five folds: half = t(4) * sqrt((1/5 + 1/4) * .0001)."""
    values = 0.02 + np.array([-1.0, -0.5, 0.0, 0.5, 1.0]) * 0.01 / np.std([-1, -0.5, 0, 0.5, 1], ddof=1)
    found = paired(values, 5)
    assert found.mean == pytest.approx(0.02)
    assert found.high == pytest.approx(0.02 + 2.7764451 * np.sqrt(0.45) * 0.01)


def test_cells_are_kept_and_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []

    def stand_in(case: Case) -> list[Outcome]:
        computed.append(case.tasks)
        scores = {task: 0.5 + 0.01 * len(task) for task in case.tasks}
        return [Outcome(m, scores, 1.0, 1024) for m in ("tuned LightGBM", "linear", "own", "shared", "blend")]

    monkeypatch.setitem(cells.METHODS, "lightgbm", stand_in)
    wanted = [Cell("colon", fold, "lightgbm") for fold in range(2)]
    wanted += [Cell("colon", fold, "lightgbm", "death", 0.25) for fold in range(2)]
    cells.run(wanted, Cache(tmp_path), 1)
    with (tmp_path / "cells.jsonl").open("a") as file:
        file.write('{"key": "half a li')
    found = cells.run(wanted, Cache(tmp_path), 1)
    assert computed == [tuple(t.name for t in cohort("colon").study.tasks)] * 2 + [("death",)] * 2
    findings = Findings.of(found)
    text, numbers = markdown(findings, "how"), as_json(findings)
    assert "colon, death, 25 %" in text and "+0.0000 [+0.0000, +0.0000]" in text
    assert numbers["scarce_gain"]["blend"]["mean"] == 0 and numbers["scarce_gain"]["permuted blend"] is None
    assert {c["claim"]: c["held"] for c in numbers["claims"]}[
        "colon: tuned LightGBM within 0.005 of 0.672"
    ] is False


# Size ---------------------------------------------------------------------------------------------


def test_simulated_tables_have_tasks_of_every_kind() -> None:
    study, table = simulated(Size(300, 5, 5))
    assert [task.kind for task in study.tasks] == ["binary", "regression", "survival", "multiclass", "binary"]
    assert len(table) == 300 and all(t.labelled.all() for t in targets(study, table).values())


def test_cost_is_drawn_with_its_numbers() -> None:
    sweeps = {"rows": [Cost(Size(n, 10, 4), 9.0, 0.5, n / 1000) for n in (1000, 3000)]}
    picture = drawing(sweeps)
    assert picture.startswith("<svg") and "rows: 1k 1.0 s, 3k 3.0 s" in picture
    assert (
        not Cost(Size(10, 1, 1, seconds=1.0), 2.0, 0.1, 2.0).held and Cost(Size(10, 1, 1), 2.0, 0.1, 2.0).held
    )

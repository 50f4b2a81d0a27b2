"""The audit: the same on any number of threads and after an interruption, and right where the truth is known."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl import Study
from mtl.evidence import learning, pairs, transfer
from mtl.evidence.learner import Learner
from mtl.evidence.learning import thin
from mtl.evidence.paired import gain
from mtl.evidence.subject import NEW, Subject
from mtl.evidence.transfer import Audit
from mtl.evidence.verdict import MARGIN
from mtl.model.grow import TreeConfig
from mtl.model.problem import Problem
from mtl.model.train import Effort
from tests import synthetic

FAST = Effort((TreeConfig(max_rounds=24, learning_rate=0.25),))


class InterruptedByTestError(Exception):
    pass


def quiet(stage: str, share: float) -> None:
    assert 0.0 <= share <= 1.0 + 1e-9, stage


def learner(n: int = 150) -> Learner:
    return Learner(Problem.from_table(synthetic.study(), synthetic.table(n), 5, 0), FAST)


def test_it_is_the_same_on_two_threads_and_after_an_interruption() -> None:
    def audit(threads: int) -> Audit:
        return Audit(learner(), permutations=2, tasks=("ill", "death"), threads=threads)

    whole: dict[str, Any] = {}
    first = audit(1).run(quiet, whole)
    assert json.dumps(audit(2).run(quiet, {})) == json.dumps(first)

    kept: dict[str, Any] = {}

    def stop(stage: str, share: float) -> None:
        if len(kept) == 4:
            raise InterruptedByTestError

    with pytest.raises(InterruptedByTestError):
        audit(1).run(stop, kept)
    assert 0 < len(kept) < len(whole)
    begun = []
    again = audit(1).run(lambda stage, share: begun.append(share), kept)
    assert json.dumps(again) == json.dumps(first)
    assert begun[0] > 0 and begun == sorted(begun) and begun[-1] == pytest.approx(1.0)


def test_what_it_reports_follows_from_what_it_measured() -> None:
    found = Audit(learner(), permutations=2, tasks=("ill",), threads=1).run(quiet, {})["ill"]
    assert found["helpers"] == ["kind", "amount", "treated", "death"] or set(found["helpers"]) <= {
        "kind", "amount", "treated", "death",
    }  # fmt: skip
    scores = {name: transfer.Scores.from_dict(one) for name, one in found["scores"].items()}
    assert found["gain"]["linear_own"] == gain(scores["blend"], scores["linear_own"])
    control = found["control"]
    assert np.mean(control["runs"]) == pytest.approx(control["shuffled"]["metric"])
    assert control["gain"]["metric"]["value"] == pytest.approx(
        control["real"]["metric"] - control["shuffled"]["metric"]
    )
    assert 0 < control["moved"] < 1
    assert np.array(found["weights"]["blend"]).shape == (5, 3)
    # two permutations are too few for the verdict to be "helped"
    found["gain"]["linear_own"]["metric"] = {"value": 0.2, "low": 0.1, "high": 0.3}
    found["control"]["gain"]["metric"] = {"value": 0.2, "low": 0.1, "high": 0.3}
    assert transfer.verdict_on(found) == "regularised"
    found["control"]["runs"] = [0.5] * 10
    assert transfer.verdict_on(found) == "helped"


def test_the_part_says_what_the_model_does() -> None:
    study, table, model = synthetic.brief()
    fold = np.full(len(table), NEW)
    subject = Subject(study, table, model, fold)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = Audit(Learner.of(subject), permutations=1, tasks=("ill", "kind"), threads=1)
        found = transfer.audit(model, wanted, quiet, {})
    json.dumps(found, allow_nan=False)
    assert found["margin"] == MARGIN and list(found["tasks"]) == ["ill", "kind"]
    for name, one in found["tasks"].items():
        blend = model.training_["blend"][name]
        assert one["model_weights"] == dict(zip(blend["experts"], blend["weights"], strict=True))
        assert one["guard"] == blend["sharing"] and one["n"] == model.training_["labelled"][name]


def test_the_learner_has_the_folds_and_shapes_of_the_model() -> None:
    study, table, model = synthetic.brief()
    again = Learner.of(Subject(study, table, model, np.full(len(table), NEW)))
    np.testing.assert_array_equal(again.problem.fold, model.trained_.fold)
    assert {config.learning_rate for config in again.own_config.values()} == {0.2}


def simulated(n: int, share: float) -> tuple[Study, pd.DataFrame]:
    """`target` is what `helper` is, and is labelled in some rows; two findings tell it together, neither alone."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, 4))
    margin = 4 * (X[:, 0] * X[:, 1] + X[:, 2])
    helper = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(float)
    found = pd.DataFrame(X, columns=[f"x{j}" for j in range(4)]).assign(
        id=np.arange(n), helper=helper, target=np.where(rng.random(n) < share, helper, np.nan)
    )
    study = Study.from_dict(
        {
            "study": {"name": "simulated", "identifier": "id"},
            "stage": [{"name": "visit"}],
            "feature": [{"name": f"x{j}", "kind": "numeric", "stage": "visit"} for j in range(4)],
            "task": [
                {"name": k, "kind": "binary", "role": "diagnosis", "stage": "visit", "target": f"{k} == 1"}
                for k in ("target", "helper")
            ],
        }
    )
    return study, found


def test_pairs_and_learning_curves_go_on_from_their_pieces() -> None:
    study, table = simulated(240, 1.0)

    def made() -> Learner:
        return Learner(Problem.from_table(study, table, 5, 0), FAST)

    kept: dict[str, Any] = {}
    gains = pairs.Pairs(made(), deals=2, threads=1).run(quiet, kept)
    assert set(gains["target"]["helpers"]) == {"helper"} and len(kept) == 2
    del kept["0.1"]
    assert json.dumps(pairs.Pairs(made(), deals=2, threads=1).run(quiet, kept)) == json.dumps(gains)
    json.dumps(gains, allow_nan=False)

    pieces: dict[str, Any] = {}
    curve = learning.Curve(made(), threads=1).run(quiet, pieces)
    assert [point["share"] for point in curve["target"]["shares"]] == [1.0, 0.5, 0.25, 0.1]
    labels = [point["labels"] for point in curve["target"]["shares"]]
    assert labels == sorted(labels, reverse=True) and labels[0] == 240
    del pieces["0.0.5.1"]
    assert json.dumps(learning.Curve(made(), threads=1).run(quiet, pieces)) == json.dumps(curve)


def test_fewer_labels_keep_the_share_of_each_fold_and_class() -> None:
    study, table = simulated(400, 1.0)
    made = Learner(Problem.from_table(study, table, 5, 0), FAST)
    task = made.task("target")
    kept = thin(made.crossed, task, 0.25, [1])
    assert len(kept) == len(set(kept)) and (np.diff(kept) > 0).all()
    fold, y = made.problem.fold[task.rows], task.target.y
    for f in range(5):
        for value in (0.0, 1.0):
            own = (fold == f) & (y == value)
            assert own[kept].sum() == max(1, round(0.25 * own.sum()))


def test_a_model_is_not_needed_to_name_who_helps() -> None:
    made = learner()
    assert made.helpers("ill") != () and all(helper.name != "ill" for helper in made.helpers("ill"))
    visible = set(made.task("amount").visible)
    assert all(visible <= set(helper.visible) for helper in made.helpers("amount"))

"""Refits and intervals against statsmodels, closed forms and their own promises."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import KaplanMeierFitter
from scipy.special import expit, logit

from mtl import MultiTaskModel
from mtl.data.encode import encode
from mtl.data.targets import Target
from mtl.model.files import ModelFileError
from mtl.model.intervals import Strays, Uncertainty, _around, binary, multiclass
from mtl.model.plan import Plan
from mtl.model.problem import Problem, TaskData, TrainingError
from mtl.model.refit_files import refits_from_text, refits_to_text
from mtl.model.refits import fit_refits
from mtl.model.simulate import draw_labels
from mtl.multitask import TableWarning
from mtl.study import Study
from tests import synthetic

pytestmark = pytest.mark.filterwarnings("ignore::mtl.multitask.TableWarning")


@pytest.fixture(scope="module")
def fitted() -> tuple[MultiTaskModel, Any]:
    study, table, _ = synthetic.brief()
    model = MultiTaskModel(study, "brief", background=20, threads=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        model.fit(table)
    return model.fit_intervals(table, refits=4), table


def test_limits_stand_around_every_number_and_survive_saving(fitted: Any, tmp_path: Any) -> None:
    model, table = fitted
    found = model.predict(table)
    ends = [c for c in found.columns if c.endswith(".low")]
    assert {c.split("@")[0].split("=")[0].removesuffix(".low") for c in ends} == {
        "ill", "kind", "amount", "treated", "death",
    }  # fmt: skip
    assert "death@3y.untreated.low" in found
    for low in ends:
        column = low.removesuffix(".low")
        known = found[column].notna() & found[low].notna()
        assert known.any() or column.startswith("death@30y")  # nobody was followed for so long
        assert (found[low][known] < found[column][known]).all()
        assert (found[column][known] < found[f"{column}.high"][known]).all()
    version = model.version_
    model.save(tmp_path / "model")
    again = MultiTaskModel.load(tmp_path / "model")
    assert again.version_ == version
    assert again.predict(table).equals(found)
    one = again.predict(table.iloc[[7]])
    np.testing.assert_allclose(one.to_numpy(float), found.iloc[[7]].to_numpy(float), rtol=1e-12)


def test_no_patient_can_be_read_from_any_file_of_a_model_with_intervals(fitted: Any) -> None:
    """Of a patient's four measured values at most two stand anywhere, as an end or quantile of their columns."""
    model, table = fitted
    files = model.files()
    assert "refits.json" in files
    written = re.findall(r"-?\d+\.\d+(?:e[-+]?\d+)?", "\n".join(files.values()))
    numbers = {float(text) for text in written}
    assert len(numbers) > 1000
    columns = ["x0", "x1", "late", "dose"]
    known = table[columns].isin(numbers).sum(axis=1)
    assert known.max() <= 2, f"{known.idxmax()}: {known.max()} of its values are in the files"
    assert not set((table["days"] / 365.25).dropna()) & numbers
    assert not any(str(name) in text for name in table["id"] for text in files.values())


def test_a_loaded_model_computes_the_same_intervals(fitted: Any, tmp_path: Any) -> None:
    model, table = fitted
    model.save(tmp_path / "model")
    again = MultiTaskModel.load(tmp_path / "model")
    again.threads = 1
    again.fit_intervals(table, refits=4)
    assert refits_to_text(again.intervals_) == refits_to_text(model.intervals_)
    with pytest.raises(TrainingError, match="this is another"):
        again.fit_intervals(table.iloc[:200], refits=4)
    with pytest.raises(ValueError, match="2 or more"):
        again.fit_intervals(table, refits=1)


@pytest.mark.parametrize(
    "harm",
    [
        lambda d: d["tasks"].pop(),
        lambda d: d["tasks"][0].pop("centre"),
        lambda d: d["tasks"][0]["linear"].update(data="!"),
        lambda d: d["tasks"][0]["linear"].update(shape=[1, 1, 1]),
        lambda d: d["shared"][0]["first"].update(shape=[10**9]),
        lambda d: d["shared"][0]["feature"].update(d["shared"][0]["start"]),
        lambda d: d["tasks"][0]["own"].update(care={"shape": [0], "data": ""}),
        lambda d: d.update(tasks=7),
    ],
)
def test_damaged_refits_are_refused(fitted: Any, harm: Any) -> None:
    model, _ = fitted
    data = json.loads(refits_to_text(model.intervals_))
    harm(data)
    with pytest.raises(ModelFileError, match="again"):
        refits_from_text(json.dumps(data), model.predictor_)


def test_the_spread_is_that_of_maximum_likelihood() -> None:
    """With the linear expert alone and hardly a penalty, the parametric bootstrap is the GLM's standard error."""
    rng = np.random.default_rng(0)
    n = 1500
    X = rng.normal(size=(n, 2))
    y = (rng.random(n) < expit(0.5 * X[:, 0] - 0.3)).astype(int)
    study = Study.from_dict(
        {
            "study": {"name": "glm", "identifier": "id"},
            "stage": [{"name": "s"}],
            "feature": [{"name": f, "kind": "boolean", "stage": "s"} for f in ("a", "b")],
            "task": [{"name": "y", "kind": "binary", "role": "diagnosis", "stage": "s", "target": "y"}],
        }
    )
    table = pd.DataFrame({"id": range(n), "a": X[:, 0] > 0, "b": X[:, 1] > 0, "y": y})
    model = MultiTaskModel(study, effort="brief").fit(table)
    problem = Problem.from_table(study, table, 5, 0)
    task = replace(model.predictor_.tasks[0], weights=np.array([1.0, 0.0, 0.0]))
    predictor = replace(model.predictor_, tasks=(task,))
    plan = Plan.from_dict(model.training_["plan"])
    weak = replace(plan, penalties=(replace(plan.penalties[0], strength=1e-6, nonlinear=1.0),))
    refits = fit_refits(problem, predictor, weak, 60, 2, lambda what, share: None)
    rows = encode(study, pd.DataFrame({"id": range(4), "a": [0, 0, 1, 1], "b": [0, 1, 0, 1]}).astype(float)).X
    spread = Uncertainty(predictor, refits).refits.margins(predictor, rows)["y"][:, :, 0].std(axis=0, ddof=1)
    glm = sm.Logit(y, sm.add_constant(table[["a", "b"]].astype(float))).fit(disp=0)
    design = sm.add_constant(pd.DataFrame({"a": [0.0, 0, 1, 1], "b": [0.0, 1, 0, 1]}), has_constant="add")
    wanted = np.sqrt(np.einsum("ni,ij,nj->n", design, glm.cov_params(), design))
    # masked cells cost about a tenth of the information
    np.testing.assert_allclose(spread / wanted, 1.05, atol=0.25)


def test_n_eff_is_the_sample_that_would_know_as_much() -> None:
    p, n = 0.3, 200.0
    spread = np.sqrt(p * (1 - p) / n) / (p * (1 - p))  # of a proportion, on the log-odds
    found = _around(np.array([logit(p)]), np.array([spread]), logistic=True)
    assert found.n_eff[0] == pytest.approx(n)
    width = 0.5 * (logit(found.high[0]) - logit(found.low[0]))
    assert width == pytest.approx(1.6448536269514722 * spread)


def test_a_certain_number_is_its_own_interval() -> None:
    margins = np.array([[[800.0]], [[700.0]]])
    found = binary(np.array([1.0]), Strays(margins, np.array([[750.0]]), np.zeros((0, 1, 1)), np.zeros(0)))
    assert found.low[0] == found.high[0] == 1.0


def test_two_classes_are_the_binary_interval() -> None:
    rng = np.random.default_rng(1)
    margins = rng.normal(size=(20, 5, 1))
    fitted = rng.normal(size=(5, 1))
    experts = rng.normal(size=(2, 5, 1)) * 0.1
    share = np.array([0.4, 0.6])
    one = binary(expit(fitted[:, 0]), Strays(margins, fitted, experts, share))

    def two(values: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros_like(values), values], axis=-1)

    p = np.column_stack([1 - expit(fitted[:, 0]), expit(fitted[:, 0])])
    both = multiclass(p, Strays(two(margins), two(fitted), two(experts), share))
    np.testing.assert_allclose(both.low[:, 1], one.low, rtol=1e-9)
    np.testing.assert_allclose(both.high[:, 0], 1 - one.low, rtol=1e-9)


def survival_task(n: int, rng: np.random.Generator) -> TaskData:
    time, end = rng.exponential(size=n) * 3, rng.uniform(0, 8, n)
    target = Target("death", "survival", time=np.minimum(time, end), event=(time <= end).astype(float))
    return TaskData(synthetic.study().task("death"), (0,), np.arange(n), target)


def test_drawn_times_have_the_survival_they_were_drawn_from() -> None:
    rng = np.random.default_rng(2)
    task = survival_task(4000, rng)
    drawn = draw_labels(task, np.zeros((4000, 1)), None, rng).target
    before = KaplanMeierFitter().fit(task.target.time, task.target.event)
    after = KaplanMeierFitter().fit(drawn.time, drawn.event)
    at = [0.5, 1, 2, 4, 6]
    np.testing.assert_allclose(before.predict(at), after.predict(at), atol=0.03)
    ends = KaplanMeierFitter().fit(task.target.time, 1 - task.target.event)
    again = KaplanMeierFitter().fit(drawn.time, 1 - drawn.event)
    np.testing.assert_allclose(ends.predict(at), again.predict(at), atol=0.03)


def test_drawn_times_follow_the_hazard_of_each_period() -> None:
    """Twice the hazard before year 2 and half of it after, by offsets: the cumulative hazards say so."""
    rng = np.random.default_rng(3)
    n = 20_000
    half = np.arange(n) < n // 2
    offsets = np.where(half[:, None], np.log([[2.0, 0.5]]), 0.0)
    task = replace(survival_task(n, rng), offsets=offsets, boundaries=(2.0,))
    drawn = draw_labels(task, np.zeros((n, 1)), None, rng).target

    def hazard(rows: np.ndarray, start: float, stop: float) -> float:
        km = KaplanMeierFitter().fit(drawn.time[rows], drawn.event[rows])
        return float(-np.log(km.predict(stop) / km.predict(start)))

    assert hazard(half, 0, 2) / hazard(~half, 0, 2) == pytest.approx(2.0, rel=0.1)
    assert hazard(half, 2, 6) / hazard(~half, 2, 6) == pytest.approx(0.5, rel=0.2)

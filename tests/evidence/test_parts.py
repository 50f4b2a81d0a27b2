"""The parts of the evidence: the command line's numbers, counts of their own, no patient's row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from mtl.__main__ import main
from mtl.evaluate.calibration_groups import counts, counts_at, grouped, grouped_amounts, grouped_at
from mtl.evaluate.subgroups import by_group
from mtl.evidence import calibration, cutoff, risk_groups, subgroups
from mtl.evidence.comparison import compare
from mtl.evidence.subject import NEW, Subject
from mtl.evidence.view import View, views
from mtl.jobs.evidence import PARTS, gather, subject
from mtl.store import cohorts, database, evidence, models

SAMPLES = Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def home(computed_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(computed_home))
    yield computed_home
    database.close()


def judged(name: str) -> Subject:
    cohort = cohorts.get(name)
    return subject(models.get(str(cohort.model)), cohort)


def found(name: str, part: str) -> dict[str, Any]:
    """A part of a sample's evidence, computed once for all tests."""
    cohort = cohorts.get(name)
    record = models.get(str(cohort.model))
    gather({"model": record.key, "cohort": name, "part": part}, lambda stage, share: None)
    content = evidence.find(record, cohort, part, PARTS[part].version)
    assert content is not None
    return content


def quiet(stage: str, share: float) -> None:
    assert 0 <= share <= 1


def test_the_metrics_are_the_command_lines(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rotterdam's model on GBSG, the external cohort: the same numbers to the last bit, intervals included."""
    content = found("gbsg", "accuracy")
    assert not content["internal"]
    capsys.readouterr()
    assert main(["evaluate", "rotterdam", str(SAMPLES / "gbsg" / "cohort.csv"), "--json", "--beside"]) == 0
    told = json.loads(capsys.readouterr().out)
    techniques = {name: one["techniques"] for name, one in found("gbsg", "side_by_side")["tasks"].items()}
    assert told["beside"] == techniques
    assert told["out_of_fold"] == 0
    assert content["tasks"] == told["tasks"]
    late = content["tasks"]["recurrence"]["metrics"]["brier@10y"]
    assert late["value"] is None and "fewer than 20 still at risk at 10 years" in late["reason"]


def test_beside_the_blend_stands_what_the_issue_names(home: Path) -> None:
    """Harrell's C, slope and Brier score with intervals, of blend, log-feature Cox, own and shared trees on GBSG."""
    content = found("gbsg", "side_by_side")
    metrics = found("gbsg", "accuracy")["tasks"]["recurrence"]["metrics"]
    techniques = content["tasks"]["recurrence"]["techniques"]
    assert list(techniques) == ["blend", "linear", "own", "shared", "log_cox"]
    for name, technique in techniques.items():
        for metric in ("harrell_c", "calibration_slope", "brier@5y"):
            value = technique["metrics"][metric]
            assert value["low"] < value["value"] < value["high"]
        assert technique["metrics"]["brier@10y"]["value"] is None
        assert 0.65 < technique["metrics"]["harrell_c"]["value"] < 0.72, name
    for metric, value in techniques["blend"]["metrics"].items():
        assert value == metrics[metric]
    for name in ("linear", "own", "shared", "log_cox"):
        for metric, less in techniques[name]["less"].items():
            if less["value"] is not None:
                own = techniques[name]["metrics"][metric]["value"]
                assert less["value"] == pytest.approx(metrics[metric]["value"] - own, abs=1e-12)


def test_out_of_fold_what_was_fitted_is_not_told(home: Path) -> None:
    content = found("cytology", "side_by_side")
    assert content["internal"] and content["known"]
    metrics = found("cytology", "accuracy")["tasks"]["malignant"]["metrics"]
    assert metrics["calibration_intercept"]["value"] is None
    assert "fitted to these rows" in metrics["calibration_intercept"]["reason"]


def test_a_classes_auroc_and_the_confusion_matrix(home: Path) -> None:
    of, one = judged("pbc"), found("pbc", "accuracy")["tasks"]["histologic_stage"]
    truth = of.truths["histologic_stage"]
    kept = truth.labelled
    for c, level in enumerate(truth.classes):
        p = of.predicted.numbers[f"histologic_stage={level}"].to_numpy()[kept]
        expected = roc_auc_score(truth.y[kept] == c, p)
        assert one["metrics"][f"auroc={level}"]["value"] == pytest.approx(expected, abs=1e-12)
    counted = np.array(one["confusion"]["counts"])
    assert counted.sum() == one["n"]
    assert np.trace(counted) / one["n"] == pytest.approx(one["metrics"]["accuracy"]["value"], abs=1e-12)


def test_no_part_holds_a_row_of_a_patient(home: Path) -> None:
    """No list is as long as the cohort, no identifier is in it."""
    cohort = cohorts.get("gbsg")
    identifiers = set(cohort.identifiers())

    def walk(value: object, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{path}.{key}")
        elif isinstance(value, list):
            assert len(value) < 250, path
            for inner in value:
                walk(inner, path)
        elif isinstance(value, str):
            assert value not in identifiers, path

    for part in ("accuracy", "side_by_side", "calibration", "cutoff", "risk_groups"):
        walk(found("gbsg", part), part)


def test_rates_at_a_cutoff_are_counted_on_the_raw_predictions(home: Path) -> None:
    content, of = found("gbsg", "cutoff"), judged("gbsg")
    entry = content["tasks"]["hormone_therapy"][0]
    p, y = of.predicted.numbers["hormone_therapy"].to_numpy(), of.truths["hormone_therapy"].y
    for cutoff_ in (0.05, 0.1, 0.37, 0.5):
        place = content["cutoffs"].index(cutoff_)
        flagged = p >= cutoff_
        assert entry["rates"]["sensitivity"][place] == pytest.approx(flagged[y == 1].mean(), abs=1e-8)
        assert entry["rates"]["specificity"][place] == pytest.approx((~flagged)[y == 0].mean(), abs=1e-8)
        low, high = entry["limits"]["sensitivity"][place]
        assert low <= entry["rates"]["sensitivity"][place] <= high
    late = [one for one in content["tasks"]["recurrence"] if one["horizon"] == 10]
    assert "fewer than 20 still at risk" in late[0]["reason"]


def test_groups_of_risk_against_lifelines(home: Path) -> None:
    content, of = found("gbsg", "risk_groups"), judged("gbsg")
    one = content["tasks"]["recurrence"]
    assert one["horizon"] == 5
    division = one["divisions"]["3"]
    risk, truth = of.predicted.numbers["recurrence@5y"].to_numpy(), of.truths["recurrence"]
    assert sum(group["n"] for group in division["groups"]) == len(risk)
    inside = risk >= division["limits"][-1]
    fitted = KaplanMeierFitter().fit(truth.time[inside], truth.event[inside])
    highest = division["groups"][-1]
    assert highest["n"] == inside.sum()
    at = highest["horizons"][1]
    assert at["horizon"] == 3
    assert at["observed"] == pytest.approx(1 - fitted.predict(3.0), abs=1e-9)
    assert at["predicted"] == pytest.approx(of.predicted.numbers["recurrence@3y"].to_numpy()[inside].mean())
    followed = [s for s in highest["survival"] if s is not None]
    assert len(followed) < len(division["years"])  # the curve ends before the last few patients decide it


# Groups of like predictions ----------------------------------------------------------------------------------------


def test_grouped_shares_have_wilsons_interval() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(400)
    y = (rng.random(400) < p).astype(float)
    points = grouped(y, p)
    assert sum(point.n for point in points) == 400 and len(points) == 10
    order = np.argsort(p, kind="stable")[:40]
    low, high = proportion_confint(y[order].sum(), 40, method="wilson")
    first = points[0]
    assert (first.predicted, first.observed) == pytest.approx((p[order].mean(), y[order].mean()))
    assert (first.low, first.high) == pytest.approx((low, high), abs=1e-9)


def test_grouped_risks_are_kaplan_meiers() -> None:
    rng = np.random.default_rng(1)
    risk, time, event = rng.random(200), rng.exponential(4, 200), (rng.random(200) < 0.6).astype(float)
    points = grouped_at(time, event, risk, 2.0, 4)
    rows = np.argsort(risk)[:50]
    fitted = KaplanMeierFitter().fit(time[rows], event[rows])
    assert points[0].observed == pytest.approx(1 - fitted.predict(2.0), abs=1e-9)
    limits = fitted.confidence_interval_survival_function_
    before = limits[limits.index <= 2.0].iloc[-1]
    assert (points[0].low, points[0].high) == pytest.approx(
        (1 - before.iloc[1], 1 - before.iloc[0]), abs=1e-6
    )


def test_grouped_amounts_have_students_interval() -> None:
    rng = np.random.default_rng(2)
    p = rng.normal(size=60)
    y = p + rng.normal(size=60)
    points = grouped_amounts(y, p)
    assert [point.n for point in points] == [20, 20, 20]
    rows = np.argsort(p)[:20]
    half = 2.0930240544 * y[rows].std(ddof=1) / np.sqrt(20)
    assert (points[0].low, points[0].high) == pytest.approx(
        (y[rows].mean() - half, y[rows].mean() + half), abs=1e-8
    )


def test_counts_by_outcome() -> None:
    made = counts_at([1, 2, 5, 6], [1, 0, 0, 1], [0.1, 0.1, 0.9, 1.0], horizon=3, bins=2)
    assert (made.events.tolist(), made.others.tolist(), made.unknown.tolist()) == ([1, 0], [0, 2], [1, 0])
    assert counts([0, 1], [0.0, 1.0], bins=4).events.tolist() == [0, 0, 0, 1]


# Subgroups -----------------------------------------------------------------------------------------------------------


def test_a_groups_metrics_are_those_of_its_rows() -> None:
    rng = np.random.default_rng(3)
    values, group = rng.normal(size=120), rng.integers(0, 3, 120)

    def statistics(rows: np.ndarray) -> np.ndarray:
        return np.array([values[rows].mean(), values[rows].max()])

    told = by_group(statistics, ("mean", "most"), group, [0, 2], resamples=50)
    assert set(told) == {0, 2}
    inside = values[group == 2]
    assert told[2].n == len(inside)
    assert told[2].metrics["mean"].value == pytest.approx(inside.mean())
    assert told[2].less_rest["mean"].value == pytest.approx(inside.mean() - values[group != 2].mean())
    drawn = []
    generator = np.random.default_rng(0)
    for _ in range(50):
        rows = generator.integers(0, 120, 120)
        drawn.append(values[rows][group[rows] == 2].mean() - values[rows][group[rows] != 2].mean())
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (told[2].less_rest["mean"].low, told[2].less_rest["mean"].high) == pytest.approx((low, high))


def test_small_groups_are_named_and_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subgroups, "RESAMPLES", 10)
    of = judged("gbsg")
    of = Subject(of.study, of.table.iloc[:150], of.model, of.fold[:150])
    told = subgroups.compute(of, quiet, {})["tasks"]["recurrence"]
    small = [g for one in told["features"].values() for g in one["groups"] if "few" in g]
    shown = [g for one in told["features"].values() for g in one["groups"] if "few" not in g]
    assert all(g["n"] >= 20 and g["events"] >= 5 for g in shown) and shown
    assert all(g["n"] < 20 or g["events"] < 5 for g in small) and small
    assert all("metrics" not in g for g in small)
    assert told["features"]["grade"]["kind"] == "level"
    bands = told["features"]["age"]["groups"]
    assert bands[0]["name"][0] is None and bands[-1]["name"][1] is None
    assert sum(g["n"] for g in bands) == told["n"]


def test_what_was_finished_is_not_computed_again(home: Path) -> None:
    of = judged("gbsg")
    pieces = {task: {"key": "x"} for task in of.tasks}
    assert subgroups.compute(of, quiet, pieces)["tasks"] == pieces


# Two models ----------------------------------------------------------------------------------------------------------


def test_a_model_does_not_differ_from_itself_and_differs_from_its_parts(home: Path) -> None:
    of = judged("gbsg")
    short = Subject(of.study, of.table.iloc[:200], of.model, of.fold[:200])
    told = compare(short, short, quiet)
    for less in told["tasks"]["recurrence"]["less"].values():
        assert less["value"] in (None, 0.0) and less["low"] in (None, 0.0)
    assert told["apart"] == [] and told["internal"] == [False, False]


def test_a_task_of_one_model_alone_is_apart(home: Path) -> None:
    gbsg, pbc = judged("gbsg"), judged("pbc")
    told = compare(gbsg, Subject(pbc.study, gbsg.table, pbc.model, np.full(len(gbsg.table), NEW)), quiet)
    assert told["tasks"] == {}
    assert set(told["apart"]) == {*gbsg.tasks, *pbc.tasks}


# Cohorts without anything to say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_cohort_too_small_for_anything(home: Path, rows: int) -> None:
    of = judged("gbsg")
    few = Subject(of.study, of.table.iloc[:rows], of.model, of.fold[:rows])
    for compute in (calibration.compute, cutoff.compute, risk_groups.compute, subgroups.compute):
        told = compute(few, quiet, {})
        assert json.dumps(told, allow_nan=False)
    assert all("reason" in one for one in risk_groups.compute(few, quiet, {})["tasks"].values())


def test_views_are_the_columns_of_predict(home: Path) -> None:
    of = judged("pbc")
    for task in of.tasks:
        for view in views(of, task):
            assert view.key in of.predicted.numbers.columns
            if isinstance(view, View):
                assert view.n == of.truths[task].labelled.sum()

"""The tour's claims, each against a count of its own or somebody else's number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import concordance_index
from sklearn.metrics import roc_auc_score

from mtl import language
from mtl.data import encode, targets
from mtl.services import users
from mtl.services.loaded import reader, record
from mtl.services.patients import cases
from mtl.services.tour import facts as story_facts
from mtl.services.tour import story
from mtl.services.tour.story import Step
from mtl.services.treatment import treatments
from mtl.store import cohorts, database

ALL = ("overview", "patients", "case", "treatment", "upload")
SAMPLES = Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def home(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


def told(name: str) -> Step:
    return next(step for step in story.steps(ALL) if step.name == name)


def test_the_steps_in_their_order(home: Path) -> None:
    names = [step.name for step in story.steps(ALL)]
    assert names == ["cohort", "sharing", "why", "what_if", "treatment", "evidence", "own_data"]
    assert "treatment" not in [step.name for step in story.steps(("patients", "case"))]
    assert [step.page for step in story.steps((*ALL, "performance")) if step.name == "evidence"] == [
        "performance"
    ]


def test_no_address_holds_an_identifier(home: Path) -> None:
    for step in story.steps(ALL):
        if "case" in step.parameters:
            identifier = cases.open_case(step.parameters["case"]).identifier
            assert identifier not in step.parameters.values()


def test_the_cohort_is_as_large_as_its_file(home: Path) -> None:
    rows = len(pd.read_csv(SAMPLES / "rotterdam" / "cohort.csv"))
    assert f"{rows:,}" in told("cohort").sentence


def test_sharing_moves_the_number_as_said(home: Path) -> None:
    """The same model with the shared trees' weight at 0 and their mean in the constant."""
    cohort = cohorts.get("rotterdam")
    found = story_facts.moved_most(cohort)
    assert found is not None
    case = cases.open_case(found.case_key)
    fold = case.answer.fold
    predictor = reader(record(str(cohort.model)), fold).predictor
    task = predictor.task(found.task)
    table = cohort.table()
    others = encode(cohort.study, table[case.answer.scores.folds != fold]).X
    grown = predictor.shared[task.shared].margin(others)[:, list(task.shared_outputs)]
    alone = replace(
        task,
        weights=task.weights * [1, 1, 0],
        constant=task.constant + task.scale * task.weights[2] * grown.mean(axis=0),
    )
    changed = replace(predictor, tasks=tuple(alone if t.name == task.name else t for t in predictor.tasks))
    assert task.baseline is not None
    margin = changed.margins(case.answer.X, (task.name,))[task.name][:, 0]
    risk = task.baseline.risk(margin, case.answer.offsets[task.name][None, :], np.array([5.0]))[0, 0]
    assert risk == pytest.approx(found.alone, abs=1e-12)
    assert case.output(found.task).headline.value == pytest.approx(found.whole, abs=1e-12)
    assert abs(found.whole - found.alone) > 0.1
    sentence = told("sharing").sentence
    assert language.percent(found.alone) in sentence
    assert case.output(found.task).headline.text in sentence
    assert len(found.sharing) > 1


def test_why_adds_up(home: Path) -> None:
    step = told("why")
    explained = cases.why(cases.open_case(step.parameters["case"]), step.parameters["task"])
    assert explained.story is not None
    points = [one.points for one in explained.story.contributions]
    rest = explained.story.others.points if explained.story.others else 0
    assert explained.story.start + sum(points) + rest == explained.story.end
    assert explained.story.contributions[0].sentence in step.sentence


def test_what_if_is_a_second_prediction(home: Path) -> None:
    step = told("what_if")
    answer = cases.what_if(step.parameters["case"], step.edits)
    task = step.parameters["task"]
    assert step.shown == (answer.before.output(task).headline.text, answer.after.output(task).headline.text)
    assert step.shown[0] != step.shown[1]


def test_the_refusal_is_that_of_the_treatment_view(home: Path) -> None:
    step = told("treatment")
    view = treatments.view(step.parameters["case"], step.parameters["treatment"])
    assert all(expected.shown is None for expected in view.expected)
    assert step.shown[0] in [expected.refused.sentence for expected in view.expected if expected.refused]


def test_the_evidence_agrees_with_lifelines(home: Path) -> None:
    cohort = cohorts.get("gbsg")
    found = story_facts.elsewhere(cohort)
    assert found is not None
    scores = pd.read_parquet(cohort.scores_folder / "scores.parquet")
    from mtl.store.scores import scores_of

    outputs = scores_of(cohort).outputs
    hazard = scores[f"o{outputs.index('recurrence.log_hazard')}"]
    truth = targets(cohort.study, cohort.table())["recurrence"]
    assert found.concordance == pytest.approx(concordance_index(truth.time, -hazard, truth.event), abs=1e-9)
    fitted = KaplanMeierFitter().fit(truth.time, truth.event)
    assert found.observed == pytest.approx(1 - fitted.predict(5.0), abs=1e-9)
    assert found.expected == pytest.approx(scores[f"o{outputs.index('recurrence@5y')}"].mean())
    assert found.low < found.observed < found.high
    assert found.silent == 10
    assert (truth.time >= 10).sum() < story_facts.FEWEST


def test_the_weakness_is_the_largest_loss_away_from_home(home: Path) -> None:
    """Against scikit-learn, for every yes-or-no task that has both outcomes in both cohorts."""
    from mtl.store.scores import scores_of

    main, other = cohorts.get("rotterdam"), cohorts.get("gbsg")
    losses = {}
    for task in other.study.tasks:
        areas = []
        for cohort in (other, main):
            scores = pd.read_parquet(cohort.scores_folder / "scores.parquet")
            truth = targets(cohort.study, cohort.table())[task.name]
            if task.kind == "binary" and len(set(truth.y)) == 2:
                column = scores[f"o{scores_of(cohort).outputs.index(task.name)}"]
                areas.append(roc_auc_score(truth.y, column))
        if len(areas) == 2:
            losses[task.name] = areas[1] - areas[0], areas
    found = story_facts.weakest(main, other)
    worst = max(losses, key=lambda name: losses[name][0])
    assert found is not None and found.task == worst
    assert [found.there, found.home] == pytest.approx(losses[worst][1], abs=1e-12)
    step = next(step for step in story.steps((*ALL, "performance")) if step.name == "evidence")
    assert language.number(found.there, 3) in step.sentence and language.number(found.there, 3) in step.shown
    assert step.parameters == {"cohort": "gbsg", "panel": "accuracy"}
    assert "weakness" not in told("evidence").sentence  # where the page is not there


def test_the_evidence_is_begun_with_the_tour(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, str]] = []
    monkeypatch.setattr("mtl.services.evidence.evidence.begin", lambda *given: begun.append(given))
    story.prepare()
    assert begun == [("gbsg", "accuracy")]
    with users.acting(users.User("v", frozenset({"viewer"}))):
        story.prepare()
    assert len(begun) == 1


def test_in_chinese_the_numbers_are_the_same(home: Path) -> None:
    english = story.steps(ALL)
    with language.use("zh_Hans"):
        chinese = story.steps(ALL)
    assert [step.parameters for step in english] == [step.parameters for step in chinese]


def test_nobody_without_leave_gets_the_tour(home: Path) -> None:
    with users.acting(users.User("v", frozenset({"viewer"}))), pytest.raises(users.Forbidden):
        story.steps(ALL)


def test_nothing_to_tell_without_samples() -> None:
    assert story.steps(ALL) == ()

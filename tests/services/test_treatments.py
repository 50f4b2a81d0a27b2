"""The three boxes of a treatment: numbers by hand, comparable patients by brute force, refusals where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import lifelines
import numpy as np
import pandas as pd
import pytest

from mtl.data.targets import targets
from mtl.services import users
from mtl.services.patients import cases
from mtl.services.treatment import promises, treatments
from mtl.services.treatment.treatments import Reason, TreatmentView
from mtl.store import cohorts, database
from mtl.store.cohorts import Cohort
from mtl.store.scores import scores_of
from mtl.treatment.benefit import log_hazard_spread
from mtl.treatment.practice import logit
from tests import two_treatments


@pytest.fixture
def rotterdam(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cohort]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield cohorts.get("rotterdam")
    database.close()


@pytest.fixture
def two(two_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cohort]:
    monkeypatch.setenv("CONSILIUM_HOME", str(two_home))
    yield cohorts.get("two")
    database.close()


def key(cohort: Cohort, place: int) -> str:
    return str(cohort.case_keys[place].decode())


def place_of(cohort: Cohort, identifier: int) -> int:
    return cohort.identifiers().index(str(identifier))


def opened(cohort: Cohort, identifier: int, column: str = "hormon", **more: object) -> TreatmentView:
    return treatments.view(key(cohort, place_of(cohort, identifier)), column, **more)  # type: ignore[arg-type]


def test_the_promise_by_hand(rotterdam: Cohort) -> None:
    """S0 is the model's risk without treatment, S1 = S0 ** .69, at every horizon."""
    view = opened(rotterdam, 41)
    promise = view.expected[0].shown
    assert promise is not None
    untreated = {one.horizon: one.value for one in view.case.output("recurrence").untreated}
    assert [one.years for one in promise.moments] == [1, 3, 5, 10]
    for one in promise.moments:
        assert one.untreated == pytest.approx(1 - untreated[one.years], abs=1e-12)
        assert one.treated == pytest.approx(one.untreated**0.69, abs=1e-12)
        assert one.people.either + one.people.more + one.people.affected == 100
    assert promise.curve is not None
    at = np.searchsorted(promise.curve.years, 5.0)
    assert promise.curve.years[at] == 5.0
    assert promise.curve.treated[at] == pytest.approx(promise.at(5).treated, abs=1e-12)


def test_what_was_given_changes_box_one_and_not_box_three(rotterdam: Cohort) -> None:
    """Box 3 starts from the risk without treatment also for a patient who was treated; box 1 does not."""
    view = opened(rotterdam, 14)
    assert view.given.given is True
    promise = view.expected[0].shown
    assert promise is not None
    treated = {one.horizon: one.value for one in view.treated[0].numbers}
    for one in promise.moments:
        assert 1 - one.treated == pytest.approx(treated[one.years], abs=1e-9)


def test_comparable_patients_against_brute_force(rotterdam: Cohort) -> None:
    scores, table = scores_of(rotterdam), rotterdam.table()
    file = pd.read_parquet(scores.file)
    outcome = targets(rotterdam.study, table, ["recurrence", "death"])
    for task, column in (("hormone_therapy", "hormon"), ("chemotherapy", "chemo")):
        margin = logit(file[f"o{scores.outputs.index(task)}"].to_numpy())
        for place in (11, 400, 2981):
            view = treatments.view(key(rotterdam, place), column)
            near = [
                i
                for i in range(rotterdam.n)
                if i != place and abs(margin[i] - margin[place]) <= 0.2 * margin.std() + 1e-12
            ]
            given = [i for i in near if table[column][i] == 1]
            others = [i for i in near if table[column][i] == 0]
            assert (view.practice.given, view.practice.not_given) == (len(given), len(others))
            for found in view.practice.outcomes:
                truth = outcome[found.task.name]
                for rows, told in ((given, found.given), (others, found.not_given)):
                    fitter = lifelines.KaplanMeierFitter().fit(truth.time[rows], truth.event[rows])
                    for one in told:
                        assert one.followed == int((truth.time[rows] >= one.years).sum())
                        if one.share is not None:
                            assert one.share == pytest.approx(1 - fitter.predict(one.years), abs=1e-9)


def test_node_negative_patients_have_no_contrast(rotterdam: Cohort) -> None:
    """None of the 1,436 had either treatment."""
    nodes = rotterdam.table()["nodes"].to_numpy()
    places = np.flatnonzero(nodes == 0)
    assert len(places) == 1436
    for place in places[::250]:
        for column in ("hormon", "chemo"):
            practice = treatments.view(key(rotterdam, int(place)), column).practice
            assert practice.refused is not None
            assert not practice.outcomes


def test_an_outside_patient_is_compared_with_the_training_patients(rotterdam: Cohort) -> None:
    view = treatments.view(key(cohorts.get("gbsg"), 5), "hormon")
    assert "Rotterdam" in view.practice.where
    assert view.practice.given + view.practice.not_given > 0


@pytest.mark.parametrize(
    ("identifier", "edits", "reason"),
    [
        (41, {"er": None}, Reason.UNKNOWN),
        (41, {"er": 9}, Reason.NO_EFFECT),
        (41, {"nodes": 0}, Reason.NOT_APPLICABLE),
        (41, {"nodes": 0, "er": None}, Reason.NOT_APPLICABLE),
        (41, {"nodes": None}, Reason.UNKNOWN),
        (41, {"er": 10}, None),
    ],
)
def test_an_unknown_finding_is_legal_and_refuses_what_rests_on_it(
    rotterdam: Cohort, identifier: int, edits: dict[str, object], reason: Reason | None
) -> None:
    expected = opened(rotterdam, identifier, edits=edits).expected[0]
    assert (expected.refused.reason if expected.refused else None) is reason
    assert (expected.shown is None) == (reason is not None)


def test_a_ratio_never_touches_another_outcome(rotterdam: Cohort) -> None:
    """Breast cancer mortality is neither recurrence nor death from any cause."""
    for place in range(0, rotterdam.n, 400):
        for column in rotterdam.study.treatment_columns:
            view = treatments.view(key(rotterdam, place), column)
            for expected in view.expected:
                for promise in expected.promises:
                    if expected.task.name not in promise.trial.tasks:
                        assert promise.refused is not None
                        assert not promise.moments


def test_together_needs_a_trial_of_both(rotterdam: Cohort) -> None:
    view = opened(rotterdam, 41, together=("chemo",))
    assert {e.refused.reason for e in view.expected if e.refused} == {Reason.COMBINATION}
    assert view.practice.refused is not None
    assert "Chemotherapy" in view.practice.refused.sentence


def test_a_promise_that_is_refused_has_no_number(rotterdam: Cohort) -> None:
    promise = opened(rotterdam, 18).expected[0].promises[0]
    with pytest.raises(ValueError, match="no number"):
        promise.at(5)


def test_what_was_given_cannot_be_edited(rotterdam: Cohort) -> None:
    with pytest.raises(cases.EditError):
        opened(rotterdam, 41, edits={"hormon": 0})


def test_no_such_treatment_and_no_such_case(rotterdam: Cohort) -> None:
    with pytest.raises(cases.CaseError, match="hormon, chemo"):
        opened(rotterdam, 41, "surgery")
    with pytest.raises(cases.CaseError):
        treatments.view("nobody", "hormon")


def test_a_viewer_may_not(rotterdam: Cohort) -> None:
    with users.acting(users.User("v", frozenset({"viewer"}))), pytest.raises(users.Forbidden):
        opened(rotterdam, 41)


# What the samples do not have ---------------------------------------------------------------------


def a_case(two: Cohort, **given: int) -> int:
    table = two.table()
    fits = np.all([table[name] == value for name, value in given.items()], axis=0) & (table["x"].abs() < 0.3)
    return int(np.flatnonzero(fits)[0])


def reason_of(view: TreatmentView, task: str) -> Reason | None:
    expected = next(e for e in view.expected if e.task.name == task)
    return expected.refused.reason if expected.refused else None


def test_refusals_that_no_sample_has(two: Cohort) -> None:
    alone = key(two, a_case(two, b=0, c=0, m=0))
    assert reason_of(treatments.view(alone, "a"), "death") is None
    assert reason_of(treatments.view(alone, "a"), "late") is Reason.NOT_ESTIMABLE
    assert reason_of(treatments.view(key(two, a_case(two, a=0, c=0, m=0)), "b"), "death") is Reason.UNCOUNTED
    assert (
        reason_of(treatments.view(key(two, a_case(two, b=1, c=0, m=0)), "a"), "death") is Reason.COMBINATION
    )
    assert reason_of(treatments.view(alone, "d"), "death") is Reason.OTHER_OUTCOME


def test_a_trial_on_top_of_another_treatment_starts_from_the_risk_with_it(two: Cohort) -> None:
    view = treatments.view(key(two, a_case(two, a=0, b=1, m=0)), "c")
    promise = view.expected[0].shown
    assert promise is not None
    bare = view.case.output("death").untreated
    for one, without in zip(promise.moments, bare, strict=True):
        with_b = (1 - without.value) ** two_treatments.RATIO_B
        assert one.untreated == pytest.approx(with_b, abs=1e-12)
        assert one.treated == pytest.approx(with_b**two_treatments.RATIO_C, abs=1e-12)


def test_the_interval_carries_the_uncertainty_of_the_risk_where_it_is_stored(two: Cohort) -> None:
    case_key = key(two, a_case(two, b=0, c=0, m=0))
    promise = treatments.view(case_key, "a").expected[0].shown
    assert promise is not None
    assert all(one.whole for one in promise.moments)
    assert "and of the risk without" in promise.notes[0]
    case = cases.open_case(case_key)
    spread = promises._spread(case.answer, case.output("death"), [1, 3])
    np.testing.assert_allclose(spread, log_hazard_spread(*two_treatments.INTERVAL))
    edited = treatments.view(case_key, "a", edits={"z": 0.1}).expected[0].shown
    assert edited is not None
    assert "ratio only" in edited.notes[0]


def test_all_rows_of_the_patient_are_left_out(two: Cohort) -> None:
    """Two rows a person: neither is compared with the other."""
    place = a_case(two, b=0, c=0, m=0)
    scores, table = scores_of(two), two.table()
    margin = logit(pd.read_parquet(scores.file)[f"o{scores.outputs.index('gets_a')}"].to_numpy())
    near = (np.abs(margin - margin[place]) <= 0.2 * margin.std()) & (
        table["person"] != table["person"][place]
    )
    view = treatments.view(key(two, place), "a")
    assert view.practice.given + view.practice.not_given == int(near.sum())


def test_binary_outcomes_are_compared_too(two: Cohort) -> None:
    view = treatments.view(key(two, a_case(two, b=0, c=0, m=0)), "a")
    ill = next(found for found in view.practice.outcomes if found.task.name == "ill")
    assert ill.given[0].years is None
    assert 0 <= ill.given[0].low <= ill.given[0].share <= ill.given[0].high <= 1

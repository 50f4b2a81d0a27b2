"""A target trial from beginning to end: a known effect, estimates against closed forms, a result without patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mtl.treatment.design import design
from mtl.treatment.emulate import Result, emulate
from mtl.treatment.propensity import cross_fitted
from mtl.treatment.protocol import Arms, Protocol
from mtl.treatment.robust import difference
from tests.treatment.simulated import STUDY, cohort

ASKED = Protocol(
    treatment="given",
    outcome="relapse",
    horizon=2,
    given=("yes",),
    against=("no",),
    subgroups=("old", "sick > 9"),
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return cohort(600, seed=3)


@pytest.fixture(scope="module")
def result(table: pd.DataFrame) -> Result:
    return emulate(STUDY, table, ASKED)


def test_a_known_effect_is_found_where_the_crude_one_is_off(result: Result) -> None:
    assert result.refusal is None
    truth = np.exp(-0.7)
    crude, main = result.ratio("crude"), result.ratio("overlap")
    assert crude.low is not None and crude.low > truth
    for method in ("adjusted", "overlap", "overlap_logistic"):
        one = result.ratio(method)  # type: ignore[arg-type]
        assert one.low is not None and one.high is not None
        assert one.low < truth < one.high < 1
    assert result.e_value is not None and result.e_value[0] > result.e_value[1] > 1
    for one in result.differences:
        assert one.low > 0
        assert one.robustness is not None and one.robustness_limit is not None
        assert one.robustness > one.robustness_limit > 0
    assert main.value is not None


def test_weighting_brings_the_arms_together(result: Result) -> None:
    sick = next(one for one in result.balance if one.feature == "sick" and not one.missing)
    assert abs(sick.before) > 0.6
    assert abs(sick.after) < 0.15


def test_subgroups_are_explored_where_there_are_patients(result: Result) -> None:
    old, young, nobody, rest = result.subgroups
    assert (old.holds, young.holds) == (True, False)
    assert old.ratio is not None and young.ratio is not None and old.difference == young.difference
    assert nobody.ratio is None and nobody.treated == 0
    assert rest.difference is None
    assert old.treated + young.treated == result.treated


def test_the_result_survives_its_json_and_holds_no_patient(result: Result, table: pd.DataFrame) -> None:
    written = result.model_dump_json()
    assert Result.model_validate_json(written) == result
    for time in table.loc[table["time"] < 5, "time"]:
        assert repr(time) not in written
    longest = max(len(v) for v in (result.balance, result.flow, result.curves.years if result.curves else ()))
    assert longest <= 61


def test_the_same_question_has_the_same_answer(table: pd.DataFrame) -> None:
    few = table.head(200)
    treated = (few["given"] == "yes").to_numpy()
    columns = design(STUDY, few, ["sick", "kind", "old"])
    chance = [cross_fitted(STUDY, few, treated, ["sick"], lambda what, share: None, seed=4) for _ in range(2)]
    assert np.array_equal(*chance)
    y = few["late"].to_numpy()
    found = [difference("survival", y, treated, columns, chance[0], "everybody", 4, 1) for _ in range(2)]
    assert found[0] == found[1]


def test_a_refusal_comes_before_any_estimate(table: pd.DataFrame) -> None:
    def given(arms: Arms, progress: object) -> tuple[np.ndarray, str]:
        raise AssertionError("not asked")

    refused = emulate(STUDY, table.assign(given="no"), ASKED, given)
    assert refused.refusal is not None and refused.refusal.reason == "no_treated"
    assert not refused.ratios
    blind = emulate(STUDY, table.drop(columns=["sick", "kind", "old"]), ASKED, given)
    assert blind.refusal is not None and blind.refusal.reason == "no_findings"


def test_without_overlap_there_is_a_picture_and_no_estimate(table: pd.DataFrame) -> None:
    found = emulate(STUDY, table, ASKED, lambda arms, progress: (np.where(arms.treated, 0.99, 0.01), "model"))
    assert found.refusal is not None and found.refusal.reason == "no_overlap"
    assert found.overlap is not None and found.balance
    assert not found.ratios and not found.differences


def test_what_nobody_has_is_not_adjusted_for(table: pd.DataFrame) -> None:
    found = emulate(
        STUDY,
        table.drop(columns="kind"),
        ASKED,
        lambda arms, progress: (np.where(arms.treated, 0.99, 0.01), "model"),
    )
    assert (found.confounders, found.unmeasured) == (("sick", "old"), ("kind",))


def test_the_propensity_never_saw_the_patient(table: pd.DataFrame) -> None:
    """A finding that is nothing but noise must not tell the arms apart."""
    rng = np.random.default_rng(0)
    noise = table.assign(sick=rng.normal(size=len(table)))
    chance = cross_fitted(STUDY, noise, rng.random(len(table)) < 0.5, ["sick"], lambda what, share: None)
    assert chance.std() < 0.1


def test_a_randomised_difference_is_the_difference_of_means() -> None:
    rng = np.random.default_rng(0)
    treated, x = rng.random(2000) < 0.5, rng.normal(size=(2000, 2))
    y = 0.3 * treated + rng.normal(size=2000)
    for population in ("overlap", "everybody"):
        found = difference("survival", y, treated, x, np.full(2000, 0.5), population, repetitions=1)  # type: ignore[arg-type]
        assert found.value == pytest.approx(y[treated].mean() - y[~treated].mean(), abs=0.02)
        error = np.sqrt(y[treated].var() / treated.sum() + y[~treated].var() / (~treated).sum())
        assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.05)


def test_the_overlap_estimand_weights_patients_by_their_overlap() -> None:
    """Robinson's estimand under a varying effect: E[e(1-e) effect] / E[e(1-e)]; everybody: E[effect]."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(6000, 1))
    chance = 1 / (1 + np.exp(-1.2 * x[:, 0]))
    effect = 1 + 0.8 * x[:, 0] ** 2
    treated = rng.random(6000) < chance
    y = x[:, 0] + effect * treated + 0.3 * rng.normal(size=6000)
    weight = chance * (1 - chance)
    overlap = difference("survival", y, treated, x, chance, "overlap", repetitions=1)
    everybody = difference("survival", y, treated, x, chance, "everybody", repetitions=1)
    assert overlap.value == pytest.approx(np.average(effect, weights=weight), abs=0.06)
    assert everybody.value == pytest.approx(effect.mean(), abs=0.1)


def test_plain_columns() -> None:
    table = cohort()
    columns = design(STUDY, table, ["sick", "kind", "old"])
    assert columns.shape == (len(table), 5)  # a number and its gap, two of three categories, one truth value
    assert np.abs(columns.mean(axis=0)).max() < 1e-12
    assert columns.std(axis=0) == pytest.approx(np.ones(5))

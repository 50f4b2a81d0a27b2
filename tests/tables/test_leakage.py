"""Leakage: what is planted is caught, and no finding of the sample cohorts is accused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtl.data import load_sample
from mtl.study import Study
from mtl.tables.infer import Inferred, infer

SAMPLES = ("rotterdam", "gbsg", "cytology", "pbc")


@cache
def sample(name: str) -> tuple[Study, pd.DataFrame]:
    if name == "gbsg":
        return load_sample("rotterdam")[0], pd.read_csv("sample_data/gbsg/cohort.csv")
    return load_sample(name)


@cache
def inferred(name: str) -> Inferred:
    return infer(sample(name)[1], name=name)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_finding_of_a_sample_is_accused(name: str) -> None:
    study = sample(name)[0]
    known = {feature.name for feature in study.features}
    accused = {s.column for s in inferred(name).suspicions}
    assert not accused & known
    kept = {feature.name for feature in inferred(name).study.features}
    table = sample(name)[1]
    assert kept == {feature.name for feature in study.features if feature.name in table.columns}
    for task in inferred(name).study.tasks:
        assert not task.excludes


@pytest.mark.parametrize("name", ["rotterdam", "pbc", "cytology"])
@pytest.mark.parametrize("rows", [40, 60, 100, 150])
def test_nor_in_a_part_of_it(name: str, rows: int) -> None:
    """With fewer patients chance separates more often: of 40, every second table had a finding that was accused."""
    study, table = sample(name)
    features = {feature.name for feature in study.features}
    for seed in range(4):
        found = infer(table.sample(rows, random_state=seed), name=name)
        kinds = ("leakage", "near_duplicate", "free_text", "date") if rows == 150 else ("leakage",)
        accused = {s.column for s in found.suspicions if s.kind in kinds}
        assert not accused & features, (seed, found.suspicions)


@pytest.mark.parametrize("rows", [40, 60, 100])
def test_a_copy_is_caught_among_few(rows: int) -> None:
    """What is the outcome itself, in other words, blurred, missing or in two parts, needs no large table."""
    study, table = sample("cytology")
    features = {feature.name for feature in study.features}
    for seed in range(2):
        part = table.sample(rows, random_state=seed)
        e = (part["diagnosis"] == "malignant").to_numpy(dtype=float)
        rng = np.random.default_rng(seed)
        planted = {
            "words5": np.where(e == 1, "found", "lost"),
            "blurred5": e + rng.normal(0, 0.1, rows),
            "gone5": np.where(e == 1, rng.normal(size=rows), np.nan),
            **{f"{name}5": values for name, values in two_add_up(e, e, part, rng).items()},
        }
        found = infer(part.assign(**planted)[[*table.columns[:-1], *planted, "diagnosis"]], name="cytology")
        assert {feature.name for feature in found.study.features} == features


# Ways to plant: from time (n,), event (n,) and a generator, a column or several ----------------------------------------

Planted = dict[str, np.ndarray]
Plant = Callable[[np.ndarray, np.ndarray, pd.DataFrame, np.random.Generator], Planted]


def noisy_copy(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    flip = rng.random(len(e)) < rng.uniform(0, 0.04)
    return {"q": np.where(flip, 1 - e, e)}


def noisy_score(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    return {"q": e + rng.normal(0, rng.uniform(0.01, 0.25), len(e))}


def monotone(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    shape = [np.log1p, np.sqrt, lambda v: -v, lambda v: v**2, lambda v: 1 / (1 + v)][rng.integers(5)]
    return {"q": shape(t) * rng.uniform(0.1, 9)}


def recoded(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    words = np.array([["lost", "found"], ["red", "blue"], ["x9", "x7"]][rng.integers(3)], dtype=object)
    return {"q": words[e.astype(int)]}


def bands(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    n = rng.integers(3, 8)
    codes = np.searchsorted(np.quantile(t, np.linspace(0, 1, n + 1)[1:-1]), t)
    names = rng.permutation([f"band {i}" for i in "abcdefgh"][:n])
    return {"q": names[codes]}


def missing_tells(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    value = rng.normal(size=len(e))
    present = (e == 1) & (rng.random(len(e)) < rng.uniform(0.5, 1))
    return {"q": np.where(present, value, np.nan)}


def missing_words(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    place = np.array(["liver", "bone", "lung"], dtype=object)[rng.integers(0, 3, len(e))]
    return {"q": np.where(e == 1, place, None)}


def two_add_up(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    part = rng.normal(0, 3, len(e))
    return {"q": part, "w": e - part}


def two_differ(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    begin = rng.uniform(0, 3 * t.max(), len(e))
    return {"q": begin, "w": begin + t}


def exclusive_or(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    coin = rng.integers(0, 2, len(e))
    return {"q": coin, "w": np.abs(coin - e).astype(int)}


def age_at_end(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    return {"q": table["age"].to_numpy() + t / 365.25}


def other_unit(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    return {"q": np.round(t / 30.4375, 1)}


def until_event(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    return {"q": np.where(e == 1, t + rng.integers(-3, 4, len(t)), np.nan)}


def landmark(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    return {"q": (t > np.quantile(t, rng.uniform(0.2, 0.8))).astype(int)}


def dead_by(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    return {"q": ((t <= np.quantile(t[e == 1], 0.6)) & (e == 1)).astype(int)}


def visits(t: np.ndarray, e: np.ndarray, table: pd.DataFrame, rng: np.random.Generator) -> Planted:
    return {"q": np.floor(t / 90) + rng.integers(0, 2, len(t))}


WAYS: list[Plant] = [
    noisy_copy, noisy_score, monotone, recoded, bands, missing_tells, missing_words, two_add_up, two_differ, exclusive_or,
    age_at_end, other_unit, until_event, landmark, dead_by, visits,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(0, 10_000), cohort=st.sampled_from(["rotterdam", "pbc"]))
def test_what_is_planted_beside_a_follow_up_is_caught(way: Plant, seed: int, cohort: str) -> None:
    study, table = sample(cohort)
    rng = np.random.default_rng(seed)
    table = table.sample(300, random_state=seed)
    t = table["time" if cohort == "pbc" else "dtime"].to_numpy(dtype=float)
    e = (table["status" if cohort == "pbc" else "death"] > 0).to_numpy(dtype=float)
    planted = way(t, e, table, rng)
    place = int(rng.integers(1, table.shape[1]))
    names = {name: f"{name}{rng.integers(10, 99)}" for name in planted}
    dirty = table.copy()
    for name, values in planted.items():
        dirty.insert(place, names[name], values)
    found = infer(dirty, name=cohort)
    kept = {feature.name for feature in found.study.features}
    assert not kept & set(names.values()), way.__name__
    accused = {s.column for s in found.suspicions if s.kind == "leakage"}
    assert accused & set(names.values())
    assert {f.name for f in study.features if f.name in table} <= kept, (
        "an honest finding was accused with it"
    )


@pytest.mark.parametrize(
    "way", [noisy_copy, noisy_score, recoded, missing_tells, missing_words, two_add_up, exclusive_or]
)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_planted_beside_a_diagnosis_is_caught(way: Plant, seed: int) -> None:
    study, table = sample("cytology")
    e = (table["diagnosis"] == "malignant").to_numpy(dtype=float)
    rng = np.random.default_rng(seed)
    planted = {f"{name}5": values for name, values in way(e, e, table, rng).items()}
    found = infer(table.assign(**planted)[[*table.columns[:-1], *planted, "diagnosis"]], name="cytology")
    kept = {feature.name for feature in found.study.features}
    assert kept == {feature.name for feature in study.features}


@pytest.mark.parametrize(
    "shape",
    [
        lambda y: y * 2.2,
        lambda y: -np.log(y),
        lambda y: (y < 2500).astype(int),
        lambda y: np.round(y / 454),
        lambda y: np.abs(y - 3000),
    ],
)
def test_what_is_planted_beside_a_number_is_caught(shape: Callable[[np.ndarray], np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": rng.normal(28, 5, 300).round(),
            "lwt": rng.normal(130, 20, 300).round(),
            "smoke": rng.integers(0, 2, 300),
        }
    )
    table["bwt"] = (
        (2900 + 6 * (table["lwt"] - 130) - 250 * table["smoke"] + rng.normal(0, 500, 300))
        .round()
        .clip(800, None)
    )
    found = infer(table.assign(q7=shape(table["bwt"].to_numpy())))
    assert [f.name for f in found.study.features] == ["age", "lwt", "smoke"]


@pytest.mark.parametrize(
    "column",
    [
        "cause_of_death",
        "death_date",
        "days_to_death",
        "relapse",
        "死亡原因",
        "复发时间",
        "last_followup",
        "survival_status",
        "died_within_90d",
    ],
)
def test_named_like_an_outcome(column: str) -> None:
    table = sample("pbc")[1]
    rng = np.random.default_rng(0)
    found = infer(table.assign(**{column: rng.integers(0, 2, len(table))}))
    assert column not in {feature.name for feature in found.study.features}


@pytest.mark.parametrize(
    "column",
    [
        "history of relapse",
        "smoking_status",
        "performance_status",
        "绝经状态",
        "既往复发史",
        "protime2",
        "er_status",
    ],
)
def test_not_everything_that_sounds_like_an_outcome_is_one(column: str) -> None:
    table = sample("pbc")[1]
    rng = np.random.default_rng(0)
    found = infer(table.assign(**{column: rng.integers(0, 2, len(table))}))
    assert column in {feature.name for feature in found.study.features}

"""Looking at a table: each number against tableone, scipy, lifelines, statsmodels or a count by hand."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from scipy import stats

from mtl.data import load_sample, targets
from mtl.study import Study
from mtl.tables.look import Look, drift, look
from mtl.tables.look_drift import SHIFTED, STABLE
from mtl.tables.table_one import Counts, Numeric, table_one

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what tableone imports announces changes of its own
    from tableone import TableOne as Peer


@cache
def pbc() -> tuple[Study, pd.DataFrame, Look]:
    study, table = load_sample("pbc")
    return study, table, look(study, table, by="death_or_transplant")


def smd(text: str) -> float:
    return 0.0 if text == "<0.001" else abs(float(text))


def test_table_one_is_tableones() -> None:
    study, table, _found = pbc()
    groups = {"placebo": (table["trt"] == 2).to_numpy(), "drug": (table["trt"] == 1).to_numpy()}
    ours = {row.feature.name: row for row in table_one(study, table, groups).rows}
    trial = table[table["trt"].notna()].copy()
    trial["trt"] = trial["trt"].astype(int).astype(str)
    trial["edema"] = trial["edema"].astype(str)
    continuous = [f.name for f in study.features if f.kind == "numeric"]
    categorical = ["sex", "ascites", "hepato", "edema"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Peer(
            trial,
            columns=[*continuous, *categorical],
            continuous=continuous,
            categorical=categorical,
            groupby="trt",
            pval=True,
            smd=True,
            htest_name=True,
            decimals=6,
            pval_digits=8,
            missing=True,
        )
    shown = theirs.tableone["Grouped by trt"]
    for name in continuous:
        line = shown.loc[f"{name}, mean (SD)"].iloc[0]
        row = ours[name]
        for key, code in (("drug", "1"), ("placebo", "2")):
            mean, sd = (float(part) for part in line[code].rstrip(")").split(" ("))
            part = row.groups[key]
            assert isinstance(part, Numeric)
            assert part.mean == pytest.approx(mean, abs=1e-5)
            assert part.sd == pytest.approx(sd, abs=1e-5)
        assert row.p == pytest.approx(float(line["P-Value"]), abs=1e-6)
        assert row.difference == pytest.approx(smd(line["SMD (1,2)"]), abs=1e-3)
    for name in categorical:
        lines = shown.loc[f"{name}, n (%)"]
        row = ours[name]
        part = row.groups["drug"]
        assert isinstance(part, Counts)
        for level, count in part.levels.items():
            wanted = (
                [text for key, text in lines["1"].items() if float(key) == float(level)]
                if name != "sex"
                else [lines["1"][level]]
            )
            assert count == int(wanted[0].split(" (")[0])
        assert row.difference == pytest.approx(smd(lines["SMD (1,2)"].iloc[0]), abs=1e-3)


def test_tests_are_scipys() -> None:
    study, table, found = pbc()
    event = (table["status"] > 0).to_numpy()
    rows = {row.feature.name: row for row in found.table_one.rows}
    assert rows["bili"].p == pytest.approx(
        stats.ttest_ind(table["bili"][event], table["bili"][~event], equal_var=False).pvalue
    )
    crossed = pd.crosstab(table["sex"], event)
    assert rows["sex"].p == pytest.approx(stats.chi2_contingency(crossed, correction=False).pvalue)
    stage = table_one(study, table, {str(s): (table["stage"] == s).to_numpy() for s in (1, 2, 3, 4)}).rows
    split = [table.loc[table["stage"] == s, "age"] for s in (1, 2, 3, 4)]
    assert stage[0].p == pytest.approx(stats.f_oneway(*split).pvalue)


def test_the_frame_has_a_column_a_group_and_both_languages() -> None:
    from mtl.language import use

    _study, _table, found = pbc()
    assert list(found.table_one.frame().columns)[:5] == ["Feature", "Level", "All", "censored", "event"]
    with use("zh_Hans"):
        assert "年龄" in found.table_one.frame().iloc[0, 0]


def test_a_group_apart_has_an_infinite_difference() -> None:
    study, table, _found = pbc()
    groups = {"no": (table["ascites"] == 0).to_numpy(), "yes": (table["ascites"] == 1).to_numpy()}
    row = next(row for row in table_one(study, table, groups).rows if row.feature.name == "ascites")
    assert row.difference == np.inf
    assert "∞" in set(table_one(study, table, groups).frame()["Difference"])


def test_missing_by_hand() -> None:
    _study, table, found = pbc()
    for feature in found.missing.by_feature:
        assert feature.missing == table[feature.column].isna().sum()
    assert found.missing.complete_rows == len(
        table.dropna(subset=[f.column for f in found.missing.by_feature])
    )
    assert sum(p.rows for p in found.missing.patterns) + found.missing.other_patterns >= len(table) - 30
    patterns = table[[f.column for f in found.missing.by_feature]].isna().value_counts()
    assert [p.rows for p in found.missing.patterns][:3] == patterns.tolist()[:3]
    event = table["status"] > 0
    copper = next(
        m for m in found.missing.by_outcome if m.column == "copper" and m.task == "death_or_transplant"
    )
    assert copper.shares["event"] == pytest.approx(table["copper"].isna()[event].mean())


def test_correlations_are_pandas() -> None:
    _study, table, found = pbc()
    names = [n for n in found.correlations.names if n not in ("edema",)]
    theirs = table[names].astype(float).corr("spearman")
    place = [found.correlations.names.index(name) for name in names]
    complete = [n for n in names if table[n].notna().all()]
    ours = pd.DataFrame(found.correlations.values[np.ix_(place, place)], names, names)
    np.testing.assert_allclose(ours.loc[complete, complete], theirs.loc[complete, complete], atol=1e-12)
    np.testing.assert_allclose(ours, theirs, atol=0.02)  # with gaps pandas ranks each pair anew


def test_distributions_count_everybody() -> None:
    _study, table, found = pbc()
    bili = next(d for d in found.distributions if d.column == "bili" and d.task == "death_or_transplant")
    assert sum(map(sum, bili.counts.values())) == table["bili"].notna().sum()
    event = table["bili"][table["status"] > 0]
    assert bili.quartiles["event"] == pytest.approx(tuple(event.quantile([0.25, 0.5, 0.75])))
    sex = next(d for d in found.distributions if d.column == "sex" and d.task == "death_or_transplant")
    assert sex.counts["event"] == tuple(
        (table["sex"][table["status"] > 0] == level).sum() for level in sex.levels
    )


def test_follow_up_is_lifelines() -> None:
    study, table, found = pbc()
    label = next(label for label in found.labels if label.kind == "survival")
    fitter = KaplanMeierFitter().fit(table["time"] / 365.25, table["status"] == 0)
    assert label.followed == pytest.approx(fitter.median_survival_time_)
    target = targets(study, table)["death_or_transplant"]
    assert label.by_horizon[0] == (
        1.0,
        int(((target.time <= 1) & (target.event == 1)).sum()),
        int((target.time > 1).sum()),
    )


def test_too_few_is_said() -> None:
    study, table, _found = pbc()
    table = table.assign(status=0, ascites=np.where(np.arange(len(table)) < 3, 1, 0))
    said = {label.task: label.few for label in look(study, table).labels}
    assert said["death_or_transplant"].startswith("too few to train: 0 events")
    assert said["ascites"].startswith("too few to train: 3 rows")


def test_planted_outliers_and_repeats() -> None:
    study, table, _found = pbc()
    table = table.assign(albumin=table["albumin"].mask(table["id"] == 7, 350.0))
    table = pd.concat([table, table.iloc[[10, 20]].assign(id=[900, 7])], ignore_index=True)
    found = look(study, table)
    albumin = next(o for o in found.outliers if o.column == "albumin")
    assert albumin.rows[0] == int(np.flatnonzero(table["albumin"] == 350.0)[0])
    assert albumin.invalid == 1
    assert found.duplicates.rows == (418, 419)
    assert found.duplicates.n_identifiers == 2


def test_drift_against_another_cohort() -> None:
    study, table = load_sample("rotterdam")
    other = pd.read_csv("sample_data/gbsg/cohort.csv")
    found = {d.column: d for d in drift(study, table, other)}
    assert found["year"].verdict == "absent"
    nodes = found["nodes"]
    assert nodes.largest == pytest.approx(stats.ks_2samp(table["nodes"], other["nodes"]).statistic)
    assert nodes.verdict == "shifted"  # every GBSG patient is node-positive, half of Rotterdam's
    halves = table.sample(frac=0.5, random_state=0)
    same = drift(study, halves, table.drop(halves.index))
    assert {d.verdict for d in same} == {"stable"}
    assert all(d.psi < STABLE for d in same)
    assert SHIFTED > STABLE


def test_small_cohorts_are_not_accused_of_drift() -> None:
    study, table = load_sample("rotterdam")
    shifted = sum(
        d.verdict != "stable"
        for seed in range(10)
        for d in drift(study, table, table.sample(40, random_state=seed))
    )
    assert shifted <= 8  # of 80 comparisons, at one in twenty by chance


def test_hostile_tables_are_looked_at() -> None:
    study, table = load_sample("pbc")
    for part in (
        table.head(1),
        table.head(0),
        table.assign(**dict.fromkeys(table.columns[1:], np.nan)),
        table[["id"]],
    ):
        found = look(study, part)
        assert found.rows == len(part)
        assert all(label.few for label in found.labels)

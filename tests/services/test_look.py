"""Looking at data: what is counted is right, a user's own stays theirs, and it is counted once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl.language import LANGUAGES, use
from mtl.services import uploads, users
from mtl.services.own import look, look_words
from mtl.store import cohorts as stored
from mtl.tables.look import Labels
from mtl.tables.look_missing import MissingPattern

from .test_own_tables import small

OTHER = users.User("other", frozenset({"researcher"}))
VIEWER = users.User("viewer", frozenset({"viewer"}))
NOBODY = users.User("nobody", frozenset())


def read(data: bytes) -> pd.DataFrame:
    return pd.read_csv(pd.io.common.BytesIO(data))


def test_an_upload_is_counted_as_pandas_counts_it() -> None:
    uploads.bring(small(80), "small.csv")
    (subject,) = look.subjects()
    assert subject.key == look.UPLOAD and subject.n == 80 and subject.title.en == "small.csv"
    table = read(small(80))
    found = look.look(look.UPLOAD)
    task = found.labels[0]
    assert task.counts == {"0": int((table.died == 0).sum()), "1": int((table.died == 1).sum())}
    row = next(r for r in look.described(look.UPLOAD, task.task).rows if r.feature.name == "age")
    dead = table.age[table.died == 1]
    assert row.groups["yes"].mean == pytest.approx(dead.mean())  # type: ignore[union-attr]
    assert row.groups["yes"].median == pytest.approx(dead.median())  # type: ignore[union-attr]


def test_nobody_sees_what_somebody_brought(home: Path) -> None:
    uploads.bring(small(), "small.csv")
    own = look.look(look.UPLOAD)
    with users.acting(OTHER):
        assert look.UPLOAD not in {one.key for one in look.subjects()}
        with pytest.raises(look.CohortError):
            look.look(look.UPLOAD)
        uploads.bring(small(90), "other.csv")
        assert look.look(look.UPLOAD).rows == 90
    assert look.look(look.UPLOAD) is own
    with users.acting(VIEWER):  # may see cohorts, may bring nothing
        keys = {one.key for one in look.subjects()}
        assert {"cytology", "pbc"} <= keys and look.UPLOAD not in keys
        with pytest.raises(look.CohortError):
            look.described(look.UPLOAD)
    with users.acting(NOBODY), pytest.raises(users.Forbidden):
        look.subjects()
    uploads.discard()
    with pytest.raises(look.CohortError):
        look.look(look.UPLOAD)


def test_somebody_elses_cohort_is_not_there(home: Path) -> None:
    study = stored.get("pbc").study
    with users.acting(OTHER):
        key = f"{look.owners.prefix()}mine"
    frame = stored.get("pbc").table()
    stored.register(key, "mine", study, frame)
    assert key not in {one.key for one in look.subjects()}
    for asked in (look.look, look.described, look.others):
        with pytest.raises(look.CohortError):
            asked(key)
    with pytest.raises(look.CohortError):
        look.drifted("pbc", key)
    with users.acting(OTHER):
        found = look.drifted("pbc", key)  # the same rows: nothing drifts
        assert {one.verdict for one in found} == {"stable"}
    stored.forget(key)


def test_it_is_counted_once_a_language_and_again_for_another_study(home: Path) -> None:
    first = look.look("pbc")
    assert look.look("pbc") is first
    with use("zh_Hans"):
        assert look.look("pbc") is not first
    assert look.look("pbc") is first


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_task_of_every_kind_groups_table_one(home: Path, lang: str) -> None:
    with use(lang):
        for subject in look.subjects():
            for task in subject.study.tasks:
                found = look.described(subject.key, task.name)
                frame = found.frame()
                assert len(frame.columns) == len(set(frame.columns)) == 5 + 1 + len(found.groups)
                assert sum(found.groups.values()) <= found.n
                shown = look_words.markdown(found)
                assert shown.count("\n") == len(frame) + 2
    with pytest.raises(look.CohortError):
        look.described("pbc", "no such task")


def test_table_one_as_markdown_is_no_markup() -> None:
    hostile = "<b>|![x](http://evil)"
    rows = [f"P{i},{40 + i % 30},{hostile if i % 2 else 'plain'},{i % 3 == 0:d}" for i in range(60)]
    uploads.bring("\n".join(["id,age,kind,died", *rows]).encode(), "x.csv")
    found = look_words.markdown(look.described(look.UPLOAD, look.look(look.UPLOAD).labels[0].task))
    assert "\\<b\\>\\|\\!\\[x\\]" in found and "<b>" not in found.replace("\\<", "")
    assert {line.replace("\\|", "").count("|") for line in found.splitlines()} == {
        found.splitlines()[0].count("|")
    }


def test_rows_are_called_by_their_identifier() -> None:
    uploads.bring(small(), "small.csv")
    assert look.named(look.UPLOAD, (0, 7)) == ["P0", "P7"]
    assert look.named(look.UPLOAD, ()) == []


def test_groups_keep_apart_whatever_they_are_called() -> None:
    uploads.bring(
        "\n".join(
            ["id,x,diagnosis"] + [f"P{i},{i % 7},{('All', 'Level', 'p')[i % 3]}" for i in range(90)]
        ).encode(),
        "x.csv",
    )
    found = look.described(look.UPLOAD, "diagnosis")
    assert set(found.groups) == {"All (All)", "Level (Level)", "p (p)"}
    assert (found.frame()["All"] != "").all()


def test_words_for_patterns_and_horizons(home: Path) -> None:
    study = stored.get("pbc").study
    names = tuple(feature.name for feature in study.features)
    assert look_words.lacking(study, MissingPattern((), 5)) == "nothing is missing"
    assert look_words.lacking(study, MissingPattern(names[:9], 5)).endswith("and 3 more")
    task = next(one for one in study.tasks if one.kind == "survival")
    found = Labels(task.name, "survival", 10, 9, {"event": 4, "censored": 5}, by_horizon=((1.0, 2, 7),))
    assert look_words.label_counts(task, found) == "events: 4, censored: 5"
    assert look_words.of_horizons(found) == "1 y: 2 events, 7 followed on"


def test_what_can_be_compared_shares_half_of_the_findings(home: Path) -> None:
    assert not {"pbc", look.UPLOAD} & {one.key for one in look.others("cytology")}
    rng = np.random.default_rng(0)
    table = stored.get("pbc").table()
    brought = table.assign(age=table["age"] + 20).sample(300, random_state=rng.integers(100))
    uploads.bring(brought.to_csv(index=False).encode(), "pbc.csv")
    assert look.UPLOAD in {one.key for one in look.others("pbc")}
    found = look.drifted("pbc", look.UPLOAD)
    assert found[0].column == "age" and found[0].verdict == "shifted"
    with pytest.raises(look.CohortError):
        look.drifted("pbc", "cytology")

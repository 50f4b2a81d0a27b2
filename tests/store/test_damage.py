"""Every file of a home, torn: what reads it refuses in words, or does not need it; nothing quotes a cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.faults import WORDS, prepare
from mtl.language import use
from mtl.services import loaded, uploads
from mtl.services.own import scoring as tables
from mtl.services.patients import answer, cases, cohorts, records, similar
from mtl.store import cohorts as kept
from mtl.store import database, leaves, models, overall, scores

CACHED = (kept._row_group, kept._made, scores._opened)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("torn") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(folder))
        prepare(folder, {})
        uploads.bring(
            b"id,x,y\n" + b"".join(b"secret-%d,%d,%d\n" % (n, n, n % 2) for n in range(40)), "t.csv"
        )
        cohort = kept.get("ward")
        overall.overall(cohort, models.get("ward-model"))
        leaves.prepare(models.get("ward-model"))
        database.close()
    return folder


def readers() -> list[Callable[[], object]]:
    """What pages ask, first of all a home."""
    key = str(cohorts.worklist("ward", cohorts.Query(limit=3)).rows["case_key"][1])
    record = models.get("ward-model")

    return [
        uploads.current,
        lambda: (found := uploads.current()) and tables.differences(found, "ward-model"),
        lambda: kept.get("ward").table(),
        lambda: list(kept.get("ward").batches()),
        lambda: kept.get("ward").identifiers(),
        lambda: cohorts.worklist("ward", cohorts.Query(limit=5, search="P00")),
        lambda: cases.open_case(key),
        lambda: similar.similar(cases.open_case(key), next(iter(record.tasks))),
        lambda: records.sign(key, "agree"),
        lambda: models.load(models.get("ward-model")),
        lambda: models.held_out(record),
        lambda: [models.load_fold(record, fold) for fold in range(record.folds)],
        lambda: overall.overall(kept.get("ward"), record),
        lambda: scores.scores_of(kept.get("ward")).distributions,
    ]


def fresh() -> None:
    """As in a process that has read nothing yet."""
    for cache in CACHED:
        cache.cache_clear()
    for module in (answer, loaded, leaves, overall, uploads):
        for thing in vars(module).values():
            if hasattr(thing, "cache_clear"):
                thing.cache_clear()
    loaded._readers.clear()
    uploads._uploads.clear()


def test_a_torn_file_is_refused_in_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSILIUM_HOME", str(home))
    asked = readers()
    for read in asked:
        read()
    refused: dict[str, set[str]] = {}
    every = [
        path
        for room in ("cohorts", "models", "uploads")
        for path in (home / room).rglob("*")
        if path.is_file()
    ]
    files = {path.name: path for path in every}.values()  # one of a name
    for path in files:
        before = path.read_bytes()
        for share in (0.6,):
            path.write_bytes(before[: int(share * len(before))])
            fresh()
            for read in asked:
                try:
                    read()
                except Exception as error:  # its kind is what is looked at
                    name = type(error).__name__
                    assert name in WORDS, f"{path.relative_to(home)}: {name}: {error}"
                    assert "secret-" not in str(error) and "P00" not in str(error)
                    refused.setdefault(path.name, set()).add(str(error))
        path.write_bytes(before)
    fresh()
    for read in asked:
        read()
    assert {"rows.parquet", "scores.parquet", "case_keys.npy", "summary.json"} <= refused.keys()
    assert any("Restore it from a backup" in text for text in refused["rows.parquet"])
    (home / "cohorts" / "ward").rename(home / "cohorts" / "elsewhere")
    fresh()
    with use("zh_Hans"), pytest.raises(database.StoreError, match="备份"):
        kept.get("ward").table()

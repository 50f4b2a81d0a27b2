"""Threads here and a Dask cluster: one interface, one result; a step that nobody wants any more stops."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cluster import cluster, linger
from mtl import MultiTaskModel, load_sample
from mtl.__main__ import main
from mtl.evidence.learner import Learner
from mtl.evidence.transfer import Audit
from mtl.jobs import tables
from mtl.jobs.executor import SETTING, Cluster, ClusterError, elsewhere, executor, in_order
from mtl.jobs.local import Processes, cores
from mtl.language import use
from mtl.model import problem
from mtl.model.grow import TreeConfig
from mtl.model.pool import Elsewhere
from mtl.model.problem import Problem, TrainingError
from mtl.model.train import Effort
from mtl.store import models, uploads
from tests import synthetic

CYTOLOGY = Path(__file__).resolve().parents[2] / "sample_data" / "cytology"


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with cluster(workers=2) as address:
        yield address


@pytest.fixture(scope="module")
def distant(scheduler: str) -> Iterator[Cluster]:
    with Cluster(scheduler) as pool:
        yield pool


def test_one_interface(distant: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    with executor() as here:
        for pool in (here, distant):
            assert pool.submit(pow, 2, 10).result(30) == 1024
            assert list(pool.map(abs, [-1, 2, -3])) == [1, 2, 3]
            with pytest.raises(ZeroDivisionError):
                pool.submit(divmod, 1, 0).result(30)


def test_order_is_kept_and_few_parts_are_read_ahead(distant: Cluster) -> None:
    read: list[int] = []

    def parts() -> Iterator[tuple[int, int]]:
        for number in range(30):
            read.append(number)
            yield number, 2

    with executor(threads=2) as here:
        pools: list[Executor] = [here, distant]
        for pool in pools:
            read.clear()
            for place, value in enumerate(in_order(pool, pow, parts(), ahead=3)):
                assert value == place**2
                assert len(read) <= place + 5


def test_a_shared_value_travels_once_and_arrives_as_it_was(distant: Cluster) -> None:
    values = np.random.default_rng(0).normal(size=(1001, 3))[::2].T  # neither C nor F order
    shared = distant.share(values)
    assert distant.submit(np.sum, shared).result(30) == values.sum()
    assert distant.submit(sum, [shared, shared]).result(30).shape == (3, 501)  # nested, too


@pytest.mark.parametrize("name", ["cytology", "pbc"])
def test_a_model_trained_on_the_cluster_is_the_same_bit_for_bit(
    distant: Cluster, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, table = load_sample(name)
    few = study.model_copy(update={"tasks": [task for task in study.tasks if task.name in FEW]})
    told: list[float] = []
    here = MultiTaskModel(few, random_state=3).fit(table)
    there = MultiTaskModel(few, random_state=3).fit(table, lambda what, share: told.append(share), distant)
    for model, pool in ((here, None), (there, distant)):
        model.fit_intervals(table, refits=2, pool=pool)
    assert here.files() == there.files()
    for fit in here.out_of_fold_.values():
        assert np.array_equal(fit.margin, there.out_of_fold_[fit.task].margin)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 3


FEW = ("malignant", "mean_area", "ascites", "death", "stage")


def test_evidence_gathered_in_other_processes_is_the_same_bit_for_bit(
    distant: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several classes, and survival with a trial's offsets; helpers of every kind; every expert and every control."""
    monkeypatch.setattr("mtl.evidence.pieces.BEGIN", 0.0)
    monkeypatch.setattr("mtl.evidence.pieces.WORTH", 0.0)
    effort = Effort((TreeConfig(max_rounds=12, learning_rate=0.25),))
    X = synthetic.table(120)

    def learner() -> Learner:  # nothing is known from the time before
        return Learner(Problem.from_table(synthetic.study(), X, 5, 0), effort)

    def gathered(pool: Elsewhere | None) -> str:
        told: list[float] = []
        audit = Audit(learner(), 1, ("kind", "death"), threads=1, pool=pool)
        found = audit.run(lambda what, share: told.append(share), {})
        assert told == sorted(told) and told[-1] == 1.0
        return json.dumps(found)

    here = gathered(None)
    assert gathered(distant) == here
    with Processes(2) as processes:
        assert gathered(processes) == here
        assert len(processes._lanes) == 2  # it was they who did it


def test_who_does_long_steps(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, scheduler)
    with elsewhere() as there:
        assert isinstance(there, Cluster) and there.submit(pow, 2, 3).result(30) == 8
    monkeypatch.delenv(SETTING)
    with elsewhere() as beside:
        assert isinstance(beside, Processes) or cores() == 1
    monkeypatch.setattr("mtl.jobs.executor.cores", lambda: 1)
    with elsewhere() as alone:
        assert alone is None


def test_a_cancelled_step_stops_there(distant: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "alive"
    future = distant.submit(linger, str(file), 60.0, distant.tick)
    until = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    future.cancel()
    with pytest.raises(CancelledError):
        future.result(10)
    _goes_quiet(file)


def _goes_quiet(file: Path) -> None:
    until, last = time.monotonic() + 20, ""
    while (now := file.read_text()) != last or not now:
        assert time.monotonic() < until, "the step goes on though nobody wants it"
        last = now
        time.sleep(1.0)


def test_a_step_stops_when_its_job_is_gone(scheduler: str, tmp_path: Path) -> None:
    file = tmp_path / "alive"
    with Cluster(scheduler) as pool:
        pool.submit(linger, str(file), 60.0, pool.tick)
        while not file.exists():
            time.sleep(0.05)
    _goes_quiet(file)


def test_an_interrupted_training_ends_at_once(distant: Cluster) -> None:
    study, table = load_sample("cytology")

    def stop(_what: str, _share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        MultiTaskModel(study, effort="thorough").fit(table, stop, distant)
    assert distant.submit(pow, 2, 3).result(30) == 8  # the workers are free again


def test_what_a_step_cannot_do_is_told_as_here(distant: Cluster) -> None:
    with pytest.raises(TrainingError, match="like here"):
        distant.submit(problem._require, [], {"death": "like here"}).result(30)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_scored_on_the_cluster_is_scored_here(
    scheduler: str,
    tmp_path: Path,
    ending: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, table = load_sample("cytology")
    MultiTaskModel(study).fit(table).save(tmp_path / "model")
    monkeypatch.setattr("mtl.commands.tables.CHUNK_ROWS", 40)
    answers = []
    for name, setting in (("here", ""), ("there", scheduler)):
        monkeypatch.setenv(SETTING, setting)
        out = tmp_path / f"{name}{ending}"
        arguments = [
            "predict",
            str(tmp_path / "model"),
            str(CYTOLOGY / "test.csv"),
            "--out",
            str(out),
            "--json",
        ]
        assert main(arguments) == 0
        answers.append(json.loads(capsys.readouterr().out) | {"out": ""})
    assert answers[0] == answers[1]
    assert (tmp_path / f"here{ending}").read_bytes() == (tmp_path / f"there{ending}").read_bytes()


def test_a_users_table_is_scored_on_the_cluster_as_here_whole_or_not_at_all(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, table = load_sample("cytology")
    record = models.register_exported("m", "m", MultiTaskModel(study).fit(table))
    brought = table.iloc[:, 1:].rename(columns={"mean_area": "size"})
    stored = uploads.keep("a" * 16, b"", {"renamed": {"size": "mean_area"}}, brought, None)
    payload = {"owner": stored.owner, "upload": stored.key, "model": record.key}
    monkeypatch.setattr(tables, "CHUNK", 40)

    def stop(_stage: str, share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    found = []
    for setting in ("", scheduler):
        monkeypatch.setenv(SETTING, setting)
        with pytest.raises(KeyboardInterrupt):
            tables.score_table(payload, stop)
        assert stored.read(tables.result_name(record.key)) is None and not list(stored.folder.glob(".work-*"))
        shares: list[float] = []
        tables.score_table(payload, lambda stage, share, told=shares: told.append(share))
        assert len(shares) > 5 and shares[-1] == 1.0
        path = stored.folder / tables.result_name(record.key)
        found.append(path.read_bytes())
        path.unlink()
    assert found[0] == found[1]
    numbers = pd.read_parquet(io.BytesIO(found[0]))
    assert numbers[study.identifier].tolist() == [
        str(n) for n in range(1, len(table) + 1)
    ]  # numbered on through the chunks
    np.testing.assert_array_equal(numbers["malignant"], models.load(record).predict(table)["malignant"])


def test_no_scheduler_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mtl.jobs.executor.PATIENCE", 1.0)
    monkeypatch.setenv(SETTING, "tcp://127.0.0.1:9")
    with use("zh_Hans"), pytest.raises(ClusterError, match="调度"), executor():
        pass
    monkeypatch.setenv(SETTING, "http://127.0.0.1:9")
    with pytest.raises(ClusterError, match=r"tcp://HOST:PORT"), executor():
        pass
    study, table = load_sample("cytology")
    MultiTaskModel(study.model_copy(update={"tasks": study.tasks[:1]})).fit(table).save(tmp_path / "model")
    out = tmp_path / "p.csv"
    assert main(["predict", str(tmp_path / "model"), str(CYTOLOGY / "test.csv"), "--out", str(out)]) == 1
    assert "tcp://HOST:PORT" in capsys.readouterr().err and not out.exists()


def test_other_versions_are_refused(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed gives the same model only with the same code."""
    monkeypatch.setattr("mtl.jobs.executor.training_code", lambda: "other")
    with pytest.raises(ClusterError, match="Install the same versions"):
        Cluster(scheduler)


def test_frames_of_every_kind_travel(distant: Cluster) -> None:
    table = pd.DataFrame({"a": pd.array(["x", None], "string"), "b": [1.5, np.nan], "c": [True, None]})
    pd.testing.assert_frame_equal(distant.submit(pd.DataFrame.copy, table).result(30), table)

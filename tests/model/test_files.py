"""Model folders: what was saved comes back bit for bit, and nothing else is read, replaced or believed."""

from __future__ import annotations

import copy
import json
import math
import os
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtl import MultiTaskModel
from mtl.model import files
from mtl.model.files import (
    MANIFEST,
    ModelFileError,
    predictor_from_files,
    read_folder,
    version_of,
    write_folder,
)
from tests import synthetic


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "model"
    synthetic.brief()[2].save(path)
    return path


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def refused(path: Path, words: str | None = None) -> None:
    with pytest.raises(ModelFileError, match=words) as caught:
        MultiTaskModel.load(path)
    assert len(str(caught.value)) < 600


def test_everything_comes_back_bit_for_bit(saved: Path) -> None:
    _, table, model = synthetic.brief()
    again = MultiTaskModel.load(saved)
    assert again.predict(table).equals(model.predict(table))
    for task in model.tasks_:
        assert again.margin(table, task).tobytes() == model.margin(table, task).tobytes()
        assert again.explain(table, task).values.tobytes() == model.explain(table, task).values.tobytes()
    assert again.version_ == model.version_ == version_of(read_folder(saved))
    assert again.study == model.study and again.tasks_ == model.tasks_


def test_a_loaded_model_saves_the_same_files(saved: Path, tmp_path: Path) -> None:
    MultiTaskModel.load(saved).save(tmp_path / "again")
    assert read_folder(tmp_path / "again") == read_folder(saved)


def test_a_fold_predictor_is_a_folder_too(tmp_path: Path) -> None:
    model = synthetic.brief()[2]
    predictor = model.trained_.fold_predictors[0]
    write_folder(tmp_path / "fold", files.predictor_files(predictor))
    again = predictor_from_files(read_folder(tmp_path / "fold"))
    X = np.random.default_rng(0).normal(size=(40, 7))
    for task, margin in predictor.margins(X).items():
        assert again.margins(X)[task].tobytes() == margin.tobytes()


def test_no_patient_is_in_the_files(saved: Path) -> None:
    table = synthetic.brief()[1]
    text = "\n".join(read_folder(saved).values())
    assert not any(name in text for name in table["id"])
    predictor = json.loads(read_folder(saved)["predictor.json"])
    numbers: set[float] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                walk(item)
        elif isinstance(value, float):
            numbers.add(value)

    walk(predictor)
    for column in ("x0", "x1", "late", "dose"):
        values = table[column].dropna()
        share = sum(v in numbers for v in values) / len(values)
        assert share < 0.2, f"{column}: {share:.0%} of the patients' values are in the file"
    own = table.apply(lambda row: sum(row[c] in numbers for c in ("x0", "x1", "late", "dose")), axis=1)
    assert own.max() <= 2, "most of one patient's row can be read"
    assert not (set((table["days"] / 365.25).dropna()) & numbers), (
        "a patient's own follow-up time is in the file"
    )


# Damage --------------------------------------------------------------------------------------------------------------


def test_every_flipped_byte_is_seen(copied: Path) -> None:
    rng = np.random.default_rng(0)
    for path in sorted(copied.iterdir()):
        whole = path.read_bytes()
        for place in {0, len(whole) - 1, *rng.integers(0, len(whole), 3).tolist()}:
            damaged = bytearray(whole)
            damaged[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(damaged)
            if path.name == MANIFEST:
                try:  # a flipped bit of a space in the manifest is harmless
                    MultiTaskModel.load(copied)
                except ModelFileError:
                    continue
            else:
                refused(copied, "sha256|not text")
        path.write_bytes(whole)
    MultiTaskModel.load(copied)


@pytest.mark.parametrize("cut", [0, 1, 0.5])
def test_truncated_and_missing_files(copied: Path, cut: float) -> None:
    for path in sorted(copied.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(cut * (len(whole) - 1))])
        refused(copied)
        path.unlink()
        refused(copied)
        path.write_bytes(whole)


def rewritten(path: Path, **changes: object) -> Path:
    """Change the manifest itself."""
    manifest = json.loads((path / MANIFEST).read_text())
    manifest.update(changes)
    (path / MANIFEST).write_text(json.dumps(manifest))
    return path


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (2, "newer version"),
        (10**9, "newer"),
        (0, "version"),
        ("1", "version"),
        (None, "version"),
        (1.5, "version"),
        (True, "version"),
    ],
)
def test_other_schemas(copied: Path, schema: object, words: str) -> None:
    refused(rewritten(copied, schema=schema), words)


@pytest.mark.parametrize(
    "name",
    [
        "../x.json",
        "/etc/passwd",
        "a/b.json",
        "..",
        "",
        "x.json/",
        "C:\\x.txt",
        "study.toml\n",
        ".hidden.json",
        "ſtudy.toml",
        "x" * 300 + ".json",
        "manifest.json\x00",
    ],
)
def test_names_that_are_not_plain(copied: Path, name: str) -> None:
    entries = json.loads((copied / MANIFEST).read_text())["files"]
    (copied.parent / "x.json").write_text("{}")
    refused(rewritten(copied, files={**entries, name: next(iter(entries.values()))}), "plain|missing")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "1" * 5000,
        "[" * 100_000,
        '{"format": "consilium-model", "schema": ' + "1" * 5000 + "}",
        "\ufeff{}",
        '{"format": "other"}',
    ],
    ids=range(9),
)
def test_manifests_that_are_none(copied: Path, content: str) -> None:
    (copied / MANIFEST).write_text(content)
    refused(copied)


@pytest.mark.parametrize(
    "value",
    [{}, [], None, 5, {"predictor.json": None}, {"predictor.json": {"sha256": 5}}, {"predictor.json": "x"}],
)
def test_manifests_whose_files_are_none(copied: Path, value: object) -> None:
    refused(rewritten(copied, files=value))


def test_links_folders_and_pipes_are_not_followed(copied: Path, tmp_path: Path) -> None:
    target = copied / "predictor.json"
    outside = tmp_path / "outside.json"
    target.rename(outside)
    target.symlink_to(outside)
    refused(copied, "plain file")
    target.unlink()
    target.mkdir()
    refused(copied, "plain file")
    target.rmdir()
    os.mkfifo(target)
    refused(copied, "plain file")


def test_no_model_there(tmp_path: Path) -> None:
    refused(tmp_path / "nothing", "no model folder")
    refused(tmp_path, "missing")
    (tmp_path / "file").write_text("x")
    refused(tmp_path / "file", "no model folder")
    refused(Path("a\x00b"))


# Contents with a right manifest --------------------------------------------------------------------------------------

Loader = Callable[[dict[str, str]], MultiTaskModel | None]
HUGE = 10**400
WRONG = {
    "null": None, "text": "zz", "negative": -1, "nan": math.nan, "infinity": math.inf, "huge": HUGE, "list": [],
    "table": {}, "removed": ...,
}  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """One path for each shape of path in a JSON value."""
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    if path:
        found[tuple("#" if isinstance(step, int) else step for step in path)] = path
    items = (
        value.items() if isinstance(value, dict) else enumerate(value[:5]) if isinstance(value, list) else ()
    )
    for key, item in items:
        found |= places(item, (*path, key))
    return found


def changed(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    data = copy.deepcopy(data)
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return data


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], MultiTaskModel | None]:
    """The model in a folder of this content and a right manifest; None if refused; any other error escapes."""
    monkeypatch.setattr(files, "forest_from_text", lru_cache(64)(files.forest_from_text))

    def load(content: dict[str, str]) -> MultiTaskModel | None:
        monkeypatch.setattr(files, "read_folder", lambda path: content)
        try:
            return MultiTaskModel.load("a folder")
        except ModelFileError:
            return None

    return load


def test_wrong_values_are_refused_or_harmless(saved: Path, believed: Loader) -> None:
    """Whatever stands in predictor.json: ModelFileError, or a model that answers with finite numbers."""
    content = read_folder(saved)
    data = json.loads(content["predictor.json"])
    table = synthetic.table(5, seed=8)
    failures = []
    for shape, path in places(data).items():
        for name, value in WRONG.items():
            text = json.dumps(changed(data, path, value))
            where = f"{'.'.join(map(str, shape))} {name}"
            try:
                model = believed({**content, "predictor.json": text})
                if model is None:
                    continue
                assert model.tasks_ == [t.name for t in model.study.tasks]
                for task in model.tasks_:
                    assert np.isfinite(model.margin(table, task)).all()
                    why = model.explain(table, task)
                    np.testing.assert_allclose(why.margin, model.margin(table, task), atol=1e-6)
                model.predict(table)
            except Exception as error:
                failures.append(f"{where}: {type(error).__name__} {str(error)[:60]!r}")
    assert not failures, f"{len(failures)}: " + "\n".join(failures[:20])


@pytest.mark.parametrize(
    "name", ["study.toml", "training.json", "own_0.txt", "shared_0.txt", "predictor.json"]
)
@pytest.mark.parametrize(
    "text", ["", "x", "[]", "{}", "[" * 100_000, "1" * 5000, "/etc/passwd", "null\n"], ids=range(8)
)
def test_other_contents_are_refused(saved: Path, believed: Loader, name: str, text: str) -> None:
    assert believed({**read_folder(saved), name: text}) is None


@pytest.mark.parametrize("key", ["effort", "random_state", "left_out"])
def test_a_training_record_without_its_parts(saved: Path, believed: Loader, key: str) -> None:
    content = read_folder(saved)
    training = json.loads(content["training.json"])
    del training[key]
    assert believed({**content, "training.json": json.dumps(training)}) is None


def test_outputs_features_and_studies_that_do_not_fit(saved: Path, believed: Loader) -> None:
    content = read_folder(saved)
    swapped = {**content, "own_0.txt": content["own_1.txt"], "own_1.txt": content["own_0.txt"]}
    assert believed(swapped) is None
    beyond = {
        **content,
        "own_0.txt": content["own_0.txt"]
        .replace("max_feature_idx=6", "max_feature_idx=60")
        .replace("split_feature=0", "split_feature=50"),
    }
    assert believed(beyond) is None
    other = content["study.toml"].replace('name = "x0"', 'name = "y0"')
    assert believed({**content, "study.toml": other}) is None
    kinds = content["study.toml"].replace('classes = ["low", "mid", "high"]', 'classes = ["low", "high"]')
    if kinds != content["study.toml"]:
        assert believed({**content, "study.toml": kinds}) is None
    renamed = content["predictor.json"].replace('"name":"ill"', '"name":"well"')
    assert believed({**content, "predictor.json": renamed}) is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["own_0.txt", "shared_0.txt", "predictor.json", "training.json", "study.toml"]),
    place=st.floats(0, 1),
    letter=st.sampled_from('09-.eE,[]{}" \n=xn\x00é'),
)
def test_random_letters(saved: Path, believed: Loader, name: str, place: float, letter: str) -> None:
    content = dict(read_folder(saved))
    text = content[name]
    i = int(place * (len(text) - 1))
    content[name] = text[:i] + letter + text[i + 1 :]
    believed(content)


# Writing -------------------------------------------------------------------------------------------------------------


def listing(path: Path) -> list[str]:
    return sorted(p.name for p in path.iterdir())


def test_saving_over_a_model_replaces_it_whole(copied: Path) -> None:
    before = read_folder(copied)
    write_folder(copied, {"only.json": "{}"})
    assert read_folder(copied) == {"only.json": "{}"} and listing(copied) == [MANIFEST, "only.json"]
    assert listing(copied.parent) == ["model"]
    write_folder(copied, before)
    MultiTaskModel.load(copied)


@pytest.mark.parametrize("at", [1, 2])
def test_an_error_in_the_middle_leaves_the_old_model(
    copied: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    before, calls, rename = read_folder(copied), [0], os.rename

    def failing(source: Any, target: Any) -> None:
        calls[0] += 1
        if calls[0] == at:
            raise OSError("the disk is full")
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(OSError, match="full"):
        write_folder(copied, {"only.json": "{}"})
    monkeypatch.undo()
    assert read_folder(copied) == before
    assert listing(copied.parent) == ["model"]


def test_a_failed_write_leaves_nothing(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_folder(copied)

    def failing(path: Path, content: bytes) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(files, "_write", failing)
    for target in (copied, copied.parent / "new"):
        with pytest.raises(OSError, match="full"):
            write_folder(target, {"only.json": "{}"})
    assert read_folder(copied) == before and listing(copied.parent) == ["model"]


def test_other_folders_are_never_replaced(tmp_path: Path, copied: Path) -> None:
    """A web application has a manifest.json too; and a model folder may hold somebody's notes."""
    web = tmp_path / "web"
    web.mkdir()
    (web / MANIFEST).write_text('{"name": "my app", "icons": []}')
    (web / "index.html").write_text("precious")
    (copied / "notes.md").write_text("precious")
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for path in (web, copied, full, tmp_path / "file"):
        with pytest.raises(ModelFileError, match="choose another"):
            write_folder(path, {"only.json": "{}"})
    assert (web / "index.html").read_text() == (copied / "notes.md").read_text() == "precious"


def test_an_empty_or_new_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "deep" / "er" / "new", str(tmp_path / "text")):
        write_folder(path, {"only.json": "{}"})
        assert read_folder(path) == {"only.json": "{}"}


def test_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder("model", {"only.json": "{}"})
    assert read_folder("model") == read_folder("./model/") == {"only.json": "{}"}


def test_the_version_is_the_contents(saved: Path) -> None:
    content = read_folder(saved)
    assert version_of(content) == version_of(dict(reversed(content.items())))
    assert version_of(content) != version_of({**content, "own_0.txt": content["own_0.txt"] + "\n"})
    model = MultiTaskModel(synthetic.study(), "brief", threads=1).fit(synthetic.table(80))
    first = model.version_
    model.fit(synthetic.table(80, seed=1))
    assert model.version_ == version_of(model.files()) != first


def test_pickle(tmp_path: Path) -> None:
    import pickle

    _, table, model = synthetic.brief()
    model.explain(table.head(2), "ill")
    again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(again.predict(table), model.predict(table))
    assert (
        again.explain(table.head(2), "ill").values.tobytes()
        == model.explain(table.head(2), "ill").values.tobytes()
    )

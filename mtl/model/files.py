"""A predictor as a folder: LightGBM text, JSON, and a manifest with the sha256 of every file. Nothing is unpickled.

The reader takes only what the manifest names, only plain names beside it, and only files whose length and sha256 are
the manifest's. LightGBM's own parser, which is unchecked C, never sees them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from mtl.model.background import BackgroundCounts, BackgroundError
from mtl.model.baseline import Baseline
from mtl.model.basis import BasisError
from mtl.model.forest import Floats, Forest
from mtl.model.lightgbm_text import ModelTextError, forest_from_text, forest_to_text
from mtl.model.linear import LinearError, LinearExpert
from mtl.model.novelty import BEYOND, Novelty
from mtl.model.predictor import Background, Predictor, TaskPredictor
from mtl.model.stand_ins import crossed_from_dict, crossed_to_dict

FORMAT, SCHEMA = "consilium-model", 1
MANIFEST = "manifest.json"
MAX_MANIFEST, MAX_FILE = 1 << 20, 1 << 30
PLAIN_NAME = re.compile(r"[a-z0-9_]{1,60}\.(json|txt|toml)")


class ModelFileError(ValueError):
    """A model folder that cannot be trusted or read; the message says what is wrong and what to do."""


# Folders ------------------------------------------------------------------------------------------


def write_folder(path: str | Path, files: dict[str, str]) -> None:
    """Write text files and their manifest as a folder that appears whole or not at all.

    Raises
    ------
    ModelFileError
        `path` exists and is not a model folder: nothing else is ever replaced.
    """
    path = Path(path)
    if path.exists() and not _is_ours(path):
        raise ModelFileError(f"{path} exists and is not a model; choose another folder or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        entries = {}
        for name, text in files.items():
            content = text.encode()
            entries[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            _write(temporary / name, content)
        manifest = {"format": FORMAT, "schema": SCHEMA, "files": entries}
        _write(temporary / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
        temporary.chmod(0o755)
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent)) / "old"
            try:
                os.rename(path, old)
                os.rename(temporary, path)
            except BaseException:
                if old.exists():
                    old.rename(path)
                raise
            finally:
                shutil.rmtree(old.parent, ignore_errors=True)
        else:
            os.rename(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _is_ours(path: Path) -> bool:
    """Whether a folder is empty, or a model with nothing of anybody else's in it."""
    if not path.is_dir():
        return False
    found = {entry.name for entry in path.iterdir()}
    if MANIFEST not in found:
        return not found
    try:
        return found <= {MANIFEST, *_read_manifest(path)}
    except ModelFileError:
        return False


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_folder(path: str | Path) -> dict[str, str]:
    """Text of every file that the manifest names.

    Raises
    ------
    ModelFileError
        No model is there, it was written by a newer version, or a file is missing, changed, cut off, of another
        length, or not a plain file in the folder.
    """
    path = Path(path)
    manifest = _read_manifest(path)
    found = {}
    for name, entry in manifest.items():
        if not PLAIN_NAME.fullmatch(name):
            raise ModelFileError(
                f"{path}: the manifest names {name[:80]!r}, which is not a plain file name; do not use this model"
            )
        content = _read_plain(path / name, MAX_FILE)
        if not isinstance(entry, dict) or hashlib.sha256(content).hexdigest() != entry.get("sha256"):
            raise ModelFileError(
                f"{path / name}: not the file that was saved (its sha256 differs); copy or train the model again"
            )
        if len(content) != entry.get("bytes"):
            raise ModelFileError(
                f"{path / name}: {len(content)} bytes, the manifest says {entry.get('bytes')}; copy the model again"
            )
        try:
            found[name] = content.decode()
        except UnicodeDecodeError:
            raise ModelFileError(f"{path / name}: not text; copy or train the model again") from None
    return found


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise ModelFileError(
            f"{path}: no model folder there; train one with `python -m mtl train ... --out {path}`"
        )
    try:
        manifest = json.loads(_read_plain(path / MANIFEST, MAX_MANIFEST).decode())
    except (ValueError, RecursionError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"{path / MANIFEST}: damaged; copy or train the model again") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelFileError(f"{path / MANIFEST}: not a Consilium model")
    schema = manifest.get("schema")
    if type(schema) is not int or schema < 1:
        raise ModelFileError(
            f"{path / MANIFEST}: schema {schema!r} is not a version number; copy or train the model again"
        )
    if schema > SCHEMA:
        raise ModelFileError(
            f"{path}: written by a newer version (schema {schema}, this one reads up to {SCHEMA}); update Consilium"
        )
    files = manifest.get("files")
    if not isinstance(files, dict) or not files:
        raise ModelFileError(f"{path / MANIFEST}: names no files; copy or train the model again")
    return files


def _read_plain(path: Path, limit: int) -> bytes:
    try:
        if path.is_symlink() or not path.is_file():
            raise ModelFileError(f"{path}: missing, or not a plain file; copy the whole model folder")
        if path.stat().st_size > limit:
            raise ModelFileError(f"{path}: larger than {limit >> 20} MB; this is no model of ours")
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror})") from error


def version_of(files: dict[str, str]) -> str:
    """Short name of a model's content: the same files, the same version."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name].encode()).digest())
    return digest.hexdigest()[:10]


# Predictors ---------------------------------------------------------------------------------------


def predictor_files(predictor: Predictor) -> dict[str, str]:
    """The files of a predictor, by name."""
    files = {}
    for i, task in enumerate(predictor.tasks):
        files[f"own_{i}.txt"] = forest_to_text(task.own, predictor.features)
    for g, forest in enumerate(predictor.shared):
        files[f"shared_{g}.txt"] = forest_to_text(forest, predictor.features)
    files["novelty.txt"] = forest_to_text(predictor.novelty.forest, predictor.features)
    files["predictor.json"] = dump_json(
        {
            "features": list(predictor.features),
            "novelty": {
                "limit": predictor.novelty.limit,
                "low": _or_none(predictor.novelty.low),
                "high": _or_none(predictor.novelty.high),
                "reach": predictor.novelty.reach,
            },
            "tasks": [_task_to_dict(task) for task in predictor.tasks],
            "shared": len(predictor.shared),
        }
    )
    return files


def dump_json(data: Any) -> str:
    """JSON that keeps every bit of a float and refuses NaN."""
    return json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def read_json(text: str) -> Any:
    """JSON with finite numbers only; ValueError says what is wrong."""
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a finite number")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if np.isfinite(number) else _no_number(digits[:40])


def _whole(digits: str) -> int:
    if len(digits) > 16:
        raise ValueError(f"{digits[:40]} is too large a whole number")
    return int(digits)


def _task_to_dict(task: TaskPredictor) -> dict[str, Any]:
    return {
        "name": task.name,
        "kind": task.kind,
        "classes": list(task.classes),
        "weights": task.weights.tolist(),
        "constant": task.constant.tolist(),
        "scale": task.scale,
        "linear": task.linear.to_dict(),
        "shared": task.shared,
        "shared_outputs": list(task.shared_outputs),
        "background": {
            "linear": task.background.linear.tolist(),
            "crossed": None if task.background.crossed is None else crossed_to_dict(task.background.crossed),
            "own": task.background.own.to_dict(),
            "shared": task.background.shared.to_dict(),
        },
        "half_width": task.half_width,
        "baseline": None if task.baseline is None else task.baseline.to_dict(),
    }


def predictor_from_files(files: dict[str, str]) -> Predictor:
    """The inverse of :func:`predictor_files`; ModelFileError where something does not fit."""
    try:
        data = read_json(files["predictor.json"])
        features = tuple(data["features"])
        shared = tuple(_forest(files, f"shared_{g}.txt", len(features)) for g in range(data["shared"]))
        tasks = tuple(
            _task_from_dict(t, _forest(files, f"own_{i}.txt", len(features)), shared, len(features))
            for i, t in enumerate(data["tasks"])
        )
        novelty = Novelty(
            _forest(files, "novelty.txt", len(features)),
            float(data["novelty"]["limit"]),
            _or_nan(data["novelty"]["low"], len(features)),
            _or_nan(data["novelty"]["high"], len(features)),
            float(data["novelty"].get("reach", BEYOND)),  # older models keep the least reach
        )
    except KeyError as error:
        raise ModelFileError(
            f"the model lacks {error.args[0]!r}; copy the whole model folder or train it again"
        ) from None
    except (
        BackgroundError,
        BasisError,
        LinearError,
        ModelTextError,
        AttributeError,
        IndexError,
        OverflowError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelFileError(f"the model cannot be read: {error}; copy or train the model again") from error
    return Predictor(features, tasks, shared, novelty)


def _or_none(values: Floats) -> list[float | None]:
    return [None if np.isnan(v) else v for v in values.tolist()]


def _or_nan(values: list[float | None], size: int) -> Floats:
    if len(values) != size:
        raise ModelFileError(f"novelty: ranges of {len(values)} features, the model has {size}")
    return np.array([np.nan if v is None else v for v in values], dtype=float)


def _forest(files: dict[str, str], name: str, n_features: int) -> Forest:
    forest = forest_from_text(files[name])
    if len(forest.feature) and int(forest.feature.max()) >= n_features:
        raise ModelFileError(f"{name}: splits on a feature that the model does not have")
    return forest


def _task_from_dict(
    data: dict[str, Any], own: Forest, shared: tuple[Forest, ...], n_features: int
) -> TaskPredictor:
    constant, outputs = (
        np.array(data["constant"], dtype=float).reshape(-1),
        tuple(int(o) for o in data["shared_outputs"]),
    )
    which = int(data["shared"])
    if own.n_outputs != len(constant) or len(outputs) != len(constant):
        raise ModelFileError(
            f"task {data['name']!r}: its forests have another number of outputs than its constant"
        )
    if not 0 <= which < len(shared) or any(not 0 <= o < shared[which].n_outputs for o in outputs):
        raise ModelFileError(f"task {data['name']!r}: points to a shared forest that is not there")
    background = data["background"]
    linear = LinearExpert.from_dict(data["linear"])
    task = TaskPredictor(
        name=str(data["name"]),
        kind=str(data["kind"]),
        classes=tuple(data["classes"]),
        weights=np.array(data["weights"], dtype=float),
        constant=constant,
        scale=float(data["scale"]),
        linear=linear,
        own=own,
        shared=which,
        shared_outputs=outputs,
        background=Background(
            np.array(background["linear"], dtype=float),
            None if linear.stand_ins is None else crossed_from_dict(background["crossed"], linear.stand_ins),
            BackgroundCounts.from_dict(background["own"]),
            BackgroundCounts.from_dict(background["shared"]),
        ),
        half_width=None if data["half_width"] is None else float(data["half_width"]),
        baseline=None if data["baseline"] is None else Baseline.from_dict(data["baseline"]),
    )
    wrong = _unfit(task, own, shared[which], n_features)
    if wrong:
        raise ModelFileError(f"task {task.name!r}: {wrong}; copy or train the model again")
    return task


def _unfit(task: TaskPredictor, own: Forest, shared: Forest, p: int) -> str:
    """What of a task does not fit the rest, or nothing."""
    c = task.n_outputs
    if task.kind not in ("binary", "multiclass", "regression", "survival"):
        return f"is of the unknown kind {task.kind!r:.40}"
    if c != (len(task.classes) if task.kind == "multiclass" else 1):
        return f"has {c} margins and {len(task.classes)} classes"
    if task.weights.shape != (3,) or (task.weights < 0).any() or not np.isfinite(task.weights).all():
        return "needs three weights of 0 or more"
    if not np.isfinite(task.constant).all() or not task.scale > 0:
        return "needs a finite constant and a scale above 0"
    if task.linear.basis.n_features != p or task.linear.intercept.shape != (c,):
        return "has a linear expert of another model"
    if task.background.linear.shape != (p, c) or not np.isfinite(task.background.linear).all():
        return "has the background of another model"
    for forest, counts in ((own, task.background.own), (shared, task.background.shared)):
        decisions = (
            np.repeat(np.diff(forest.start), np.diff(counts.start))
            if counts.n_trees == forest.n_trees
            else None
        )
        if decisions is None or (counts.pattern.astype(int) >> decisions).any():
            return "has background counts of another forest"
    if (task.kind == "survival") != (task.baseline is not None):
        return "has a baseline hazard exactly when it is a survival task"
    return ""

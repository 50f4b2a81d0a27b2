"""The work cut into cells (suite, set, fold, method): each computed once, kept as a line of JSON, in any order."""

from __future__ import annotations

import ast
import hashlib
import json
import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from lightgbm.basic import LightGBMError
from threadpoolctl import threadpool_limits

from bench.comparison import chain, methods, peers, permuted
from bench.comparison.data import COHORTS, Cohort
from bench.comparison.labels import scarce, with_own_labels
from bench.comparison.methods import Case, Outcome
from mtl.data.split import folds
from mtl.data.targets import targets
from mtl.multitask import TableWarning

FOLDS = 5
ROOT = Path(__file__).resolve().parents[2]

METHODS: dict[str, Callable[[Case], list[Outcome]]] = {
    "lightgbm": methods.lightgbm,
    "quick": methods.ours,
    "thorough": methods.thorough,
    "permuted": permuted.permuted,
    "xgboost": peers.xgboost_trees,
    "catboost": peers.catboost_trees,
    "multioutput": peers.multi_output,
    "chain": chain.chain,
}
OURS = ("quick", "thorough", "permuted")
SCARCE_METHODS = ("lightgbm", "quick", "permuted")


@dataclass(frozen=True)
class Scarce:
    """A task that keeps only a share of its training labels."""

    cohort: str
    task: str
    share: float


# Two of each set, chosen before any of them was run with few labels: its outcomes, in the order of its study, event at
# 2 years of ACTG 175 among them. pbc has a single one, which no task may help, because it sees what no other sees; its
# stage joins it. A tenth of the labels where there are 2,000 patients or more, else a quarter.
SCARCE = (
    Scarce("rotterdam", "recurrence", 0.10),
    Scarce("rotterdam", "death", 0.10),
    Scarce("actg175", "event", 0.10),
    Scarce("actg175", "event_2y", 0.10),
    Scarce("colon", "recurrence", 0.25),
    Scarce("colon", "death", 0.25),
    Scarce("pbc", "histologic_stage", 0.25),
    Scarce("pbc", "death_or_transplant", 0.25),
)


@dataclass(frozen=True)
class Cell:
    """One fit of one method: on all labels, or (`target`, `share`) on a share of one task's."""

    cohort: str
    fold: int
    method: str
    target: str = ""
    share: float = 1.0
    draw: int = 0
    short: bool = False

    def case(self) -> Case:
        """Its training table and held-out patients."""
        cohort = loaded(self.cohort)
        fold = outer_folds(self.cohort)
        train, test = cohort.table[fold != self.fold], cohort.table[fold == self.fold]
        tasks = tuple(task.name for task in cohort.study.tasks)
        if self.target:
            train = scarce(cohort, train, self.target, self.share, 1000 * self.draw + self.fold)
            tasks = (self.target,)
        return Case(cohort, train, test, tasks, self.draw, self.short)

    @property
    def key(self) -> str:
        """What it depends on: itself, the data and the code that computes it."""
        parts = [json.dumps(asdict(self), sort_keys=True), data_digest(self.cohort), code_digest(self.method)]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]


@lru_cache
def loaded(name: str) -> Cohort:
    """A cohort with every task's labels in columns of their own."""
    return with_own_labels(COHORTS[name]())


@lru_cache
def outer_folds(name: str) -> np.ndarray:
    """The outer fold of every patient, the same for every method and target."""
    cohort = loaded(name)
    return folds(targets(cohort.study, cohort.table), FOLDS, 0)


@lru_cache
def data_digest(name: str) -> str:
    """Of the study and the table."""
    cohort = loaded(name)
    text = cohort.study.to_toml() + cohort.table.to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache
def code_digest(method: str) -> str:
    """Of the modules that a method's numbers come from; comments do not count."""
    here = ["scores", "tuned", "cox", "labels", "methods"]
    found = [ROOT / "bench" / "comparison" / f"{name}.py" for name in here]
    if method in OURS:
        found += [ROOT / "bench/comparison/alone.py", ROOT / "mtl/multitask.py"]
        for room in ("model", "data", "expressions"):
            found += sorted((ROOT / "mtl" / room).glob("*.py"))
        if method == "permuted":
            found.append(ROOT / "bench/comparison/permuted.py")
    elif method != "lightgbm":
        found.append(ROOT / "bench/comparison/peers.py")
        if method == "chain":
            found.append(ROOT / "bench/comparison/chain.py")
    texts = [ast.dump(ast.parse(path.read_text())) for path in found]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def compute(cell: Cell) -> list[dict[str, object]]:
    """The outcomes of a cell, on one thread; their seconds are the processor's, which busy neighbours hardly change."""
    warnings.simplefilter("ignore", TableWarning)
    case, begin = cell.case(), time.process_time()
    with threadpool_limits(limits=1):
        outcomes = METHODS[cell.method](case)
    spent = time.process_time() - begin
    return [asdict(outcome) | {"seconds": spent} for outcome in outcomes]


class Cache:
    """The cells already computed, in a folder."""

    def __init__(self, folder: Path | None) -> None:
        self.path = None
        self.known: dict[str, list[dict[str, object]]] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self.path = folder / "cells.jsonl"
            if self.path.exists():
                for line in self.path.read_text().splitlines():
                    if line.endswith("}"):  # an interrupted run may have left half a line
                        entry = json.loads(line)
                        self.known[entry["key"]] = entry["outcomes"]

    def keep(self, cell: Cell, outcomes: list[dict[str, object]]) -> None:
        """Remember a cell, on disk too."""
        self.known[cell.key] = outcomes
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps({"key": cell.key, "cell": asdict(cell), "outcomes": outcomes}) + "\n")


def run(cells: Iterable[Cell], cache: Cache, jobs: int) -> dict[Cell, list[Outcome]]:
    """Compute what is not known yet, `jobs` cells at a time, and return everything.

    Raises
    ------
    RuntimeError
        Some cells failed; the others are kept, and the message names those that are not.
    """
    cells = list(cells)
    wanted = [cell for cell in cells if cell.key not in cache.known]
    begin = time.perf_counter()
    failed = []
    for i, (cell, result) in enumerate(_computed(wanted, jobs), 1):
        what = f"{cell.cohort} {cell.target or 'all'} fold {cell.fold} draw {cell.draw} {cell.method}"
        if isinstance(result, Exception):
            failed.append(f"{what}: {type(result).__name__}: {result}")
            what = failed[-1]
        else:
            cache.keep(cell, result)
        print(f"[{i}/{len(wanted)}, {time.perf_counter() - begin:.0f} s] {what}", file=sys.stderr, flush=True)
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(wanted)} cells failed:\n" + "\n".join(failed))
    return {cell: [Outcome(**entry) for entry in cache.known[cell.key]] for cell in cells}  # type: ignore[arg-type]


def _computed(cells: list[Cell], jobs: int) -> Iterator[tuple[Cell, list[dict[str, object]] | Exception]]:
    if jobs == 1:
        for cell in cells:
            try:
                yield cell, compute(cell)
            except (ValueError, RuntimeError, LightGBMError) as error:
                yield cell, error
        return
    spawn = multiprocessing.get_context("spawn")  # LightGBM hangs after fork
    with ProcessPoolExecutor(jobs, mp_context=spawn) as pool:
        futures = {pool.submit(compute, cell): cell for cell in cells}
        for future in as_completed(futures):
            error = future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            yield futures[future], error or future.result()

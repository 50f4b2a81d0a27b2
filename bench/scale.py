"""Scoring and training on a Dask cluster beside one process: the same bits, bounded memory, and how much faster.

    python bench/scale.py [--short] [--json] [--rows 5000000] [--workers 2]

A scheduler and its workers run on this machine, as commands of their own. A Parquet file of simulated patients is scored by
`python -m mtl predict`, first in one process, then with CONSILIUM_SCHEDULER: both files must be the same, byte for byte.
Then samples are trained, intervals included, here and on the cluster: the model files must be the same.

Times depend on what else the machine does, so processor seconds and the share that others took stand beside them. Memory
is the peak of the process that reads and writes, and of the largest worker.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.cluster import cluster, processes
from bench.load import busy
from bench.size import Size, simulated
from mtl import MultiTaskModel, load_sample
from mtl.jobs.executor import SETTING, Cluster
from mtl.multitask import TableWarning

ROOT = Path(__file__).resolve().parents[1]
SIZE = Size(3_000, 10, 3)  # what the model is trained on: a binary, a regression and a survival task
LARGEST = 1.5  # GB that scoring may take in the process that reads and writes, whatever the rows
PIECE = 100_000

_SCORE = """
import json, resource, sys, time
from mtl.__main__ import main
begin, cpu = time.perf_counter(), time.process_time()
code = main(["predict", *sys.argv[1:3], "--out", sys.argv[3]])
assert code == 0, code
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "gigabytes": peak / 1e9}))
"""


@dataclass(frozen=True)
class Scored:
    """One way to score the file; `worker_gigabytes` and `worker_cpu` of all workers are 0 where there is none."""

    how: str
    seconds: float
    cpu: float
    gigabytes: float
    worker_cpu: float
    worker_gigabytes: float
    others: float
    digest: str


def patients(path: Path, rows: int, columns: pd.DataFrame) -> None:
    """A Parquet file of that many patients, drawn again from a table and jittered."""
    rng = np.random.default_rng(1)
    writer: pq.ParquetWriter | None = None
    names = [name for name in columns.columns if name.startswith("x")]
    for first in range(0, rows, PIECE):
        n = min(PIECE, rows - first)
        drawn = columns[names].to_numpy()[rng.integers(len(columns), size=n)] + rng.normal(
            0, 0.1, (n, len(names))
        )
        piece = {"id": pa.array(np.arange(first, first + n)), **dict(zip(names, drawn.T, strict=True))}
        table = pa.table(piece)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def score(how: str, model: Path, table: Path, out: Path, scheduler: str | None) -> Scored:
    """Score the file in a process of its own; the workers' share is what they took meanwhile."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env.pop(SETTING, None)
    if scheduler is not None:
        env[SETTING] = scheduler
    before, everybody, begin = processes(), busy(), time.perf_counter()
    command = [sys.executable, "-c", _SCORE, str(model), str(table), str(out)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found = json.loads(done.stdout.strip().splitlines()[-1])
    elapsed, after = time.perf_counter() - begin, processes()
    workers = [(after[pid][0] - before[pid][0], after[pid][1]) for pid in after if pid in before]
    cpu, largest = sum(cpu for cpu, _ in workers), max((gb for _, gb in workers), default=0.0)
    taken = (busy() - everybody - found["cpu"] - cpu) / (elapsed * (os.cpu_count() or 1))
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    return Scored(
        how, found["seconds"], found["cpu"], found["gigabytes"], cpu, largest, max(0.0, taken), digest
    )


def trained(names: tuple[str, ...], refits: int, pool: Cluster) -> dict[str, dict[str, Any]]:
    """Each sample trained here and on the cluster with the same seed: seconds of both, and whether the files are equal."""
    found = {}
    for name in names:
        study, table = load_sample(name)
        files, seconds = [], []
        for where in (None, pool):
            begin = time.perf_counter()
            model = MultiTaskModel(study, random_state=7).fit(table, pool=where)
            if refits:
                model.fit_intervals(table, refits, pool=where)
            seconds.append(round(time.perf_counter() - begin, 1))
            files.append(model.files())
        found[name] = {"here_s": seconds[0], "cluster_s": seconds[1], "equal": files[0] == files[1]}
    return found


def main() -> int:
    """Print a table, or one JSON object; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="100,000 rows, one small sample")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--samples", nargs="*", default=["cytology", "pbc", "rotterdam"], help="samples to train"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore", TableWarning)
    rows = 100_000 if options.short else options.rows
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        study, table = simulated(SIZE)
        MultiTaskModel(study).fit(table).save(folder / "model")
        patients(folder / "patients.parquet", rows, table)
        given = folder / "model", folder / "patients.parquet"
        scored = [score("one process", *given, folder / "one.parquet", None)]
        with cluster(options.workers) as scheduler:
            with Cluster(scheduler):
                pass  # its workers have imported what they need
            scored.append(score(f"{options.workers} workers", *given, folder / "cluster.parquet", scheduler))
            with Cluster(scheduler) as pool:
                fits = trained(("cytology",) if options.short else tuple(options.samples), 4, pool)
    ratio = scored[0].seconds / scored[1].seconds
    kept = (
        scored[0].digest == scored[1].digest
        and all(one.gigabytes <= LARGEST for one in scored)
        and all(fit["equal"] for fit in fits.values())
    )
    if options.json:
        print(json.dumps({"scale": {"rows": rows, "scored": [asdict(one) for one in scored], "ratio": ratio,
                                    "trained": fits, "kept": kept}}))  # fmt: skip
        return 0 if kept else 1
    print(f"scoring {rows:,} rows, {SIZE.tasks} tasks")
    print(
        f"{'':<14}{'seconds':>9}{'rows/s':>10}{'CPU s':>8}{'GB':>6}{'workers CPU s':>15}{'GB each':>9}{'others':>8}"
    )
    for one in scored:
        print(
            f"{one.how:<14}{one.seconds:>9.1f}{rows / one.seconds:>10,.0f}{one.cpu:>8.1f}{one.gigabytes:>6.2f}"
            f"{one.worker_cpu:>15.1f}{one.worker_gigabytes:>9.2f}{one.others:>8.0%}"
        )
    print(
        f"ratio {ratio:.2f}; the files are {'the same' if scored[0].digest == scored[1].digest else 'NOT THE SAME'}"
    )
    for name, fit in fits.items():
        equal = "the same files" if fit["equal"] else "OTHER FILES"
        print(f"training {name}: here {fit['here_s']} s, on the cluster {fit['cluster_s']} s, {equal}")
    print("kept" if kept else "NOT KEPT")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

"""How long a large CSV takes: reading, cleaning, profiling beside pandas.read_csv; scoring by a trained model.

    python bench/ingest.py [--json] [--short] [--model DIR]

Every figure is of a process of its own, so that its memory is its own; CPU seconds tell what a busy machine hides.
1,000,000 rows x 50 columns (265 MB); --short: a tenth. With --model (a folder that `python -m mtl train` wrote) a CSV
of its columns is scored: rows/s a task, and the memory that a file of 1 GB takes (--short: 100 MB).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

ROOT = Path(__file__).resolve().parents[1]
ROWS, COLUMNS = 1_000_000, 50

_MEASURED = """
import json, resource, sys, time
{imports}
begin = time.perf_counter()
{work}
seconds = time.perf_counter() - begin
used = resource.getrusage(resource.RUSAGE_SELF)
megabytes, busy = used.ru_maxrss / 1000, used.ru_utime + used.ru_stime
print(json.dumps({{"seconds": round(seconds, 2), "cpu_s": round(busy, 2), "peak_mb": round(megabytes)}}))
"""
READ = ("from mtl.tables import clean, read_raw", "raw = read_raw(sys.argv[1])")
CLEAN = ("from mtl.tables import clean, read_raw", "cleaned = clean(read_raw(sys.argv[1]))")
PROFILE = (
    "import contextlib, io\nfrom mtl.__main__ import main",
    "with contextlib.redirect_stdout(io.StringIO()): code = main(['profile', sys.argv[1]])\nassert code == 0, code",
)
PANDAS = ("import pandas", "table = pandas.read_csv(sys.argv[1])")
SCORE = (
    "from mtl.__main__ import main",
    "code = main(['predict', sys.argv[2], sys.argv[1], '--out', sys.argv[3]]); assert code == 0, code",
)


def measure(script: tuple[str, str], *arguments: str) -> dict[str, float]:
    """Seconds, CPU seconds (start of Python included) and peak memory of one piece of work in a process of its own."""
    code = _MEASURED.format(imports=script[0], work=script[1])
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def write_table(path: Path, rows: int) -> None:
    """Measurements with one decimal, counts, yes and no, grades; 3 % of the cells missing."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {"id": np.char.add("P", np.arange(rows).astype(str))}
    for place in range(COLUMNS - 16):
        columns[f"measure_{place}"] = np.round(rng.normal(50, 10, rows), 1)
    for place in range(5):
        columns[f"count_{place}"] = rng.poisson(3, rows)
        columns[f"sign_{place}"] = rng.choice(["yes", "no"], rows)
        columns[f"grade_{place}"] = rng.choice(["grade I", "grade II", "grade III"], rows)
    table = {
        name: pa.array(values, mask=rng.random(rows) < (0.0 if name == "id" else 0.03))
        for name, values in columns.items()
    }
    pyarrow.csv.write_csv(pa.table(table), path)


def write_patients(path: Path, model: Path, megabytes: int) -> tuple[int, int]:
    """A CSV of patients with findings in the study's typical ranges, and a note each that no model reads.

    Returns the number of rows and of the model's tasks.
    """
    sys.path.insert(0, str(ROOT))
    from mtl import MultiTaskModel

    study = MultiTaskModel.load(model).study
    rng = np.random.default_rng(0)
    size = 100_000
    columns: dict[str, Any] = {study.identifier: np.char.add("P", np.arange(size).astype(str))}
    for feature in study.features:
        if feature.levels:
            columns[feature.name] = rng.choice([level.text for level in feature.levels], size)
        elif feature.kind == "boolean":
            columns[feature.name] = rng.integers(0, 2, size)
        else:
            low, high = feature.typical or feature.valid or (0.0, 1.0)
            columns[feature.name] = np.round(rng.uniform(low, high, size), 1)
    columns["note"] = np.full(size, "seen in the outpatient clinic; " * 10)
    piece = path.with_suffix(".piece")
    pyarrow.csv.write_csv(pa.table(columns), piece)
    head, _, body = piece.read_bytes().partition(b"\n")
    times = max(1, round(megabytes * 1e6 / len(body)))
    with path.open("wb") as file:
        file.write(head + b"\n")
        for _repeat in range(times):
            file.write(body)
    piece.unlink()
    return times * size, len(study.tasks)


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="a tenth of the rows")
    parser.add_argument("--model", type=Path, help="a trained model; scores a large file")
    options = parser.parse_args()
    rows = ROWS // 10 if options.short else ROWS
    found: dict[str, Any] = {"rows": rows, "columns": COLUMNS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        begin = time.perf_counter()
        write_table(path, rows)
        found["written_s"] = round(time.perf_counter() - begin, 1)
        found["megabytes"] = round(path.stat().st_size / 1e6)
        for name, script in (
            ("pandas.read_csv", PANDAS),
            ("read_raw", READ),
            ("read_raw and clean", CLEAN),
            ("profile", PROFILE),
        ):
            found[name] = measure(script, str(path))
        path.unlink()
        if options.model is not None:
            found["score"] = score(Path(folder), options.model.resolve(), 100 if options.short else 1_000)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{rows:,} rows x {COLUMNS} columns, {found['megabytes']} MB")
    print(f"{'':>22}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}")
    for name in ("pandas.read_csv", "read_raw", "read_raw and clean", "profile"):
        row = found[name]
        print(f"{name:>22}{row['seconds']:>9.1f}{row['cpu_s']:>9.1f}{row['peak_mb']:>9,.0f}")
    if "score" in found:
        scored = found["score"]
        print(
            f"scoring {scored['megabytes']} MB, {scored['rows']:,} rows, {scored['tasks']} tasks: "
            f"{scored['seconds']:.1f} s ({scored['cpu_s']:.1f} s CPU), "
            f"{scored['rows_per_s_and_task']:,.0f} rows/s a task "
            f"({scored['rows_per_cpu_s_and_task']:,.0f} per CPU s), {scored['peak_mb']:,.0f} MB"
        )


def score(folder: Path, model: Path, megabytes: int) -> dict[str, float]:
    """Score a file of about that size with `python -m mtl predict`."""
    path = folder / "patients.csv"
    rows, tasks = write_patients(path, model, megabytes)
    taken = measure(SCORE, str(path), str(model), str(folder / "scores.parquet"))
    return {
        "megabytes": round(path.stat().st_size / 1e6), "rows": rows, "tasks": tasks, **taken,
        "rows_per_s_and_task": rows * tasks / taken["seconds"],
        "rows_per_cpu_s_and_task": rows * tasks / taken["cpu_s"],
    }  # fmt: skip


if __name__ == "__main__":
    main()

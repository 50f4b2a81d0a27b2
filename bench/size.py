"""What training costs in time and memory, against rows, features and tasks; each fit in a process of its own.

    python bench/size.py [--short] [--json] [--million] [--svg docs/images/cost.svg]

Simulated patients, tasks of all four kinds in turn. Memory is the peak of the whole process, the table included. Without
--million the largest table is left out; --short takes small tables only and draws nothing. What is promised is seconds by
the clock, on a machine that does nothing else; what is drawn is seconds of processor, which neighbours hardly change.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import MultiTaskModel, Study
from mtl.multitask import TableWarning

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("binary", "regression", "survival", "multiclass")


@dataclass(frozen=True)
class Size:
    """A table to train on, and how; `seconds` and `gigabytes` are what is promised."""

    rows: int
    features: int
    tasks: int
    effort: str = "quick"
    seconds: float | None = None
    gigabytes: float | None = None


@dataclass(frozen=True)
class Cost:
    """What training a size took: seconds by the clock, seconds of all processors together, and the peak of memory."""

    size: Size
    seconds: float
    gigabytes: float
    processor: float

    @property
    def held(self) -> bool:
        """Whether what is promised was kept."""
        return (self.size.seconds is None or self.seconds <= self.size.seconds) and (
            self.size.gigabytes is None or self.gigabytes <= self.size.gigabytes
        )


MILLION = Size(1_000_000, 20, 4, gigabytes=6.0)
PROMISED = (
    Size(3_000, 10, 6, seconds=15.0),
    Size(3_000, 10, 6, "thorough", seconds=180.0),
    Size(20_000, 30, 8, seconds=90.0),
)
SWEEPS = {
    "rows": [Size(n, 10, 4) for n in (1_000, 3_000, 10_000, 30_000)],
    "features": [Size(3_000, p, 4) for p in (5, 10, 20, 40)],
    "tasks": [Size(3_000, 10, t) for t in (1, 2, 4, 8)],
}
SHORT = (Size(500, 5, 2), Size(1_000, 5, 4))


def simulated(size: Size, seed: int = 0) -> tuple[Study, pd.DataFrame]:
    """A study of `size.tasks` tasks and its table; every task depends on a few of the features."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(size.rows, size.features))
    columns: dict[str, Any] = {f"x{j}": X[:, j] for j in range(size.features)}
    tasks = []
    for k in range(size.tasks):
        kind = KINDS[k % len(KINDS)]
        use = rng.choice(size.features, size=min(4, size.features), replace=False)
        signal = X[:, use] @ rng.normal(size=len(use)) + np.sin(2 * X[:, use[0]])
        noise = rng.normal(size=size.rows)
        task: dict[str, Any] = {"name": f"task{k}", "kind": kind, "role": "diagnosis", "stage": "now"}
        if kind == "survival":
            years = rng.exponential(size=size.rows) * np.exp(-0.5 * signal) * 5
            end = rng.uniform(1, 10, size.rows)
            columns[f"years{k}"], columns[f"event{k}"] = np.minimum(years, end), (years <= end).astype(float)
            task |= {"role": "prognosis", "time": f"years{k}", "event": f"event{k}", "time_unit": "years"}
            task["horizons"] = [1, 5]
        elif kind == "multiclass":
            columns[f"y{k}"] = np.digitize(signal + noise, [-1.0, 1.0]).astype(float)
            task |= {"target": f"y{k}", "classes": [0, 1, 2]}
        else:
            value = signal + noise
            columns[f"y{k}"] = (value > 0).astype(float) if kind == "binary" else value
            task |= {"target": f"y{k}"}
        tasks.append(task)
    entries = {
        "study": {"name": "simulated", "identifier": "id"},
        "stage": [{"name": "now"}],
        "feature": [{"name": f"x{j}", "kind": "numeric", "stage": "now"} for j in range(size.features)],
        "task": tasks,
    }
    return Study.from_dict(entries), pd.DataFrame({"id": np.arange(size.rows), **columns})


def train_here(size: Size, threads: int) -> dict[str, float]:
    """Train in this process: seconds of the fit by the clock and on processors, gigabytes at the peak."""
    warnings.simplefilter("ignore", TableWarning)
    study, table = simulated(size)
    begin, used = time.perf_counter(), time.process_time()
    MultiTaskModel(study, size.effort, threads=threads).fit(table)
    seconds, processor = time.perf_counter() - begin, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # kilobytes on Linux
    return {"seconds": seconds, "gigabytes": peak / 1e9, "processor": processor}


def measure(size: Size, threads: int) -> Cost:
    """Train in a process of its own, so that its peak is its own."""
    given = json.dumps({"size": asdict(size), "threads": threads})
    command = [sys.executable, __file__, "--child", given]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if ended.returncode:
        raise RuntimeError(f"{size} ended with {ended.returncode}: {ended.stderr[-500:]}")
    return Cost(size, **json.loads(ended.stdout))


def table_of(costs: list[Cost]) -> str:
    """A Markdown table."""
    lines = [
        "| rows | features | tasks | effort | seconds | processor seconds | GB | promised | held |",
        "|---:|---:|---:|---|---:|---:|---:|---|---|",
    ]
    for cost in costs:
        size = cost.size
        promised = [f"{size.seconds:g} s"] if size.seconds else []
        promised += [f"{size.gigabytes:g} GB"] if size.gigabytes else []
        held = ("yes" if cost.held else "**no**") if promised else ""
        lines.append(
            f"| {size.rows:,} | {size.features} | {size.tasks} | {size.effort} | {cost.seconds:.1f} | "
            f"{cost.processor:.1f} | {cost.gigabytes:.2f} | {', '.join(promised)} | {held} |"
        )
    return "\n".join(lines)


# Drawing ------------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 860, 300, 62, 52, 58
STYLE = """
text{font:13px system-ui,sans-serif;fill:#1f2937} .soft{fill:#6b7280} .title{font-weight:600}
.axis,.grid{stroke:#d1d5db;stroke-width:1} .grid{stroke-dasharray:2 3}
.line{fill:none;stroke:#2563a8;stroke-width:2} .dot{fill:#2563a8}
@media (prefers-color-scheme:dark){text{fill:#e5e7eb}.soft{fill:#9ca3af}.axis,.grid{stroke:#4b5563}
.line{stroke:#7db3e8}.dot{fill:#7db3e8}}
"""


def _short(number: float) -> str:
    return f"{number / 1000:g}k" if number >= 1000 else f"{number:g}"


def drawing(sweeps: dict[str, list[Cost]]) -> str:
    """Processor seconds against rows, features and tasks, both axes logarithmic, as SVG."""
    seconds = [cost.processor for costs in sweeps.values() for cost in costs]
    low, high = np.floor(np.log10(min(seconds))), np.ceil(np.log10(max(seconds)))
    ticks = [s for e in range(int(low), int(high) + 1) for s in (10.0**e, 3 * 10.0**e) if s <= 10.0**high]
    wide = (WIDTH - LEFT - 20) / len(sweeps)
    tall = HEIGHT - TOP - BOTTOM

    def height(s: float) -> float:
        return float(TOP + tall * (1 - (np.log10(s) - low) / (high - low)))

    text = "; ".join(
        f"{name}: " + ", ".join(f"{_short(getattr(c.size, name))} {c.processor:.1f} s" for c in costs)
        for name, costs in sweeps.items()
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img">',
        f"<title>Processor seconds to train, quick effort</title><desc>{text}</desc><style>{STYLE}</style>",
        f'<text x="{LEFT}" y="22" class="title">Processor seconds to train, quick effort</text>',
        f'<text x="{LEFT}" y="40" class="soft">otherwise 3,000 rows, 10 features, 4 tasks</text>',
    ]
    for panel, (name, costs) in enumerate(sweeps.items()):
        left, right = LEFT + panel * wide + 8, LEFT + (panel + 1) * wide - 24
        values = [float(getattr(cost.size, name)) for cost in costs]
        first, last = np.log(values[0]), np.log(values[-1])

        def across(value: float, left=left, right=right, first=first, last=last) -> float:
            return float(left + 18 + (right - left - 36) * (np.log(value) - first) / (last - first))

        for tick in ticks:
            y = height(tick)
            parts.append(f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
            if panel == 0:
                parts.append(
                    f'<text x="{left - 10:.1f}" y="{y + 4:.1f}" text-anchor="end" class="soft">{tick:g}</text>'
                )
        points = [(across(v), height(c.processor)) for v, c in zip(values, costs, strict=True)]
        parts.append(f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
        for (x, y), value, cost in zip(points, values, costs, strict=True):
            parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>')
            parts.append(
                f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{cost.processor:.1f}</text>'
            )
            base = HEIGHT - BOTTOM + 18
            parts.append(
                f'<text x="{x:.1f}" y="{base}" text-anchor="middle" class="soft">{_short(value)}</text>'
            )
        middle = (left + right) / 2
        parts.append(f'<text x="{middle:.1f}" y="{HEIGHT - 14}" text-anchor="middle">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> int:
    """Print a table, or one JSON object; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="small tables only")
    parser.add_argument("--million", action="store_true", help="1,000,000 rows too")
    parser.add_argument("--svg", type=Path, default=ROOT / "docs" / "images" / "cost.svg")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        given = json.loads(options.child)
        print(json.dumps(train_here(Size(**given["size"]), given["threads"])))
        return 0
    sizes = SHORT if options.short else (*PROMISED, *((MILLION,) if options.million else ()))
    costs = [measure(size, options.threads) for size in sizes]
    if not options.short:
        known: dict[Size, Cost] = {}
        for size in (s for sweep in SWEEPS.values() for s in sweep):
            if size not in known:
                known[size] = measure(size, options.threads)
        sweeps = {name: [known[size] for size in sweep] for name, sweep in SWEEPS.items()}
        options.svg.parent.mkdir(parents=True, exist_ok=True)
        options.svg.write_text(drawing(sweeps))
        costs += known.values()
    held = all(cost.held for cost in costs)
    if options.json:
        print(json.dumps({"size": [asdict(cost) | {"held": cost.held} for cost in costs], "held": held}))
    else:
        print(table_of(costs))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

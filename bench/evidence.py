"""How long the job takes that gathers a part of the evidence: wall, and processor seconds of worker and processes.

    python bench/evidence.py [--sample rotterdam] [--effort thorough] [--json] [PART ...]

In a home of its own, with a model that is trained first; each part as the app's worker does it. Parts that are left out:
accuracy and transfer, the metrics and the audit of every training.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import MultiTaskModel, load_sample
from mtl.jobs.evidence import PARTS, gather
from mtl.jobs.executor import executor
from mtl.jobs.worker import KINDNESS
from mtl.store import cohorts, database, evidence, models
from mtl.store.home import ENVIRONMENT

METRICS_AND_AUDIT = ("accuracy", "transfer")


@dataclass(frozen=True)
class Result:
    """Seconds of one part."""

    part: str
    wall_s: float
    worker_cpu_s: float
    processes_cpu_s: float


def quiet(stage: str, share: float) -> None:
    """Progress, to nobody."""


def cpu(who: int) -> float:
    """Processor seconds."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def trained(sample: str, effort: str) -> str:
    """The key of a model of a sample, trained and registered with its cohort."""
    study, table = load_sample(sample)
    cohort = cohorts.register(sample, sample, study, table, sample=True)
    with executor() as pool:
        model = MultiTaskModel(study, effort).fit(cohort.table(), quiet, pool)
    return models.register_trained(f"{sample}-bench", sample, model, cohort, cohort.table()).key


def measure(part: str, sample: str, key: str) -> Result:
    """Gather a part."""
    begin = time.perf_counter()
    before = cpu(resource.RUSAGE_SELF), cpu(resource.RUSAGE_CHILDREN)
    gather({"part": part, "cohort": sample, "model": key}, quiet)
    found = evidence.find(models.get(key), cohorts.get(sample), part, PARTS[part].version)
    if found is None:
        raise RuntimeError(f"{part} was not kept")
    return Result(
        part,
        time.perf_counter() - begin,
        cpu(resource.RUSAGE_SELF) - before[0],
        cpu(resource.RUSAGE_CHILDREN) - before[1],
    )


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", metavar="PART", nargs="*", default=METRICS_AND_AUDIT, help=", ".join(PARTS))
    parser.add_argument("--sample", default="rotterdam")
    parser.add_argument("--effort", choices=("quick", "thorough"), default="quick")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as home:
        os.environ[ENVIRONMENT] = home
        key = trained(options.sample, options.effort)
        os.nice(KINDNESS)
        results = [measure(part, options.sample, key) for part in options.parts]
        database.close()
    if options.json:
        print(
            json.dumps(
                {"sample": options.sample, "effort": options.effort, "parts": list(map(asdict, results))}
            )
        )
        return
    print(f"{options.sample}, {options.effort}, {os.cpu_count()} cores; seconds")
    print(f"{'part':<16}{'wall':>8}{'worker CPU':>12}{'processes CPU':>15}")
    for one in results:
        print(f"{one.part:<16}{one.wall_s:>8.1f}{one.worker_cpu_s:>12.1f}{one.processes_cpu_s:>15.1f}")
    print(f"{'together':<16}{sum(one.wall_s for one in results):>8.1f}")


if __name__ == "__main__":
    main()

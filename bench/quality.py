"""Quality beside the baseline that counts: a tuned LightGBM a task; and beside other multi-output learners.

    python bench/quality.py [--short] [--sets rotterdam,colon] [--methods quick,lightgbm] [--jobs 2]
                            [--out FILE.md] [--json FILE.json] [--work FOLDER] [--folds 5] [--draws 1] [--no-scarce]
                            [--finished]

Five outer folds, the same for everybody; everything is chosen inside the training part: rounds, penalties, tree shapes,
blend weights. Scores are AUC, macro AUC, R2 or Harrell's C on the held-out patients, survival as treated: where a trial
gives the effect of a treatment (hormone therapy in Rotterdam), ours and the baseline carry the same offset while
fitting and predicting. Intervals are Nadeau and Bengio's over the folds. Finished cells are kept in the --work folder,
so an interrupted run goes on where it stopped; a change of the code that computes a cell, or of its data, computes it
again. With --finished nothing is computed: what --work holds is printed, without the methods that lack a fold of a set.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.comparison.cells import FOLDS, METHODS, SCARCE, SCARCE_METHODS, Cache, Cell, run
from bench.comparison.data import BASELINE_ONLY, COHORTS
from bench.comparison.report import as_json, markdown
from bench.comparison.summary import Findings

SHORT_SETS, SHORT_METHODS, SHORT_FOLDS = ("rotterdam", "colon"), ("lightgbm", "quick"), 2


def cells(options: argparse.Namespace) -> list[Cell]:
    """The cells of a run."""
    folds = range(SHORT_FOLDS if options.short else options.folds)
    found = [
        Cell(name, fold, method, short=options.short)
        for name in options.sets
        for fold in folds
        for method in options.methods
        if method == "lightgbm" or name not in BASELINE_ONLY
    ]
    if options.no_scarce:
        return found
    targets = [target for target in SCARCE if target.cohort in options.sets]
    if options.short:
        targets = targets[-1:]
    return found + [
        Cell(target.cohort, fold, method, target.task, target.share, draw, options.short)
        for target in targets
        for draw in range(options.draws)
        for fold in folds
        for method in options.methods
        if method in SCARCE_METHODS
    ]


def finished(wanted: list[Cell], cache: Cache) -> list[Cell]:
    """The cells of those methods that have every fold and draw of a set, or of a scarce target."""

    def whole(cell: Cell) -> tuple[str, str, str]:
        return cell.cohort, cell.target, cell.method

    lacking = {whole(cell) for cell in wanted if cell.key not in cache.known}
    return [cell for cell in wanted if whole(cell) not in lacking]


def _names(known: tuple[str, ...]):
    def read(text: str) -> tuple[str, ...]:
        chosen = tuple(text.split(","))
        unknown = sorted(set(chosen) - set(known))
        if unknown:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(known)}")
        return chosen

    return read


def main() -> int:
    """Run, print, write; 1 when a claim does not hold in a full run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="2 folds, 2 sets, a small grid, no peers")
    parser.add_argument("--sets", type=_names(tuple(COHORTS)), help=", ".join(COHORTS))
    parser.add_argument("--methods", type=_names(tuple(METHODS)), help=", ".join(METHODS))
    parser.add_argument("--jobs", type=int, default=1, help="cells at a time, each on one thread")
    parser.add_argument("--folds", type=int, default=FOLDS, help="the first of the five outer folds")
    parser.add_argument("--draws", type=int, default=1, help="draws of the scarce labels a fold")
    parser.add_argument("--no-scarce", action="store_true", help="without the tasks of few labels")
    parser.add_argument("--work", type=Path, help="folder of what is already computed")
    parser.add_argument("--finished", action="store_true", help="print what --work holds, compute nothing")
    parser.add_argument("--out", type=Path, help="Markdown file; printed in any case")
    parser.add_argument("--json", type=Path, help="JSON file, fold by fold")
    options = parser.parse_args()
    options.sets = options.sets or (SHORT_SETS if options.short else tuple(COHORTS))
    options.methods = options.methods or (SHORT_METHODS if options.short else tuple(METHODS))
    wanted, cache = cells(options), Cache(options.work)
    if options.finished:
        wanted = finished(wanted, cache)
    findings = Findings.of(run(wanted, cache, options.jobs))
    folds = (
        f"{SHORT_FOLDS} of {FOLDS} folds, small grid"
        if options.short
        else f"{options.folds} of {FOLDS} folds"
    )
    text = markdown(findings, f"{folds}; everything chosen inside; printed by `python bench/quality.py`.")
    print(text)
    if options.out:
        options.out.write_text(text)
    if options.json:
        options.json.write_text(json.dumps(as_json(findings), indent=1))
    return 0 if options.short or all(claim["held"] for claim in findings.claims()) else 1


if __name__ == "__main__":
    sys.exit(main())

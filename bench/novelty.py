"""Who is flagged as unlike the training patients: held-out ones, and ones whose columns were shuffled independently.

    python bench/novelty.py [--json] [--short]

Each sample cohort, five folds: fitted on four, asked about the fifth. The promise: 1-5 % of held-out patients, at least
90 % of shuffled ones, pooled over the folds. Beside it a peer, extremely randomised trees (scikit-learn) between real and
shuffled training patients, with the limit that flags as many held-out patients as ours, known with hindsight: where
findings hardly go together, shuffled patients look like real ones and nobody can flag 90 % of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import MultiTaskModel, Study, load_sample
from mtl.data.encode import encode
from mtl.data.split import folds
from mtl.data.targets import targets
from mtl.multitask import TableWarning

COHORTS = ("rotterdam", "cytology", "pbc")
HELD_OUT, SHUFFLED, FOLDS = (0.01, 0.05), 0.90, 5
FAR, SHUFFLES = (
    -1e6,
    5,
)  # what stands for a missing value in the peer, and how often it shuffles the training table


@dataclass(frozen=True)
class Result:
    """Shares flagged of one cohort."""

    cohort: str
    patients: int
    held_out: float
    shuffled: float
    peer: float

    @property
    def held(self) -> bool:
        """Whether both promises hold."""
        return HELD_OUT[0] <= self.held_out <= HELD_OUT[1] and self.shuffled >= SHUFFLED


def shuffled(study: Study, table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every feature's column permuted on its own."""
    return table.assign(**{f.name: rng.permutation(table[f.name].to_numpy()) for f in study.features})


def peer_scores(
    study: Study, training: pd.DataFrame, tables: list[pd.DataFrame], rng: np.random.Generator
) -> list[np.ndarray]:
    """How much each row of some tables looks like a training patient, by scikit-learn's trees."""
    real, *asked = (np.nan_to_num(encode(study, table).X, nan=FAR) for table in (training, *tables))
    mixed = np.concatenate([np.column_stack([rng.permutation(c) for c in real.T]) for _ in range(SHUFFLES)])
    weight = np.repeat([SHUFFLES, 1.0], [len(real), len(mixed)])
    trees = ExtraTreesClassifier(300, min_samples_leaf=3, random_state=0)
    trees.fit(np.concatenate([real, mixed]), np.repeat([1, 0], [len(real), len(mixed)]), weight)
    return [trees.predict_proba(X)[:, 1] for X in asked]


def measure(name: str, n_folds: int) -> Result:
    """Flag rates over the first `n_folds` of five folds."""
    study, table = load_sample(name)
    fold = folds(targets(study, table), FOLDS, 0)
    rng = np.random.default_rng(0)
    real, mixed, peer = [], [], []
    for f in range(n_folds):
        model = MultiTaskModel(study, random_state=f, threads=1).fit(table[fold != f])
        unseen = table[fold == f]
        real.append(model.novel(unseen))
        other = shuffled(study, unseen, rng)
        mixed.append(model.novel(other))
        peer.append(peer_scores(study, table[fold != f], [unseen, other], rng))
    share, caught = float(np.concatenate(real).mean()), float(np.concatenate(mixed).mean())
    theirs, strange = (np.concatenate([scores[which] for scores in peer]) for which in (0, 1))
    limit = np.quantile(theirs, share)
    return Result(name, len(theirs), share, caught, float((strange < limit).mean()))


def main() -> int:
    """Print a table, or one JSON object; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="one fold")
    options = parser.parse_args()
    warnings.simplefilter("ignore", TableWarning)
    results = [measure(name, 1 if options.short else FOLDS) for name in COHORTS]
    held = all(result.held for result in results)
    if options.json:
        print(json.dumps({"novelty": [asdict(r) | {"held": r.held} for r in results], "held": held}))
    else:
        print(f"{'':<12}{'patients':>9}{'held out':>10}{'shuffled':>10}{'peer':>8}  held")
        for r in results:
            print(
                f"{r.cohort:<12}{r.patients:>9,}{r.held_out:>10.1%}{r.shuffled:>10.1%}{r.peer:>8.1%}  {r.held}"
            )
        print(
            f"held out within {HELD_OUT[0]:.0%}-{HELD_OUT[1]:.0%}, shuffled at least {SHUFFLED:.0%}: {held}"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

"""Writes a model of the present schema for the test that later versions still read it.

    python tools/save_fixture.py tests/model/saved/schema_N

Run once a schema; what it wrote is never changed again.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import synthetic

from mtl import MultiTaskModel
from mtl.model.grow import TreeConfig
from mtl.model.train import EFFORTS, Effort

ROWS = 20


def main() -> None:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    EFFORTS["tiny"] = Effort((TreeConfig(max_rounds=4, learning_rate=0.5, leaves=4),))
    table = synthetic.table(240, seed=5)
    model = (
        MultiTaskModel(synthetic.study(), "tiny", background=10, threads=1).fit(table).fit_intervals(table, 2)
    )
    model.training_["effort"] = "quick"
    model.save(folder / "model")
    rows = table.iloc[:ROWS]
    rows.to_csv(folder / "patients.csv", index=False)
    model.predict(rows).to_csv(folder / "predictions.csv", index=False)


if __name__ == "__main__":
    main()

"""Fitting everything: honest margins, the task's own base, determinism, progress that can end it."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest

from mtl import MultiTaskModel
from mtl.data.encode import encode
from mtl.evaluate import evaluate_task
from mtl.model.files import predictor_files
from tests import synthetic


def test_out_of_fold_margins_are_those_of_the_folds_predictors() -> None:
    study, table, model = synthetic.fitted()
    trained, X = model.trained_, encode(study, table).X
    for name, fit in trained.fits.items():
        task = next(t for t in model.predictor_.tasks if t.name == name)
        rows = np.flatnonzero(_labelled(study, table, name))
        for fold, predictor in enumerate(trained.fold_predictors):
            here = trained.fold[rows] == fold
            found = predictor.margins(X[rows[here]], (name,))[name]
            if task.kind == "regression":
                found = (found - found.mean()) / task.scale
                wanted = fit.margin[here] - fit.margin[here].mean()
            else:
                wanted = fit.margin[here]
            np.testing.assert_allclose(found, wanted, atol=1e-9)


def _labelled(study, table, name):
    from mtl.data.targets import targets

    return targets(study, table, [name])[name].labelled


def test_out_of_fold_is_worse_than_in_sample_and_better_than_nothing() -> None:
    _study, table, model = synthetic.fitted()
    y = table["late"].to_numpy() > 0.3
    rows = np.flatnonzero(table["late"].notna())
    honest = evaluate_task(
        "binary", y[rows].astype(float), _expit(model.out_of_fold_["ill"].margin[:, 0]), intervals=False
    )
    seen = evaluate_task(
        "binary", y[rows].astype(float), model.predict(table)["ill"].to_numpy()[rows], intervals=False
    )
    assert 0.65 < honest["auroc"].value < seen["auroc"].value
    assert abs(honest["calibration_intercept"].value) < 0.05
    assert 0.8 < honest["calibration_slope"].value < 1.2


def _expit(margin: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-margin))


def test_labels_missing_not_at_random_leave_the_base_the_tasks_own() -> None:
    table = synthetic.table(400, missing=0, unlabelled=0)
    table.loc[table["x0"] > 0, "dose"] = None  # the amount is known for low x0 only
    model = MultiTaskModel(synthetic.study(), "brief", background=1000, threads=1).fit(table)
    labelled = table[table["dose"].notna()]
    found = model.explain(table, "amount")
    assert found.base == pytest.approx(model.margin(labelled, "amount").mean(), abs=1e-9)
    assert abs(found.base - labelled["dose"].mean()) < 1.5
    assert model.explain(table, "ill").base == pytest.approx(model.margin(table, "ill").mean(), abs=1e-9)


@pytest.fixture(scope="module")
def small():
    return synthetic.table(160, seed=3)


def test_any_number_of_threads_gives_the_same_bits(small) -> None:
    study = synthetic.study()
    one, two = (MultiTaskModel(study, "brief", background=50, threads=t).fit(small) for t in (1, 2))
    assert one.files() == two.files()
    for a, b in zip(one.trained_.fold_predictors, two.trained_.fold_predictors, strict=True):
        assert predictor_files(a) == predictor_files(b)
    assert one.predict(small).equals(two.predict(small))
    script = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "import synthetic\nfrom mtl import MultiTaskModel\n"
        "t = synthetic.table(160, seed=3)\n"
        "m = MultiTaskModel(synthetic.study(), 'brief', background=50, threads=2).fit(t)\n"
        "p = m.predict(t).to_numpy().tobytes()\n"
        "e = m.explain(t, 'kind').values.tobytes()\n"
        "import hashlib; print(m.version_, hashlib.sha256(p + e).hexdigest())\n"
    )
    import hashlib
    import os
    from pathlib import Path

    tests = Path(__file__).resolve().parents[1]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tests), str(tests.parent)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = hashlib.sha256(
        one.predict(small).to_numpy().tobytes() + one.explain(small, "kind").values.tobytes()
    )
    assert answer.stdout.split() == [one.version_, wanted.hexdigest()]


def test_another_seed_is_another_model(small) -> None:
    study = synthetic.study()
    a = MultiTaskModel(study, "brief", random_state=1, background=50, threads=1).fit(small)
    b = MultiTaskModel(study, "brief", random_state=2, background=50, threads=1).fit(small)
    assert a.version_ != b.version_
    assert np.corrcoef(a.margin(small, "amount"), b.margin(small, "amount"))[0, 1] > 0.9


class Enough(Exception):  # noqa: N818
    """Somebody pressed cancel."""


def test_progress_grows_to_one_and_can_end_the_training(small) -> None:
    shares: list[float] = []
    MultiTaskModel(synthetic.study(), "brief", threads=1).fit(small, lambda what, share: shares.append(share))
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 20

    def cancel(what: str, share: float) -> None:
        if share > 0.2:
            raise Enough

    with pytest.raises(Enough):
        MultiTaskModel(synthetic.study(), "brief", threads=2).fit(small, cancel)


def test_no_warning_reaches_the_user(small) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MultiTaskModel(synthetic.study(), "brief", threads=1).fit(small.head(60))

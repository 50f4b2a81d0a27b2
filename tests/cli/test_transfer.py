"""`transfer`: the audit at the command line, of the training's own table only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import synthetic

from .conftest import Call
from .test_docs import EXAMPLES, same_shape


@pytest.fixture(scope="module")
def trained_briefly(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model's folder and the table of its training."""
    folder = tmp_path_factory.mktemp("brief")
    _study, table, model = synthetic.brief()
    model.save(folder / "model")
    table.to_csv(folder / "table.csv", index=False)
    return folder / "model", folder / "table.csv"


def test_it_says_what_it_measured(mtl: Call, trained_briefly: tuple[Path, Path]) -> None:
    model, table = trained_briefly
    call = ("transfer", model, table, "--plain", "--task", "death", "--permutations", "1")
    found = mtl(*call, "--json").json
    assert list(found["tasks"]) == ["death"] and found["permutations"] == 1
    example = EXAMPLES["transfer"]
    named = {**example, "tasks": {"death": example["tasks"]["death_or_transplant"]}}
    same_shape(named, found, "transfer")
    words = mtl(*call)
    assert words.code == 0 and "linear + own trees" in words.out
    value = found["tasks"]["death"]["scores"]["blend"]["metric"]
    assert f"{value:.3f}" in words.out  # the same numbers, in print


def test_other_tables_and_tasks_are_refused(
    mtl: Call, trained_briefly: tuple[Path, Path], tmp_path: Path
) -> None:
    model, table = trained_briefly
    synthetic.table(100).to_csv(tmp_path / "other.csv", index=False)
    assert "not the table of the training" in mtl("transfer", model, tmp_path / "other.csv", "--plain").failed
    assert "no task 'x'" in mtl("transfer", model, table, "--plain", "--task", "x").failed
    assert mtl("transfer", model, table, "--permutations", "0").code == 2

"""The hospital export that nobody tidied: what cleaning leaves is the truth that the recipe wrote, and the log is golden."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from mtl.tables import Answers, RawTable, clean, read_raw

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "messy_clinic_log.csv"
SAID = Answers(sentinels={"年龄": ("999",), "阳性淋巴结数": ("99",)})


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    path = ROOT / "sample_data" / "recipes" / "messy_clinic.py"
    spec = importlib.util.spec_from_file_location("messy_clinic_recipe", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=["csv", "xlsx"])
def raw(request: pytest.FixtureRequest) -> RawTable:
    return read_raw(ROOT / "sample_data" / f"messy_clinic.{request.param}")


def test_it_is_found_to_be_what_it_is(raw: RawTable, recipe: ModuleType) -> None:
    assert [column.name for column in raw.columns] == [name for _group, _heading, name in recipe.COLUMNS]
    assert raw.columns[1].heading == "基本信息 / 年龄(岁)"
    assert raw.origin.decimal == "," and raw.origin.header_lines == 2
    if raw.origin.format == "delimited":
        assert (raw.origin.encoding, raw.origin.delimiter) == ("gb18030", ";")
        assert [(refused.line, refused.kind) for refused in raw.refused] == [
            (35, "too_few_cells"), (49, "too_few_cells"), (386, "too_few_cells"), (478, "no_value"),
        ]  # fmt: skip
    else:
        assert raw.origin.sheets == ("病例", "说明") and not raw.refused


def test_the_codes_for_unknown_are_proposed(raw: RawTable) -> None:
    assert [(q.column, q.kind, q.proposals[0]) for q in clean(raw).questions] == [
        ("年龄", "sentinel", "999"), ("阳性淋巴结数", "sentinel", "99"),
    ]  # fmt: skip


def test_cleaning_finds_the_truth(raw: RawTable, recipe: ModuleType) -> None:
    truth = recipe.messy_clinic().truth
    cleaned = clean(raw, SAID)
    assert not cleaned.questions and len(cleaned.table) == len(truth) == recipe.ROWS
    limited = cleaned.flags.query("column == 'CEA'")
    assert set(limited["sign"]) == {"<"} and (truth["CEA"].iloc[limited["row"] - 1] < 0.5).all()
    for name in truth.columns:
        found, wanted = cleaned.table[name], truth[name]
        if name == "CEA":
            wanted = wanted.clip(lower=0.5)
        if name == "备注":
            found = found.str.replace(" 复核；已归档", "").fillna("")
        if name == "组织学分级":
            found = found.str.removesuffix("级")
        assert found.isna().tolist() == wanted.isna().tolist(), name
        known = wanted.notna().to_numpy()
        if pd.api.types.is_numeric_dtype(found) and not pd.api.types.is_bool_dtype(found):
            values = found[known].to_numpy(dtype=float)
            np.testing.assert_allclose(
                values, wanted[known].to_numpy(dtype=float), atol=0.051 if name == "白蛋白" else 1e-9
            )
        else:
            assert found[known].tolist() == wanted[known].tolist(), name


def test_the_log_is_the_golden_one() -> None:
    log = clean(read_raw(ROOT / "sample_data" / "messy_clinic.csv"), SAID).log
    golden = pd.read_csv(GOLDEN, dtype={"before": str, "after": str}, keep_default_na=False)
    pd.testing.assert_frame_equal(log.reset_index(drop=True), golden, check_dtype=False)

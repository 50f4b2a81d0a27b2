"""`predict`: the model's own numbers whatever the chunk, files that spreadsheets do not run, one JSON case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mtl import MultiTaskModel, load_sample
from mtl.commands import partitions, tables
from mtl.commands.models import Opened
from mtl.commands.safe_file import predictions_file, safe_text
from mtl.commands.tables import Chunks
from mtl.data import read_table
from mtl.multitask import TableWarning

from .conftest import CYTOLOGY, PBC, Call

EXACT = {"rtol": 0, "atol": 0}


def loaded(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype={"id": "string"}, float_precision="round_trip")
    return pd.read_parquet(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_numbers_are_the_models(mtl: Call, pbc: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"p.{ending}"
    answer = mtl("predict", pbc, PBC / "cohort.csv", "--out", out, "--json").json
    with pytest.warns(TableWarning, match="'trt'"):
        expected = MultiTaskModel.load(pbc).predict(read_table(PBC / "cohort.csv"))
    found = loaded(out)
    assert list(found.columns) == ["id", *expected.columns]
    assert found["id"].tolist() == [str(n) for n in range(1, 419)]
    np.testing.assert_allclose(found[expected.columns].to_numpy(), expected.to_numpy(), **EXACT)
    assert answer["rows"] == 418
    assert [w for w in answer["warnings"] if "'trt'" in w] == answer["warnings"]
    assert [c for task in answer["tasks"].values() for c in task["columns"]] == list(expected.columns)
    assert sorted(p.name for p in tmp_path.iterdir()) == [out.name]


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
@pytest.mark.parametrize("rows", [1, 7, 100])
def test_chunked_is_whole(
    mtl: Call, pbc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, rows: int
) -> None:
    """Numbers, truths and words mixed so that each chunk alone would be read as another type than the column."""
    rng = np.random.default_rng(rows)
    table = pd.read_csv(PBC / "cohort.csv", dtype=str).head(40)
    table["bili"] = [repr(float(x)) for x in rng.gamma(1.0, 2.0, 40)]
    table.loc[33, "bili"] = "high"
    table["albumin"] = [repr(float(x)) for x in rng.normal(3.5, 0.4, 40)]
    table.loc[5:11, "chol"] = None
    table["ascites"] = ["True", "False", None, "False"] * 10
    table["spiders"] = ["yes", "0", "1", None] * 10
    table["id"] = [f"{n:03d}" for n in range(40)]
    path = tmp_path / f"t.{ending}"
    if ending == "parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False, sep="," if ending == "csv" else "\t")
    with pytest.warns(TableWarning):
        expected = MultiTaskModel.load(pbc).predict(read_table(path))
    monkeypatch.setattr(tables, "CHUNK_ROWS", rows)
    result = mtl("predict", pbc, path, "--out", tmp_path / "p.parquet")
    assert result.code == 0, result.err
    found = loaded(tmp_path / "p.parquet")
    np.testing.assert_allclose(found[expected.columns].to_numpy(), expected.to_numpy(), **EXACT)
    assert found["id"].tolist() == table["id"].tolist()
    assert [w for w in result.warned if "bili" in w] == [
        "column 'bili': 1 values are not numbers and count as missing, for instance 'high'"
    ]


def test_only_a_chunk_is_in_memory(
    mtl: Call, cytology: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = []
    score = partitions.score

    def watched(opened: Opened, chunk: pd.DataFrame, *rest: Any) -> partitions.Scored:
        lengths.append(len(chunk))
        return score(opened, chunk, *rest)

    monkeypatch.setattr(partitions, "score", watched)
    monkeypatch.setattr(tables, "CHUNK_ROWS", 50)
    assert mtl("predict", cytology, CYTOLOGY / "test.csv", "--out", tmp_path / "p.csv").code == 0
    assert lengths == [50, 50, 43]


def test_what_a_table_lacks_is_said_once(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    table = pd.read_csv(CYTOLOGY / "test.csv").drop(columns=["id", "mean_area"])
    table.to_csv(tmp_path / "t.csv", index=False)
    result = mtl("predict", cytology, tmp_path / "t.csv", "--out", tmp_path / "p.csv")
    assert result.warned == [
        "no column 'id', the study's identifier: rows are numbered from 1",
        "column 'mean_area' is not in the table; it counts as missing for every row",
    ]
    assert loaded(tmp_path / "p.csv")["id"].tolist()[:2] == ["1", "2"]


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\tx",
    "\r=1",
    'a"b',
    "x,y",
    "line\nbreak",
    "-5",
    "7",
]


def test_no_text_cell_is_a_formula(tmp_path: Path) -> None:
    numbers = pd.DataFrame({"=task": np.linspace(-1, 1, len(HOSTILE))})
    with predictions_file(tmp_path / "p.csv", "@id") as file:
        file.write(np.array(HOSTILE, dtype=object), numbers)
    found = pd.read_csv(
        tmp_path / "p.csv", dtype={"'@id": str}, keep_default_na=False, float_precision="round_trip"
    )
    assert list(found.columns) == ["'@id", "'=task"]
    assert found["'@id"].tolist() == [("'" + t if t[0] in "=+-@\t\r" and t != "-5" else t) for t in HOSTILE]
    np.testing.assert_array_equal(found["'=task"], numbers["=task"])


def test_hostile_identifiers_go_through(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    table = pd.read_csv(CYTOLOGY / "test.csv").head(len(HOSTILE)).assign(id=HOSTILE)
    table.to_parquet(tmp_path / "t.parquet", index=False)
    assert mtl("predict", cytology, tmp_path / "t.parquet", "--out", tmp_path / "p.csv").code == 0
    found = pd.read_csv(tmp_path / "p.csv", dtype=str)
    assert found["id"].tolist() == [safe_text(text.strip()) for text in HOSTILE]


def test_a_table_of_something_else_is_refused(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    other, out = tmp_path / "other.csv", tmp_path / "p.csv"
    other.write_text("a,b\n1,2\n")
    assert "no column of the study is in the table" in mtl("predict", cytology, other, "--out", out).failed
    assert not out.exists()


def test_a_broken_table_leaves_no_file(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "t.csv", tmp_path / "p.csv"
    path.write_text((CYTOLOGY / "test.csv").read_text() + "1,2," * 40 + "\n")
    assert "give every row as many cells" in mtl("predict", cytology, path, "--out", out).failed
    path.write_bytes((CYTOLOGY / "test.csv").read_bytes() + b"\xff\xfe,1\n")
    assert "not UTF-8" in mtl("predict", cytology, path, "--out", out).failed
    path.write_text("id,mean_area\n")
    assert "no rows" in mtl("predict", cytology, path, "--out", out).failed
    path.write_text("")
    assert "no header" in mtl("predict", cytology, path, "--out", out).failed
    path.write_text("id,id\n1,2\n")
    assert "occurs twice" in mtl("predict", cytology, path, "--out", out).failed
    (tmp_path / "t.parquet").write_text("PAR1 but not really")
    assert "Parquet" in mtl("predict", cytology, tmp_path / "t.parquet", "--out", out).failed
    assert "unknown type" in mtl("predict", cytology, tmp_path, "--out", out).failed
    assert not out.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.csv", "t.parquet"]


def test_an_interrupted_file_is_gone(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), predictions_file(tmp_path / "p.csv", "id") as file:
        file.write(np.array(["1"], dtype=object), pd.DataFrame({"a": [0.5]}))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_out_is_refused(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes((CYTOLOGY / "test.csv").read_bytes())
    before = path.read_bytes()
    assert "the table itself" in mtl("predict", cytology, path, "--out", path).failed
    assert path.read_bytes() == before
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in mtl("predict", cytology, path, "--out", tmp_path / "folder.csv").failed
    assert "No such file" in mtl("predict", cytology, path, "--out", tmp_path / "no" / "p.csv").failed
    assert mtl("predict", cytology, path, "--out", tmp_path / "p.xlsx").code == 2
    assert mtl("predict", cytology, path).code == 2


# One case ------------------------------------------------------------------------------------------------------------


def test_a_case_is_its_row(mtl: Call, pbc: Path) -> None:
    table = read_table(PBC / "cohort.csv")
    with pytest.warns(TableWarning, match="'trt'"):
        predicted = MultiTaskModel.load(pbc).predict(table)
    for row in (0, 4, 400):
        case = {
            name: None if pd.isna(v) else v
            for name, v in json.loads(table.iloc[[row]].to_json(orient="records"))[0].items()
        }
        answer = mtl("predict", pbc, "-", "--json", stdin=json.dumps(case).encode()).json
        for task in answer["tasks"].values():
            for column, value in task["values"].items():
                assert value["value"] == pytest.approx(predicted[column].iloc[row], abs=1e-12)


def test_an_empty_case_is_the_reference(mtl: Call, cytology: Path) -> None:
    result = mtl("predict", cytology, "-", "--json", stdin=b"{}")
    assert (result.json["known"], result.json["of"]) == (0, 30)
    assert result.warned == []
    assert mtl("predict", cytology, "-", stdin=b'{"mean_area": null}').out.startswith("Malignant [malignant]")


def test_a_column_nobody_knows_is_said(mtl: Call, cytology: Path) -> None:
    assert mtl("predict", cytology, "-", stdin=b'{"Mean_area": 3}').warned == [
        "the study does not know 'Mean_area': not used"
    ]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (b"", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"mean_area": [1]}', "'mean_area'"),
        (b'{"mean_area": NaN}', "NaN"),
        (b'{"mean_area": 1, "mean_area": 2}', "twice"),
        (b'{"mean_area": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[" * 100_000, "nested too deep"),
        (b"\xff", "not UTF-8"),
        (b" " * (1 << 21), "larger than 1 MB"),
    ],
)
def test_what_is_no_case(mtl: Call, cytology: Path, case: bytes, says: str) -> None:
    assert says in mtl("predict", cytology, "-", stdin=case).failed


def test_odd_values_of_a_case(mtl: Call, cytology: Path) -> None:
    case = {
        "id": "=1",
        "mean_area": "not \ud800 a number\u0000",
        "mean_radius": True,
        "mean_texture": 10**400,
    }
    result = mtl("predict", cytology, "-", "--json", stdin=json.dumps(case).encode())
    assert result.code == 0, result.err
    assert "\0" not in result.err


def test_a_large_parquet_file_is_let_go_of_as_it_is_read(tmp_path: Path) -> None:
    """What Arrow holds does not grow with the rows that were passed: 60 MB in 40 row groups, and in one."""
    study, _ = load_sample("cytology")
    names = [feature.name for feature in study.features][:8]
    rng = np.random.default_rng(0)
    for groups in (40, 1):
        path = tmp_path / f"{groups}.parquet"
        rows = 960_000 // groups
        with pq.ParquetWriter(path, pa.schema([(name, pa.float64()) for name in names]), compression="none",
                              use_dictionary=False) as writer:  # fmt: skip
            for _ in range(groups):
                columns = {name: rng.random(rows) for name in names}
                writer.write_table(pa.table(columns), row_group_size=rows)
        del columns
        before, held, passed = pa.total_allocated_bytes(), [], 0
        for chunk in Chunks(str(path), study):
            passed += len(chunk)
            held.append((pa.total_allocated_bytes() - before) / 1e6)
        assert passed == 960_000
        assert max(held) < 25, held

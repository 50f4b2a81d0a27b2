"""Tidy files are read as they are; others are refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mtl.data import DataError, read_table


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".CSV"])
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame(
        {"id": [1, 2], "x": [0.1 + 0.2, None], "名": ["甲,乙", 'say "so"\n'], "f": [True, False]}
    )
    path = tmp_path / f"cohort{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, sep="\t" if suffix == ".tsv" else ",", index=False)
    pd.testing.assert_frame_equal(read_table(path), table)


def test_byte_order_mark_and_leading_zeros(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,x\n007,1\n", encoding="utf-8-sig")
    assert read_table(path)["id"].tolist() == [7]
    assert read_table(path, text=("id", "absent"))["id"].tolist() == ["007"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "no header"),
        ("a.csv", b"\n\n", "no header"),
        ("a.csv", b"id,x,x\n1,2,3\n", "'x' occurs twice"),
        ("a.csv", b"id,x\n1,2\n1,2,3\n", "line 3"),
        ("a.csv", b"id,x\n1,2,3\n", "as many cells as the header"),
        ("a.csv", "id,x\n1,é\n".encode("latin-1"), "not UTF-8"),
        ("a.csv", "id,é\n1,2\n".encode("latin-1"), "not UTF-8"),
        ("a.csv", b"id,x\n" + b"1,2\n" * 200_000 + b"\xff,1\n", "not UTF-8"),
        ("a.csv", b'id,x\n1,"open\n', "EOF"),
        ("a.parquet", b"PAR1 but not really", "not a readable Parquet"),
        ("a.parquet", b"", "not a readable Parquet"),
        ("a.xlsx", b"", "unknown type"),
        ("a", b"", "unknown type"),
    ],
)
def test_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert reason in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_absent(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "absent.csv")


def test_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,x\n", encoding="utf-8")
    assert read_table(path).shape == (0, 2)

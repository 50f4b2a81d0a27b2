"""Writes every sample cohort, its study and its provenance from the packages that carry the data.

Run from anywhere: python sample_data/make.py [--out FOLDER]. The result is the same on every run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from recipes import Sample, cytology, messy_clinic, pbc, rotterdam  # noqa: E402

from mtl.study import Study  # noqa: E402


def write(sample: Sample, out: Path) -> None:
    """One sample's folder: tables, provenance and, unless it borrows one, its study."""
    folder = out / sample.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in sample.tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    (folder / "PROVENANCE.md").write_text(sample.provenance.strip() + "\n", encoding="utf-8", newline="\n")
    if sample.study is not None:
        text = Study.from_dict(sample.study).to_toml()
        (folder / "study.toml").write_text(text, encoding="utf-8", newline="\n")


def write_messy_clinic(out: Path) -> None:
    """The export that nobody tidied, in both forms; it has no study: to find one is what it is for."""
    made = messy_clinic.messy_clinic()
    (out / "messy_clinic.csv").write_bytes(made.csv)
    (out / "messy_clinic.xlsx").write_bytes(made.xlsx)
    (out / "PROVENANCE.md").write_text(messy_clinic.PROVENANCE.strip() + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Write all samples under --out (default: beside this script)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    out = parser.parse_args().out
    for sample in (rotterdam.rotterdam(), rotterdam.gbsg(), cytology.cytology(), pbc.pbc()):
        write(sample, out)
        rows = ", ".join(f"{name} {len(table)}" for name, table in sample.tables.items())
        print(f"{sample.name}: {rows}")
    write_messy_clinic(out)
    print(f"messy_clinic: {messy_clinic.ROWS} rows in two files")


if __name__ == "__main__":
    main()

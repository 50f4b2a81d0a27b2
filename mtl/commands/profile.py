"""`profile`: what a table's columns are, what may be predicted from them, and what is wrong; a study to begin from."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.reading import answers_of, read_clean
from mtl.data import targets
from mtl.language import number, percent
from mtl.study import Study
from mtl.tables.cleaning import Cleaned
from mtl.tables.infer import Inferred, infer, with_identifier
from mtl.tables.look import Labels, duplicates, labels

SHOWN = 60  # columns that the text for people lists


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `profile`."""
    parser.add_argument("table", metavar="TABLE", help="any table: .csv, .tsv, .txt, .xlsx or .parquet")
    parser.add_argument("--study-out", metavar="FILE", help="write the inferred study (TOML) to FILE")
    parser.add_argument(
        "--answers",
        metavar="FILE",
        help="what a person answered about the table (JSON), as the app's page gives it",
    )


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Read, clean, infer."""
    cleaned = read_clean(args.table, console, None if args.answers is None else answers_of(args.answers))
    found = infer(cleaned.table, cleaned.units, name=study_name(args.table))
    if args.study_out:
        write_study(found.study, Path(args.study_out), console)
    table = with_identifier(found.study, cleaned.table)
    counts = {name: labels(found.study, name, target) for name, target in targets(found.study, table).items()}
    data = _data(args, cleaned, found, counts, table)
    return Answer(data, _text(data, found, counts))


def study_name(path: str) -> str:
    """The name of a study inferred from a file: the file's."""
    return Path(path).stem.strip()[:200] or "table"


def write_study(study: Study, path: Path, console: Console) -> None:
    """Write a study beside nothing that would be lost.

    Raises
    ------
    CommandError
        A folder has that name.
    """
    if path.is_dir():
        raise CommandError(f"{path} is a folder; give the name of a file")
    path.write_text(study.to_toml(), encoding="utf-8")
    console.note(f"study written to {path}; every entry is a guess: read it before you train")


def _data(
    args: argparse.Namespace,
    cleaned: Cleaned,
    found: Inferred,
    counts: dict[str, Labels],
    table: pd.DataFrame,
) -> dict[str, Any]:
    study = found.study
    use = _uses(study, list(cleaned.table.columns))
    repeated = duplicates(study, table)
    columns = {
        name: {
            "use": use[name],
            "kind": next((f.kind for f in study.features if f.name == name), None),
            "missing": int(cleaned.table[name].isna().sum()),
            "distinct": int(cleaned.table[name].nunique()),
            "unit": cleaned.units.get(name),
        }
        for name in map(str, cleaned.table.columns)
    }
    return {
        "table": {
            "path": args.table,
            "rows": len(cleaned.table),
            "columns": cleaned.table.shape[1],
            "refused": len(cleaned.refused),
            "changed": cleaned.n_changes,
            "repeated_rows": repeated.n_rows,
        },
        "study": {
            "name": study.name,
            "path": args.study_out,
            "identifier": study.identifier,
            "patient": study.patient,
        },
        "columns": columns,
        "tasks": {
            task.name: {
                "kind": task.kind,
                "role": task.role,
                "labelled": counts[task.name].labelled,
                "counts": counts[task.name].counts,
                "few": counts[task.name].few or None,
            }
            for task in study.tasks
        },
        "suspicions": [
            {"column": s.column, "kind": s.kind, "reason": s.reason, "evidence": round(s.evidence, 4)}
            for s in found.suspicions
        ],
        "guesses": [asdict(guess) for guess in found.guesses],
        "questions": [
            {"column": q.column, "kind": q.kind, "reason": q.evidence, "choices": list(q.proposals)}
            for q in cleaned.questions
        ],
    }


def _uses(study: Study, columns: list[str]) -> dict[str, str]:
    """What the study makes of each column: feature, outcome (or both), treatment, identifier ... or left out."""
    features = {feature.name for feature in study.features}
    found = {}
    for name in columns:
        uses = [
            word
            for word, holds in (
                ("identifier", name == study.identifier),
                ("patient", name == study.patient),
                ("site", name == study.site),
                ("date", name == study.date),
                ("feature", name in features),
                ("outcome", name in study.outcome_columns and name not in study.treatment_columns),
                ("treatment", name in study.treatment_columns),
            )
            if holds
        ]
        found[name] = ", ".join(uses) or "left out"
    return found


def _text(data: dict[str, Any], found: Inferred, counts: dict[str, Labels]) -> str:
    table = data["table"]
    rows = table["rows"]
    lines = [
        f"{number(rows)} rows, {number(table['columns'])} columns, identifier {data['study']['identifier']}",
        "",
        "Columns",
    ]
    width = min(max(map(len, data["columns"])), 40)
    for name, column in list(data["columns"].items())[:SHOWN]:
        unit = f", {column['unit']}" if column["unit"] else ""
        missing = f", missing {percent(column['missing'] / rows)}" if column["missing"] else ""
        kind = f" ({column['kind']}{unit}{missing})" if column["kind"] else f"{missing}"
        lines.append(f"  {name[:40]:{width}}  {column['use']}{kind}")
    if len(data["columns"]) > SHOWN:
        lines.append(f"  ... and {number(len(data['columns']) - SHOWN)} more")
    lines += ["", "Tasks"]
    for task in found.study.tasks:
        label = counts[task.name]
        how = f"{task.time}, {task.event}, {task.time_unit}" if task.kind == "survival" else task.target
        said = ", ".join(f"{key}: {number(count)}" for key, count in label.counts.items())
        lines.append(
            f"  {task.name}: {task.kind}, {task.role}; {how}; {number(label.labelled)} rows"
            + (f" ({said})" if said else "")
        )
        if label.few:
            lines.append(f"    {label.few}")
    if found.suspicions:
        lines += ["", "Suspicions"]
        lines += [f"  {s.column}: {s.kind}: {s.reason}" for s in found.suspicions]
    left = [guess for guess in found.guesses if guess.value == "left out"]
    if left:
        lines += ["", "Left out"]
        lines += [f"  {guess.entry}: {guess.reason}" for guess in left]
    return "\n".join(lines)

"""`predict`: every task's numbers for a table of any length, or for one case in JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mtl.commands import numbers, reading
from mtl.commands.case import case_from_stdin
from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.models import Opened, open_model
from mtl.commands.partitions import scored
from mtl.commands.reading import CleanRows
from mtl.commands.safe_file import ENDINGS, predictions_file
from mtl.commands.scoring import aligned
from mtl.commands.tables import Chunks, Notes, identifiers
from mtl.jobs.executor import ClusterError, executor
from mtl.language import number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `predict`."""
    parser.add_argument("model", metavar="DIR", help="a model's folder, or the name of one of the app's")
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="patients (.csv, .tsv, .parquet; with --clean any table); - reads one JSON case",
    )
    reading.add_arguments(parser)
    parser.add_argument(
        "--out", metavar="FILE", type=_ending, help="the numbers, .csv or .parquet; not needed for -"
    )


def _ending(text: str) -> Path:
    if Path(text).suffix.lower() not in ENDINGS:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} does not end in {' or '.join(ENDINGS)}")
    return Path(text)


def check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """What argparse cannot say: a table needs --out."""
    if args.table != "-" and args.out is None:
        parser.error("--out FILE is needed, unless TABLE is - (one JSON case on standard input)")


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Predict one case or a table."""
    opened = open_model(args.model, console)
    model = opened.model
    named = {"model": {"path": args.model, "version": model.version_, "study": model.study.name}}
    if args.table == "-":
        return _one(args, opened, named, console)
    out: Path = args.out
    if out.is_dir():
        raise CommandError(f"{out} is a folder; name a file")
    if out.exists() and Path(args.table).exists() and out.samefile(args.table):
        raise CommandError(f"{out} is the table itself; choose another name")
    table = reading.chunks(model.study, args.table, reading.chosen(args, opened.answers, console), console)
    opened.used("score", "predict", rows=table.rows)
    rows, seen, columns = _table(args.table, table, out, opened, console)
    data = {
        **named, "rows": rows, "out_of_fold": seen, "out": str(out), "identifier": model.study.identifier,
        "tasks": {task: {"kind": model.study.task(task).kind, "columns": names} for task, names in columns.items()},
        "left_out": model.left_out_,
    }  # fmt: skip
    return Answer(
        data, f"{number(rows)} rows, {number(sum(map(len, columns.values())))} columns of numbers: {out}"
    )


def _table(
    path: str, chunks: Chunks | CleanRows, out: Path, opened: Opened, console: Console
) -> tuple[int, int, dict[str, list[str]]]:
    """Rows done, rows that are out of fold, and the columns of each task."""
    model, notes, done, seen = opened.model, Notes(), 0, 0
    if not chunks.rows:
        raise CommandError(f"{Path(path).name}: no rows; give a table with one row a patient")
    columns: dict[str, list[str]] = {}
    try:
        with (
            executor() as pool,
            predictions_file(out, model.study.identifier) as file,
            console.progress(chunks.rows) as bar,
        ):
            for part in scored(opened, chunks, out, pool):
                if not done and not part.has_identifier:
                    console.warn(
                        f"no column {model.study.identifier!r}, the study's identifier: rows are numbered from 1"
                    )
                absent = {note.column for note in part.notes if note.kind == "missing_column"}
                if absent.issuperset(feature.name for feature in model.study.features):
                    raise CommandError(
                        f"{Path(path).name}: no column of the study is in the table; it begins with "
                        f"{model.study.features[0].name!r} there: name the columns as the study does"
                    )
                notes.add(part.notes)  # told at the end, once for all chunks
                for doubt in part.doubts:
                    console.warn(doubt)
                file.put(part.piece, part.columns)
                columns = numbers.by_task(model, list(part.columns))
                done, seen = done + part.rows, seen + part.out_of_fold
                bar.at(done)
    except ClusterError as error:
        raise CommandError(str(error)) from error
    notes.tell(console)
    return done, seen, columns


# One case ------------------------------------------------------------------------------------------------------------


def _one(args: argparse.Namespace, opened: Opened, named: dict[str, Any], console: Console) -> Answer:
    model = opened.model
    table, known = case_from_stdin(model.study, console)
    predicted, seen = opened.predict(table)
    tasks = numbers.of_row(model, predicted, 0)
    opened.asked("predict", table, numbers.shown(model, tasks), seen > 0)
    if args.out is not None:
        with predictions_file(args.out, model.study.identifier) as file:
            file.write(identifiers(table, model.study), predicted)
    data = {
        **named,
        "known": known,
        "of": len(model.study.features),
        "out_of_fold": seen > 0,
        "tasks": tasks,
        "left_out": model.left_out_,
    }
    lines = []
    for task, found in tasks.items():
        definition = model.study.task(task)
        lines.append([f"{definition.title()} [{task}]"])
        lines += [
            [f"  {column}", numbers.text(definition, column, value)]
            for column, value in found["values"].items()
        ]
    return Answer(data, aligned(lines))

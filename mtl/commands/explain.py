"""`explain`: why one patient's numbers are what they are."""

from __future__ import annotations

import argparse
from typing import Any

from mtl.commands import explanation, numbers, reading
from mtl.commands.case import STDIN, case_from_stdin
from mtl.commands.console import Answer, CommandError, Console, plain
from mtl.commands.models import open_model
from mtl.evidence.subject import NEW
from mtl.expressions import cells
from mtl.language import number as number_text
from mtl.language import percent
from mtl.study import Task


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `explain`."""
    parser.add_argument("model", metavar="DIR", help="a model's folder, or the name of one of the app's")
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="a table that has the patient (.csv, .tsv, .parquet); - reads one JSON case",
    )
    parser.add_argument(
        "--id", metavar="ID", help="the patient: a value of the study's identifier column; not for -"
    )
    reading.add_arguments(parser)
    parser.add_argument("--task", metavar="T", help="one task; all of them if left out")


def check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """What argparse cannot say: a table needs --id, a case has none beside its own."""
    if args.table != STDIN and args.id is None:
        parser.error("--id ID is needed, unless TABLE is - (one JSON case on standard input)")
    if args.table == STDIN and args.id is not None:
        parser.error("--id chooses a row of a table; with - the case on standard input is the patient")


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Predict one row and explain each number."""
    opened = open_model(args.model, console)
    model = opened.model
    if args.task is not None and args.task not in model.tasks_:
        why = model.left_out_.get(args.task)
        raise CommandError(
            f"task {args.task[:60]!r} was left out of the model: {why}" if why is not None
            else f"the model has no task {args.task[:60]!r}; it has {', '.join(model.tasks_)}"
        )  # fmt: skip
    if args.table == STDIN:
        row, _ = case_from_stdin(model.study, console)
        named = row[model.study.identifier].iloc[0] if model.study.identifier in row.columns else None
        identifier = cells.cell_text(named)
    else:
        how = reading.chosen(args, opened.answers, console)
        row = reading.row_of(model.study, args.table, args.id, how, console)
        identifier = args.id.strip()
    (part,) = opened.parts(row)
    model = part.model
    chosen = model.tasks_ if args.task is None else [args.task]
    values = numbers.of_row(model, model.predict(row), 0)
    shown = {name: found for name, found in values.items() if name in chosen}
    opened.asked("explain", row, numbers.shown(model, shown), part.fold != NEW)
    tasks: dict[str, Any] = {}
    blocks = []
    for name in chosen:
        found = explanation.explain_task(model, row, name)
        headline = explanation.headline(model.study.task(name), values[name]["values"])
        tasks[name] = {
            **values[name],
            "headline": headline,
            "explained": {e.column: e.to_dict() for e in found},
        }
        blocks.append(_block(model.study.task(name), values[name]["values"], headline, found))
    data = {
        "model": {"path": args.model, "version": model.version_, "study": model.study.name},
        "id": identifier,
        "out_of_fold": part.fold != NEW,
        "tasks": tasks,
        "left_out": model.left_out_,
    }
    return Answer(data, "\n\n".join(blocks))


def _block(
    task: Task, values: dict[str, dict[str, Any]], headline: str | None, found: list[explanation.Explained]
) -> str:
    lines = [f"{task.title()} [{task.name}]"]
    shown = [f"{column} {numbers.text(task, column, value)}" for column, value in values.items()]
    lines += [f"  {line}" for line in shown]
    for one in found:
        if one.column == headline:
            story = one.story
            start = (
                number_text(story.start, story.decimals)
                if task.kind == "regression"
                else percent(story.start / 100)
            )
            lines.append(f"  why {one.column}, from {start} for the reference patient:")
            lines += [f"    {sentence}" for sentence in one.sentences]
    return plain_lines(lines)


def plain_lines(lines: list[str]) -> str:
    """Lines that no terminal obeys."""
    return "\n".join(plain(line) for line in lines)

"""`evaluate`: every metric of every task of a saved model on a table of other patients."""

from __future__ import annotations

import argparse

from mtl.commands import reading, scoring
from mtl.commands.console import Answer, Console
from mtl.commands.models import open_model
from mtl.commands.tables import Notes
from mtl.data import encode, targets
from mtl.evidence.subject import NEW
from mtl.language import number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `evaluate`."""
    parser.add_argument("model", metavar="DIR", help="a model's folder, or the name of one of the app's")
    parser.add_argument("table", metavar="TABLE", help="patients with known outcomes: .csv, .tsv or .parquet")
    reading.add_arguments(parser)
    parser.add_argument("--no-intervals", action="store_true", help="numbers without intervals: faster")


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Predict the table, as treated, and compare with what happened."""
    opened = open_model(args.model, console)
    model = opened.model
    table = reading.read_for(model.study, args.table, reading.chosen(args, opened.answers, console), console)
    notes, features = Notes(), [n for n in encode(model.study, table).notes if n.kind != "out_of_range"]
    outcomes = targets(model.study, table, model.tasks_).values()
    notes.add([*features, *(note for target in outcomes for note in target.notes)])
    notes.tell(console)
    with console.hearing(known=opened.noted(table)):
        given = scoring.predicted(opened, table)
    known = 0 if given.fold is None else int((given.fold != NEW).sum())
    if known:
        console.note(f"{number(known)} rows were in training: their numbers are out of fold")
    done = [0]
    with console.progress() as bar:

        def judged(task: str) -> None:
            done[0] += 1
            bar.at(done[0] / len(model.tasks_), f"judged {task}")

        scores = scoring.score(model, table, given, not args.no_intervals, judged)
    if known:
        scores = scoring.without_fitted(model, scores)
    data = {
        "model": {"path": args.model, "version": model.version_, "study": model.study.name},
        "rows": len(table),
        "out_of_fold": known,
        "tasks": {task: found.to_dict() for task, found in scores.items()},
        "left_out": model.left_out_,
    }
    head = f"{model.study.title or model.study.name}: {number(len(table))} patients, model {model.version_}"
    left_out = [f"Left out: {task}: {why}" for task, why in model.left_out_.items()]
    return Answer(
        data, "\n\n".join([head, scoring.score_table(model.study, {"this table": scores}), *left_out])
    )

"""`evaluate`: every metric of every task of a saved model on a table of other patients."""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd

from mtl.commands import reading, scoring
from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.models import Opened, open_model
from mtl.commands.tables import Notes
from mtl.data import encode, targets
from mtl.evaluate import Metric
from mtl.evidence import side_by_side
from mtl.evidence.subject import NEW, Subject
from mtl.language import number
from mtl.multitask import TableWarning


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `evaluate`."""
    parser.add_argument("model", metavar="DIR", help="a model's folder, or the name of one of the app's")
    parser.add_argument("table", metavar="TABLE", help="patients with known outcomes: .csv, .tsv or .parquet")
    reading.add_arguments(parser)
    parser.add_argument("--no-intervals", action="store_true", help="numbers without intervals: faster")
    parser.add_argument(
        "--beside", action="store_true",
        help="also each expert alone and a Cox model on log features, with paired differences; one of the app's models",
    )  # fmt: skip


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Predict the table, as treated, and compare with what happened."""
    opened = open_model(args.model, console)
    if args.beside and opened.folder is None:
        raise CommandError(
            "--beside needs a model of the app's, whose training patients are known; give its name instead of a folder"
        )
    model = opened.model
    table = reading.read_for(model.study, args.table, reading.chosen(args, opened.answers, console), console)
    opened.used("evidence", "evaluate", rows=len(table), beside=args.beside)
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
    beside = _beside(opened, table, console) if args.beside else {}
    data = {
        "model": {"path": args.model, "version": model.version_, "study": model.study.name},
        "rows": len(table),
        "out_of_fold": known,
        "tasks": {task: found.to_dict() for task, found in scores.items()},
        "left_out": model.left_out_,
    }
    if args.beside:
        data["beside"] = beside
    head = f"{model.study.title or model.study.name}: {number(len(table))} patients, model {model.version_}"
    left_out = [f"Left out: {task}: {why}" for task, why in model.left_out_.items()]
    blocks = [head, scoring.score_table(model.study, {"this table": scores}), *_blocks(beside), *left_out]
    return Answer(data, "\n\n".join(blocks))


def _beside(opened: Opened, table: pd.DataFrame, console: Console) -> dict[str, Any]:
    """By task what stands beside the blend, as the app's page has it."""
    from mtl.jobs.evidence import training_of
    from mtl.store import models

    assert opened.folder is not None

    fold = np.full(len(table), NEW, dtype=np.int64)
    predictors = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)  # of a table that has been looked at
        for part in opened.parts(table):
            fold[part.rows], predictors[part.fold] = part.fold, part.model.predictor_
        training = training_of(models.get(opened.folder.name))
        subject = Subject(opened.model.study, table, opened.model, fold, predictors, training)
        with console.progress() as bar:
            found = side_by_side.compute(subject, lambda stage, share: bar.at(share, stage), {})
    return {name: one["techniques"] for name, one in found["tasks"].items()}


def _blocks(beside: dict[str, Any]) -> list[str]:
    """What stands beside the blend, a block a task and a line a technique."""
    blocks = []
    for task, techniques in beside.items():
        names = list(techniques["blend"]["metrics"])
        lines = [[f"Beside, {task}", *names]]
        for name, one in techniques.items():
            lines.append([f"  {name}", *(scoring.cell(Metric(**one["metrics"][metric])) for metric in names)])
        blocks.append(scoring.aligned(lines))
    return blocks

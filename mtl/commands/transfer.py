"""`transfer`: what sharing brought to each task of a model, judged on the table of its training."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from mtl.commands import reading, scoring
from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.models import open_model
from mtl.data import targets
from mtl.evidence.learner import Learner
from mtl.evidence.subject import NEW, Subject
from mtl.evidence.transfer import Audit, audit
from mtl.evidence.verdict import PERMUTATIONS
from mtl.jobs.executor import elsewhere
from mtl.language import number
from mtl.multitask import MultiTaskModel
from mtl.services.evidence import sharing as words
from mtl.store.database import StoreError
from mtl.study import Study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `transfer`."""
    parser.add_argument("model", metavar="DIR", help="a model's folder, or the name of one of the app's")
    parser.add_argument("table", metavar="TABLE", help="the table that the model was trained on")
    reading.add_arguments(parser)
    parser.add_argument(
        "--task", metavar="T", action="append", help="only this task; may be given several times"
    )
    parser.add_argument(
        "--permutations", metavar="N", type=_several, default=PERMUTATIONS,
        help=f"how often the other tasks' labels are shuffled ({PERMUTATIONS}); with fewer nothing is said to have helped",
    )  # fmt: skip


def _several(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 1000:
        raise argparse.ArgumentTypeError("give 1 to 1000")
    return count


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Audit, and say it in a sentence a task."""
    opened = open_model(args.model, console)
    model = opened.model
    table = reading.read_for(model.study, args.table, reading.chosen(args, opened.answers, console), console)
    unknown = [task for task in args.task or [] if task not in model.tasks_]
    if unknown:
        raise CommandError(f"the model has no task {unknown[0]!r}; it has {', '.join(model.tasks_)}")
    labelled = {name: int(t.labelled.sum()) for name, t in targets(model.study, table, model.tasks_).items()}
    if labelled != model.training_["labelled"] or len(table) != model.training_["rows"]:
        raise CommandError(
            f"{args.table} is not the table of the training, which had {number(model.training_['rows'])} rows: an audit "
            "trains again on the same patients"
        )
    subject = Subject(model.study, table, model, np.full(len(table), NEW, dtype=np.int64))
    chosen = tuple(name for name in model.tasks_ if name in (args.task or model.tasks_))
    try:
        with elsewhere() as pool, console.progress() as bar:
            wanted = Audit(Learner.of(subject), args.permutations, chosen, pool=pool)
            found = audit(model, wanted, lambda stage, share: bar.at(share, stage), {})
    except StoreError as error:  # a cluster that does not answer, a process that was killed
        raise CommandError(str(error)) from error
    about = {"path": args.model, "version": model.version_, "study": model.study.name}
    return Answer({"model": about, "rows": len(table), **found}, _text(model, len(table), found))


def _text(model: MultiTaskModel, rows: int, found: dict[str, Any]) -> str:
    study = model.study
    said = [f"{one.title}: {one.head}. {one.words}" for one in words.sentences(study, found)]
    head = f"{study.title or study.name}: {number(rows)} patients, model {model.version_}"
    return "\n\n".join([head, *said, scoring.aligned(_table(study, found))])


def _table(study: Study, found: dict[str, Any]) -> list[list[str]]:
    lines = [["", "measure", *words.score_heads()]]
    return lines + [[one.title, one.metric, *one.cells] for one in words.scores(study, found)]

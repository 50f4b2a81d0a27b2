"""`validate`: the validation report of a model on a cohort of the app or on a table, as PDF, HTML or Markdown."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.models import Opened, open_model
from mtl.commands.report import language_argument, write
from mtl.commands.tables import Notes, read_whole
from mtl.data import encode, targets
from mtl.evidence.subject import NEW, Subject
from mtl.language import number, use

if TYPE_CHECKING:
    from mtl.services.documents.facts import Evidence, Facts

ENDINGS = (".pdf", ".html", ".md")
TABLES = (".csv", ".tsv", ".parquet", ".pq")
ALWAYS = "accuracy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `validate`."""
    parser.add_argument("model", metavar="DIR", help="a model's folder, or the name of one of the app's")
    parser.add_argument(
        "patients", metavar="COHORT", help="a cohort of the app, or a table: .csv, .tsv or .parquet"
    )
    parser.add_argument("--out", metavar="FILE", required=True, help="where to write it: .pdf, .html or .md")
    parser.add_argument(
        "--task", metavar="T", action="append", default=[], help="only this task; may be given several times"
    )
    parser.add_argument(
        "--compute",
        metavar="PART",
        action="append",
        default=[],
        help="also compute this part of the evidence, if it is not there; may be given several times",
    )
    language_argument(parser)


def check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse a file of another kind, and a part that there is not."""
    from mtl.jobs.evidence import PARTS

    if Path(args.out).suffix.lower() not in ENDINGS:
        parser.error(f"--out {args.out[:80]!r}: the file ends in {', '.join(ENDINGS)}")
    for part in args.compute:
        if part not in PARTS:
            parser.error(f"--compute {part[:40]!r}: there is no such part; there are {', '.join(PARTS)}")


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Compute what is lacking, and write the report."""
    # typst and the app's services, which few commands need
    from mtl.services.users import Forbidden
    from mtl.services.validation import validation
    from mtl.store.database import StoreError

    wanted = list(dict.fromkeys([ALWAYS, *args.compute]))
    with use(args.lang):
        try:
            of = _table if Path(args.patients).suffix.lower() in TABLES else _cohort
            facts, evidence = of(args, wanted, console)
            made = validation.file(
                facts, evidence, Path(args.out).suffix.lower().lstrip("."), tasks=args.task
            )
        except (Forbidden, StoreError) as error:
            raise CommandError(str(error)) from error
    write(Path(args.out), made.content)
    data = {
        "model": {"path": args.model, "version": facts.version, "study": facts.study.name},
        "patients": args.patients,
        "rows": evidence.n,
        "out_of_fold": evidence.internal,
        "out": args.out,
        "language": args.lang,
        "tasks": args.task or [task.name for task in facts.tasks],
        "parts": list(evidence.parts),
    }
    return Answer(data, args.out)


def _cohort(args: argparse.Namespace, wanted: list[str], console: Console) -> tuple[Facts, Evidence]:
    """A registered model on a registered cohort: parts that are there are used, those computed now are kept."""
    from mtl.jobs import evidence as jobs
    from mtl.services import models, owners
    from mtl.services.documents import facts as card_facts

    record = models.resolve(args.model).record
    if record is None:
        raise CommandError(
            f"{args.model[:80]!r} is a folder; give a table of patients, or the name of a model that the app has registered"
        )
    cohort = owners.cohort(args.patients)
    with console.progress() as bar:
        for part in wanted:
            jobs.gather(
                {"part": part, "model": record.key, "cohort": cohort.key},
                lambda stage, share: bar.at(share, stage),
            )
    return card_facts.of_record(record), card_facts.gathered(record, cohort)


def _table(args: argparse.Namespace, wanted: list[str], console: Console) -> tuple[Facts, Evidence]:
    """A model on a table of patients: every part is computed now, nothing is kept."""
    from mtl.jobs.evidence import PARTS
    from mtl.services import models
    from mtl.services.documents import facts as card_facts

    opened = open_model(args.model, console)
    table = read_whole(args.patients, opened.model.study)
    notes, features = (
        Notes(),
        [n for n in encode(opened.model.study, table).notes if n.kind != "out_of_range"],
    )
    outcomes = targets(opened.model.study, table, opened.model.tasks_).values()
    notes.add([*features, *(note for target in outcomes for note in target.notes)])
    notes.tell(console)
    found = {}
    with console.hearing(known=opened.noted(table)), console.progress() as bar:
        subject = _subject(opened, table)
        for part in wanted:
            found[part] = PARTS[part].compute(subject, lambda stage, share: bar.at(share, stage), {})
    known = int((subject.fold != NEW).sum())
    if known:
        console.note(f"{number(known)} rows were in training: their numbers are out of fold")
    if os.sep in args.model or Path(args.model).exists():
        facts = card_facts.of_folder(Path(args.model))
    else:
        record = models.resolve(args.model).record
        assert record is not None  # a name is no folder
        facts = card_facts.of_record(record)
    name = Path(args.patients).name
    return facts, card_facts.Evidence(name, len(table), card_facts.digest_of(table), found, None, table)


def _subject(opened: Opened, table: pd.DataFrame) -> Subject:
    """The rows of a table, each with the predictor that may judge it."""
    parts = opened.parts(table)
    fold = np.full(len(table), NEW, dtype=np.int64)
    for part in parts:
        fold[part.rows] = part.fold
    own = {part.fold: part.model.predictor_ for part in parts if part.fold != NEW}
    return Subject(opened.model.study, table, opened.model, fold, own)

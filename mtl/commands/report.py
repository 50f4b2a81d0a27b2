"""`report`: the printed case for the tumour board, as PDF."""

from __future__ import annotations

import argparse
import os
import secrets
from pathlib import Path
from typing import Any

from mtl.commands import reading
from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.models import open_model
from mtl.evidence.subject import NEW
from mtl.language import LANGUAGES, match, use

PAPERS = ("a4", "letter")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `report`."""
    parser.add_argument("model", metavar="DIR", help="a model's folder, or the name of one of the app's")
    parser.add_argument("table", metavar="TABLE", help="a table that has the patient: .csv, .tsv or .parquet")
    parser.add_argument(
        "--id", metavar="ID", required=True, help="the patient: a value of the study's identifier column"
    )
    reading.add_arguments(parser)
    parser.add_argument("--out", metavar="FILE.pdf", required=True, help="where to write the PDF")
    parser.add_argument("--paper", choices=PAPERS, default=PAPERS[0], help="a4 if left out")
    language_argument(parser)


def language_argument(parser: argparse.ArgumentParser) -> None:
    """The option of the language in which a file is written."""
    parser.add_argument(
        "--lang", metavar="L", type=_language, default="en", help="en or zh; English if left out"
    )


def _language(text: str) -> str:
    found = match(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text[:20]!r} is no language here; there are {', '.join(LANGUAGES)}"
        )
    return found


def check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse a file that would not be a PDF."""
    if Path(args.out).suffix.lower() != ".pdf":
        parser.error(f"--out {args.out[:80]!r}: the file ends in .pdf")


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Ask about one row and print it."""
    # typst and the app's services, which no other command needs
    from mtl.services.paper import reports
    from mtl.services.patients import loose
    from mtl.services.users import Forbidden

    opened = open_model(args.model, console)
    how = reading.chosen(args, opened.answers, console)
    row = reading.row_of(opened.model.study, args.table, args.id, how, console)
    (part,) = opened.parts(row)
    with use(args.lang):
        try:
            case = loose.case(part.model, row, part.fold, loose.registered(opened.folder))
            data = reports.page_pdf(case, args.paper)
        except Forbidden as error:
            raise CommandError(str(error)) from error
        tasks = {output.task.name: _printed(output) for output in case.outputs}
    write(Path(args.out), data)
    found = {
        "model": {"path": args.model, "version": part.model.version_, "study": part.model.study.name},
        "id": args.id.strip(),
        "out_of_fold": part.fold != NEW,
        "out": args.out,
        "paper": args.paper,
        "language": args.lang,
        "pages": reports.pages(data),
        "tasks": tasks,
        "left_out": opened.model.left_out_,
    }
    return Answer(found, args.out)


def _printed(output: Any) -> dict[str, Any]:
    return {"kind": output.kind, "printed": {one.column: one.text for one in output.numbers}}


def write(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all."""
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

"""`card`: a model's card, as PDF or Markdown."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.report import language_argument, write
from mtl.language import use

ENDINGS = (".pdf", ".md")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `card`."""
    parser.add_argument("model", metavar="DIR", help="a model's folder, or the name of one of the app's")
    parser.add_argument("--out", metavar="FILE", required=True, help="where to write it: .pdf or .md")
    language_argument(parser)


def check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse a file of another kind."""
    if Path(args.out).suffix.lower() not in ENDINGS:
        parser.error(f"--out {args.out[:80]!r}: the file ends in {' or '.join(ENDINGS)}")


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Fill the card from what is known, and write it."""
    # typst and the app's services, which few commands need
    from mtl.services import models
    from mtl.services.card import card
    from mtl.services.users import Forbidden

    with use(args.lang):
        try:
            if os.sep in args.model or Path(args.model).exists():
                found = card.loose(args.model)
            else:
                known = models.resolve(args.model).record
                assert known is not None  # a name is no folder
                found = card.open_card(known.key)
            made = card.file(found, Path(args.out).suffix.lower().lstrip("."))
        except (Forbidden, card.StoreError) as error:
            raise CommandError(str(error)) from error
    write(Path(args.out), made.content)
    data = {
        "model": {"path": args.model, "version": found.version, "study": found.study},
        "out": args.out,
        "language": args.lang,
        "written": 0 if found.written is None else found.written.number,
        "lists": {
            checklist.key: {
                "items": len({answer.item.whole for answer in answers}),
                "entries": len(answers),
                "states": found.counts(checklist),
            }
            for checklist, answers in found.lists
        },
    }
    return Answer(data, args.out)

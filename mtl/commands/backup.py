"""`backup`: everything that the app keeps, as one file."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from mtl.commands.console import Answer, CommandError, Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `backup`."""
    parser.add_argument("file", metavar="FILE", help="the file to write; it must not be there yet")


def run(args: argparse.Namespace, _console: Console) -> Answer:
    """Write the backup."""
    # the app's database is needed by few commands
    from mtl.services import backups
    from mtl.services.users import Forbidden
    from mtl.store.database import StoreError

    path = Path(args.file)
    try:
        made = backups.make(path)
    except (Forbidden, StoreError) as error:
        raise CommandError(str(error)) from error
    words = f"{path}: {made.files} files, {made.bytes / 1e6:.1f} MB, with patients' data and the home's secret: keep it so"
    return Answer({"out": str(path), **asdict(made)}, words)

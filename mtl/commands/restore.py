"""`restore`: the app's state from a backup; all of it, or nothing."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from mtl.commands.console import Answer, CommandError, Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `restore`."""
    parser.add_argument("file", metavar="FILE", help="a file that backup wrote")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="also where the home holds something, which is put aside inside it",
    )


def run(args: argparse.Namespace, _console: Console) -> Answer:
    """Check the backup and put it in place."""
    from mtl.services import backups
    from mtl.services.users import Forbidden
    from mtl.store.database import StoreError
    from mtl.store.home import home

    try:
        found = backups.restore(Path(args.file), args.replace)
    except (Forbidden, StoreError) as error:
        raise CommandError(str(error)) from error
    words = f"{home()} is as it was at {found.made[:19].replace('T', ' ')} UTC: {found.files} files"
    return Answer({"home": str(home()), **asdict(found)}, words)

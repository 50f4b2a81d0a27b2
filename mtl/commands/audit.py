"""`audit`: whether the audit trail is whole, and the trail to take away."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from mtl.commands.console import Answer, CommandError, Console

VERIFY, EXPORT = "verify", "export"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `audit`."""
    parser.add_argument("what", metavar="WHAT", choices=[VERIFY, EXPORT], help="verify or export")
    parser.add_argument("file", metavar="FILE", nargs="?", help="with export: the .csv to write")
    parser.add_argument(
        "--known",
        metavar="N:DIGEST",
        type=_known,
        help="with verify: an entry that was the last some time ago and must still be there",
    )


def _known(text: str) -> tuple[int, str]:
    if not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError(
            f"{text[:80]!r} is not a number, a colon and a digest, as verify prints them"
        )
    number, digest = text.split(":")
    return int(number), digest


def check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """See that the arguments go together."""
    if (args.what == EXPORT) != (args.file is not None):
        parser.error("export needs a FILE, verify takes none")
    if args.what == EXPORT and args.known is not None:
        parser.error("--known is for verify")


def run(args: argparse.Namespace, _console: Console) -> Answer:
    """Follow the chain, or write it down."""
    from mtl.services import audit
    from mtl.services.users import Forbidden
    from mtl.store.database import StoreError

    try:
        if args.what == EXPORT:
            return _export(Path(args.file))
        found = audit.verify(args.known)
    except (Forbidden, StoreError) as error:
        raise CommandError(str(error)) from error
    if found.wrong is not None:
        raise CommandError(
            f"the audit trail is not whole: {found.wrong}; {found.entries} entries before it hold"
        )
    data = {"entries": found.entries, "head": f"{found.entries}:{found.head}", "whole": True}
    many = "1 entry" if found.entries == 1 else f"{found.entries} entries"
    return Answer(data, f"{many}, none changed, none missing\nlast: {found.entries}:{found.head}")


def _export(path: Path) -> Answer:
    from mtl.commands.safe_file import safe_table
    from mtl.services import audit

    if path.suffix.lower() != ".csv":
        raise CommandError(f"{path.name}: the trail is written as .csv")
    rows = audit.export(audit.Choice())
    try:
        safe_table(path, rows)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}; choose another place") from None
    return Answer({"entries": len(rows), "out": str(path)}, f"{len(rows)} entries in {path}")

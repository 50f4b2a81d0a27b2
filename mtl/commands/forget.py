"""`forget`: delete a cohort and everything that was derived from it."""

from __future__ import annotations

import argparse
from typing import Any

from mtl.commands.console import Answer, CommandError, Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `forget`."""
    parser.add_argument(
        "cohort", metavar="COHORT", help="key of a cohort; a name where only one is called so"
    )
    parser.add_argument(
        "--yes", action="store_true", help="delete it; otherwise it is only told what would go"
    )


def run(args: argparse.Namespace, _console: Console) -> Answer:
    """Say what goes, and delete it where that was asked for."""
    from mtl.services import access, retention
    from mtl.services.users import Forbidden
    from mtl.store.database import StoreError

    try:
        known = {one.key: one.name for one in access.cohorts_of()}
        named = [key for key, name in known.items() if args.cohort in (key, name)]
        if len(named) > 1:
            raise CommandError(f"{len(named)} cohorts are called so; give a key: {', '.join(named)}")
        key = named[0] if named else args.cohort
        found = retention.forget(key) if args.yes else retention.derived(key)
    except (Forbidden, StoreError) as error:
        raise CommandError(str(error)) from error
    data: dict[str, Any] = {
        "cohort": found.cohort, "patients": found.patients, "models": list(found.models), "others": list(found.others),
        "private_cases": found.private_cases, "jobs": found.jobs, "files": len(found.paths),
        "kept_records": found.kept_records, "deleted": args.yes,
    }  # fmt: skip
    what = (
        f"{found.name}: {found.patients} patients, {len(found.models)} models, {found.private_cases} patients typed in, "
        f"{len(found.paths)} files and folders, and what {found.jobs} jobs were told"
    )
    kept = f"{found.kept_records} signed records and the audit trail stay"
    return Answer(
        data, f"deleted {what}; {kept}" if args.yes else f"would delete {what}; {kept}. Add --yes to do it."
    )

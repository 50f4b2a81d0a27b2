"""`link`: the address of a case on the running app, which does not say who it is."""

from __future__ import annotations

import argparse
import urllib.parse

from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.serve import ADDRESS, PORT, port


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `link`."""
    parser.add_argument("cohort", metavar="COHORT", help="name or key of a cohort of the app")
    parser.add_argument(
        "--id", metavar="ID", required=True, help="the patient: a value of the identifier column"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", metavar="N", type=port, default=PORT, help=f"of the app; {PORT} if left out")
    where.add_argument(
        "--base", metavar="URL", type=_base, help="where the app is seen from, https://host/path"
    )


def _base(text: str) -> str:
    try:
        found = urllib.parse.urlsplit(text)
    except ValueError:
        found = urllib.parse.urlsplit("")
    if found.scheme not in ("http", "https") or not found.netloc or found.query or found.fragment:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not an address like https://host/path")
    return text.rstrip("/")


def run(args: argparse.Namespace, _console: Console) -> Answer:
    """Find the case and name its address."""
    # the app's database is needed by no other command
    from mtl.services.users import Forbidden
    from mtl.store.database import StoreError

    try:
        cohort, case = find(args.cohort, args.id.strip())
    except (Forbidden, StoreError) as error:
        raise CommandError(str(error)) from error
    base = args.base or f"http://{ADDRESS}:{args.port}"
    address = f"{base}/case?{urllib.parse.urlencode({'case': case})}"
    return Answer({"cohort": cohort, "case": case, "url": address}, address)


def find(name: str, identifier: str) -> tuple[str, str]:
    """Keys of a cohort and of one of its cases; CommandError where there is none."""
    from mtl.services import command_line
    from mtl.services.patients import cohorts
    from mtl.services.users import require
    from mtl.store.cohorts import CohortError, find_case
    from mtl.store.home import secret
    from mtl.store.keys import case_key

    require("case:read")
    known = cohorts.overview()
    chosen = [c for c in known if name == c.key] or [c for c in known if name == c.name]
    if len(chosen) != 1:
        names = ", ".join(c.key for c in known) or "none yet: start the app once to prepare the samples"
        what = f"{len(chosen)} cohorts are called" if chosen else "there is no cohort"
        raise CommandError(f"{what} {name[:60]!r}; there are: {names}")
    key = case_key(secret(), chosen[0].key, identifier)
    try:
        find_case(key)
    except CohortError:
        raise CommandError(f"cohort {chosen[0].name}: no patient has the identifier given") from None
    command_line.linked(chosen[0].key, key)
    return chosen[0].key, key

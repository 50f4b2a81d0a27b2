"""The command line: which command was meant, its exit code, and one line where it failed."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from types import ModuleType

from mtl import __version__
from mtl.commands import (
    audit,
    backup,
    card,
    console,
    evaluate,
    explain,
    forget,
    link,
    predict,
    profile,
    report,
    restore,
    serve,
    train,
    transfer,
    validate,
)

COMMANDS: dict[str, tuple[ModuleType, str]] = {
    "profile": (profile, "what a table's columns are, what may be predicted, what is wrong"),
    "train": (train, "fit a model to a table and judge it out of fold"),
    "evaluate": (evaluate, "every metric of a model on a table, with intervals"),
    "transfer": (transfer, "what sharing brought to each task, beside a control with shuffled labels"),
    "predict": (predict, "every task's numbers for a table, or for one JSON case"),
    "explain": (explain, "why one patient's numbers are what they are"),
    "report": (report, "one patient's page for the tumour board, as PDF"),
    "card": (card, "the model card: TRIPOD+AI and HTI-1, as PDF or Markdown"),
    "validate": (validate, "the validation report, as PDF, HTML or Markdown"),
    "link": (link, "the address of a case on the running app"),
    "serve": (serve, "start the app"),
    "backup": (backup, "everything that the app keeps, as one file"),
    "restore": (restore, "the app's state from a backup"),
    "forget": (forget, "delete a cohort and everything derived from it"),
    "audit": (audit, "whether the audit trail is whole; the trail to take away"),
}
DONE, FAILED, USAGE, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141


def parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser, and that of every command."""
    parser = argparse.ArgumentParser(
        prog="python -m mtl",
        description="Multi-task prediction for clinical tables. For research and education, not a medical device.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"consilium {__version__}")
    inner = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    own = {}
    for name, (module, summary) in COMMANDS.items():
        own[name] = inner.add_parser(name, help=summary, description=module.__doc__, allow_abbrev=False)
        module.add_arguments(own[name])
        own[name].add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser, own


def bound(arguments: Sequence[str]) -> list[str]:
    """Arguments with `--id VALUE` as `--id=VALUE`: an identifier may begin with a dash, or be called --json.

    >>> bound(["explain", "--id", "-7", "--json"])
    ['explain', '--id=-7', '--json']
    """
    found: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            return [*found, argument, *rest]
        value = next(rest, None) if argument == "--id" else None
        found.append(argument if value is None else f"--id={value}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, or 1 for data and models, 2 for usage, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser, own = parsers()
    try:
        if any("\0" in argument for argument in given):
            parser.error("an argument holds a NUL character")
        args = parser.parse_args(bound(given))
        module = COMMANDS[args.command][0]
        if hasattr(module, "check"):
            module.check(args, own[args.command])
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else USAGE
    out = console.Console()
    try:
        with out.listening():
            out.answer(module.run(args, out), args.json)
    except BrokenPipeError:
        console.let_go_of_stdout()
        return READER_GONE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # the one place: whatever went wrong, a person gets a line and a script a code
        print(f"error: {console.reason(error)}", file=sys.stderr)
        return FAILED
    return DONE


if __name__ == "__main__":
    sys.exit(main())

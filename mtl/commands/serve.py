"""`serve`: the app, in this process's place."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from mtl import limits
from mtl.commands.console import Answer, CommandError, Console
from mtl.services import exposure

ROOT = Path(__file__).resolve().parents[2]
PORT, ADDRESS = 8501, "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `serve`."""
    parser.add_argument("--port", metavar="N", type=port, default=PORT, help=f"{PORT} if left out")
    parser.add_argument(
        "--address",
        metavar="A",
        type=_address,
        default=ADDRESS,
        help=f"{ADDRESS} (this machine) if left out; another needs sign-in, or --insecure",
    )
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="let other machines in although nobody has to sign in",
    )


def port(text: str) -> int:
    """A TCP port, for argparse."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 65535:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a port from 1 to 65535")
    return int(text)


def _address(text: str) -> str:
    if not text or text.startswith("-") or not all(c.isalnum() or c in ".:-_" for c in text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not an address")
    return text


def run(args: argparse.Namespace, _console: Console) -> Answer:
    """Become `streamlit run app.py`; comes back only where that cannot be."""
    if not (ROOT / "app.py").is_file():
        raise CommandError(
            f"app.py is not in {ROOT}; serve runs from the source folder, where app.py and pages/ are"
        )
    try:
        limits.check()
    except limits.LimitError as error:
        raise CommandError(str(error)) from error
    command = [
        sys.executable, "-m", "streamlit", "run", "app.py",
        "--server.port", str(args.port), "--server.address", args.address,
        "--server.maxUploadSize", str(limits.limit("upload_mb")),
    ]  # fmt: skip
    if args.insecure:
        os.environ[exposure.ENVIRONMENT] = "1"
        print("warning: whoever reaches this server sees everything in it", file=sys.stderr, flush=True)
    if args.json:
        host = f"[{args.address}]" if ":" in args.address else args.address
        print(json.dumps({"url": f"http://{host}:{args.port}", "command": command}), flush=True)
        os.dup2(2, 1)  # what the server says is a log
    become(command)


def become(command: list[str]) -> NoReturn:
    """Replace this process, from the folder of app.py."""
    home = os.environ.get("CONSILIUM_HOME")
    if home:  # a relative one is meant from here
        os.environ["CONSILIUM_HOME"] = str(Path(home).absolute())
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(ROOT)
    os.execv(command[0], command)

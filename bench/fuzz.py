"""Readers and the study parser fed with bytes nobody would send on purpose: no crash, no hang, no memory beyond the limit.

    python bench/fuzz.py [--short] [--json] [--seconds 600] [--seed 0]

Hypothesis makes files: bytes of every kind, tables in random dialects and encodings then damaged (bytes cut, doubled,
swapped, replaced), workbooks whose parts are damaged, Parquet files cut or overwritten, archives inside archives, study
files whose TOML is changed at random, conditions built from pieces. Each is given to its reader, in a process of its own
that may take so much memory and so many seconds. A refusal in words is right, and so is a reading; any other exception, a
signal, a hang or too much memory is not, and the file is kept (--keep).
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import random
import re
import resource
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ROOT = Path(__file__).resolve().parents[1]
MEMORY = 1_500_000_000  # bytes of address space beyond what the readers need to be there
HANGS = 30.0  # seconds for a file of a few kilobytes; neighbours may be busy
BATCH = 200
SAMPLES = [
    path.read_bytes()
    for path in sorted((ROOT / "tests" / "data" / "hostile").iterdir())
    if path.suffix != ".py"
]
STUDIES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "sample_data").rglob("study.toml"))]


# Files ----------------------------------------------------------------------------------------------------------------


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """A file with some of its bytes cut, doubled, swapped or replaced."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3, 6]))):
        if not data:
            break
        first = draw(st.integers(0, len(data) - 1))
        last = min(len(data), first + draw(st.sampled_from([1, 2, 7, 64, 1000])))
        how = draw(st.sampled_from(["cut", "double", "replace", "insert", "end"]))
        if how == "cut":
            del data[first:last]
        elif how == "double":
            data[first:first] = data[first:last]
        elif how == "replace":
            data[first:last] = draw(st.binary(min_size=0, max_size=last - first))
        elif how == "insert":
            data[first:first] = draw(st.sampled_from(PIECES))
        else:
            del data[first:]
    return bytes(data)


PIECES = [
    b'"', b'""', b"\r", b"\n", b"\r\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1a", b",,,,", b";", b"\t", b"#",
    b"=1+1", b"1e999", b"-0", b"NaN", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"'" * 40, b"," * 3000, b'"' * 999,
    b"99999999999999999999",
    b"1.2.3", b"31/02/2020", b"<0.1", b"sep=;\n",
]  # fmt: skip
CELLS = st.one_of(
    st.text(max_size=12),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(repr),
    st.sampled_from(
        [
            "",
            "NA",
            "12 mm",
            "3,4",
            "1.234,5",
            "<0.1",
            ">100",
            "是",
            "否",
            "yes",
            "2020-02-30",
            "31.12.1999",
            "１２",
        ]
    ),
)


@st.composite
def delimited(draw: st.DrawFn) -> bytes:
    """A table as text, in some dialect and encoding."""
    columns = draw(st.integers(1, 6))
    rows = draw(st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=0, max_size=12))
    rows *= draw(st.sampled_from([1, 1, 5, 20]))  # a study is looked for in a table of some length only
    sign = draw(st.sampled_from([",", ";", "\t", "|"]))
    quote = draw(st.booleans())
    header = draw(st.lists(st.text(max_size=8), min_size=columns, max_size=columns))
    lines = [
        sign.join('"' + c.replace('"', '""') + '"' if quote else c for c in row) for row in [header, *rows]
    ]
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines)
    coding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030", "latin-1", "cp1252"]))
    return text.encode(coding, "replace")


def workbook() -> bytes:
    """A small workbook of cells of many kinds."""
    out = io.BytesIO()
    frame = pd.DataFrame(
        {
            "id": [f"P{n}" for n in range(30)],
            "size (mm)": [1.5, None, 20.0] * 10,
            "when": pd.to_datetime(["2020-01-02", None] * 15),
            "relapse": [0, 1, 1] * 10,
        }
    )
    frame.to_excel(out, index=False)
    return out.getvalue()


@st.composite
def damaged_workbook(draw: st.DrawFn) -> bytes:
    """A workbook one of whose parts is damaged, and packed again."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(WORKBOOK)) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        names = given.namelist()
        chosen = draw(st.sampled_from(names))
        for name in names:
            content = given.read(name)
            made.writestr(name, draw(damaged(st.just(content))) if name == chosen else content)
    return out.getvalue()


def parquet(nested: bool) -> bytes:
    """A small Parquet file of columns of many kinds, one of them lists if `nested`: no table has those."""
    out = io.BytesIO()
    kinds: dict[str, Any] = {
        "id": ["a", None] * 15,
        "x": np.r_[np.nan, np.arange(29.0)],
        "t": pd.to_datetime(["2020-01-02", None] * 15),
        "b": [True, None, False] * 10,
    }
    pd.DataFrame(kinds | ({"l": [[1], [2, 3]] * 15} if nested else {})).to_parquet(out, compression=None)
    return out.getvalue()


WORKBOOK, PARQUET, NESTED = workbook(), parquet(False), parquet(True)


def archive(name: str, content: bytes) -> bytes:
    """A zip file of one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, content)
    return out.getvalue()


FILES: dict[str, st.SearchStrategy[bytes]] = {
    "bytes.csv": st.binary(max_size=4096),
    "dialect.csv": damaged(delimited()),
    "hostile.csv": damaged(st.sampled_from(SAMPLES)),
    "book.xlsx": st.one_of(damaged_workbook(), damaged(st.just(WORKBOOK))),
    "table.parquet": damaged(st.sampled_from([PARQUET, PARQUET, NESTED])),
    "archive.xlsx": st.builds(
        archive, st.sampled_from(["xl/workbook.xml", "a/../../b", "x" * 300]), st.binary(max_size=2000)
    ),
}


@st.composite
def study_text(draw: st.DrawFn) -> str:
    """A study file some of whose lines are gone, doubled, moved or changed."""
    lines = draw(st.sampled_from(STUDIES)).splitlines()
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, max(0, len(lines) - 1)))
        how = draw(st.sampled_from(["drop", "double", "swap", "value", "text", "nest"]))
        if how == "drop" and lines:
            del lines[place]
        elif how == "double" and lines:
            lines.insert(place, lines[place])
        elif how == "swap" and lines:
            other = draw(st.integers(0, len(lines) - 1))
            lines[place], lines[other] = lines[other], lines[place]
        elif how == "value" and lines:
            values = [
                "[]",
                "{}",
                "1e999",
                "-1",
                "nan",
                '"x"',
                "true",
                "[[1]]",
                '""',
                "1979-05-27",
                "[1,",
                '"""',
            ]
            lines[place] = lines[place].split("=")[0] + "= " + draw(st.sampled_from(values))
        elif how == "text":
            lines.insert(place, draw(st.text(max_size=40)))
        else:
            lines.insert(place, "x = " + "[" * draw(st.integers(1, 500)))
    return "\n".join(lines)


CONDITION = st.lists(
    st.sampled_from(["age", "size", "1", "2.5", "'x'", "==", "!=", "<", ">=", "and", "or", "not", "in", "(", ")", "[", "]",
                     ",", "missing", "-", "+", "*", "/", "**", "is", "None", "True", "lambda", "__class__", ".", "\n", "\0",
                     "9" * 400]),
    max_size=60,
).map(" ".join)  # fmt: skip


# Readers --------------------------------------------------------------------------------------------------------------


def _table(name: str, data: bytes) -> str:
    from mtl.data import DataError
    from mtl.tables import clean, read_raw
    from mtl.tables.infer import infer
    from mtl.tables.look import look

    try:
        cleaned = clean(read_raw(data, name=name))
    except DataError:
        return "refused"
    try:
        found = infer(cleaned.table, cleaned.units)
    except DataError:
        return "read, no study"
    look(found.study, cleaned.table)
    return "read"


def _study(_name: str, data: bytes) -> str:
    from mtl.study import Study, StudyError

    try:
        Study.from_toml(data.decode())
    except StudyError:
        return "refused"
    return "read"


def _condition(_name: str, data: bytes) -> str:
    from mtl.expressions import ExpressionError, parse

    try:
        parse(data.decode()).columns  # noqa: B018 - reading is the point
    except ExpressionError:
        return "refused"
    return "read"


READERS: dict[str, Callable[[str, bytes], str]] = {"study.toml": _study, "condition": _condition}


def read_there(pipe: Connection, limit: int) -> None:
    """The reading process: it may grow by so much, and says how each reading ended."""
    warnings.simplefilter("ignore")
    for name, data in (("warm.csv", SAMPLES[0]), ("warm.xlsx", WORKBOOK), ("warm.parquet", PARQUET)):
        _table(name, data)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + limit, now + limit))
    pipe.send("ready")
    while True:
        name, data = pipe.recv()
        try:
            pipe.send((READERS.get(name, _table)(name, data), ""))
        except BaseException as error:
            frames = [f for f in traceback.extract_tb(error.__traceback__) if "/mtl/" in f.filename]
            place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "elsewhere"
            pipe.send(("wrong", f"{type(error).__name__} at {place}: {error}"[:200]))


@dataclass
class Found:
    """How the readings ended."""

    ended: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    largest: float = 0.0


class Reading:
    """The process that reads, started again when a file was too much for it."""

    def __init__(self, kept: Path) -> None:
        self.kept, self.found = kept, Found()
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=read_there, args=(theirs, MEMORY), daemon=True)
        self._process.start()
        theirs.close()
        if not self._pipe.poll(120) or self._pipe.recv() != "ready":
            raise SystemExit("the reading process does not start")

    def read(self, name: str, data: bytes) -> None:
        """Have a file read, and note how that ended."""
        begin = time.monotonic()
        self._pipe.send((name, data))
        try:
            how, why = self._pipe.recv() if self._pipe.poll(HANGS) else ("wrong", f"more than {HANGS:g} s")
        except EOFError:
            self._process.join()
            how, why = "wrong", f"the process ended with {self._process.exitcode}"
        took = time.monotonic() - begin
        self.found.slowest = max(self.found.slowest, (took, name))
        self.found.ended[f"{name}: {how}"] += 1
        if how == "wrong":
            text = re.sub(r"\d{2,}", "…", f"{name}: {why}")
            if text not in self.found.wrong:
                self.kept.mkdir(exist_ok=True)
                (self.kept / f"{len(self.found.wrong)}-{name}").write_bytes(data)
            self.found.wrong[text] += 1
            if not self._process.is_alive() or why.startswith("more than"):
                self._process.kill()
                self._start()
        status = Path(f"/proc/{self._process.pid}/status")
        if status.is_file():
            peak = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
            self.found.largest = max(self.found.largest, int(peak[0].split()[1]) / 1024 if peak else 0.0)

    def end(self) -> None:
        self._process.kill()
        self._process.join()


def feeding(
    name: str, source: st.SearchStrategy[bytes], reading: Reading, start: str, until: float
) -> Callable[[], None]:
    """A batch of files for one reader."""

    @seed(random.Random(start).randrange(2**32))
    @settings(
        max_examples=BATCH, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(data=source)
    def feed(data: bytes) -> None:
        if time.monotonic() < until:
            reading.read(name, data)

    return feed


def fuzz(seconds: float, number: int, kept: Path) -> Found:
    """Feed the readers in turn until the time is over."""
    reading = Reading(kept)
    sources: list[tuple[str, st.SearchStrategy[Any]]] = [
        *FILES.items(), ("study.toml", study_text().map(lambda text: text.encode(errors="replace"))),
        ("condition", CONDITION.map(str.encode)),
    ]  # fmt: skip
    until, turn = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        for name, source in sources:
            turn += 1

            feeding(name, source, reading, f"{number}/{turn}", until)()
    reading.end()
    return reading.found


def main() -> int:
    """Print the counts, or one JSON object; 1 where a reader crashed, hung or took too much."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="half a minute")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz-found", help="files that were wrong"
    )
    options = parser.parse_args()
    found = fuzz(30.0 if options.short else options.seconds, options.seed, options.keep)
    result = {
        "files": sum(found.ended.values()), "ended": dict(sorted(found.ended.items())), "wrong": dict(found.wrong),
        "slowest_s": round(found.slowest[0], 2), "slowest": found.slowest[1], "peak_mb": round(found.largest),
    }  # fmt: skip
    if options.json:
        print(json.dumps({"fuzz": result}))
    else:
        print(
            f"{result['files']:,} files; slowest {result['slowest_s']} s ({result['slowest']}); peak {result['peak_mb']} MB"
        )
        for name, count in result["ended"].items():
            print(f"{count:>8} {name}")
        for text, count in found.wrong.most_common():
            print(f"WRONG {count} x {text}")
        if found.wrong:
            print(f"the files are in {options.keep}")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

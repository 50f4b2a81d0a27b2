"""`train`: fit every task of a study, say how well each does on patients it has not seen, and save the model."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import pandas as pd

from mtl.commands import reading, scoring
from mtl.commands.console import Answer, CommandError, Console
from mtl.commands.models import Opened
from mtl.commands.profile import study_name
from mtl.commands.scoring import Score
from mtl.commands.tables import Notes, identifiers
from mtl.data import encode, targets
from mtl.language import number
from mtl.model import files
from mtl.model.refits import REFITS
from mtl.model.train import EFFORTS
from mtl.multitask import MultiTaskModel, describe
from mtl.study import Study, StudyError
from mtl.tables.infer import Inferred, infer, with_identifier
from mtl.tables.questions import Answers

FITTING = 0.9  # share of the work that is fitting; the rest is judging


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `train`."""
    parser.add_argument("table", metavar="TABLE", help="patients to learn from: .csv, .tsv or .parquet")
    parser.add_argument(
        "--study",
        metavar="FILE",
        help="the study (TOML); if left out study.toml beside TABLE, else it is inferred",
    )
    reading.add_arguments(parser, with_plain=False)
    parser.add_argument(
        "--out", metavar="DIR", required=True, help="folder for the model; a model there is replaced"
    )
    parser.add_argument(
        "--effort", choices=list(EFFORTS), default="quick", help="quick, or thorough: tries more trees"
    )
    parser.add_argument(
        "--seed", metavar="N", type=_seed, default=0, help="same number, same model; 0 if left out"
    )
    parser.add_argument("--test", metavar="TABLE", help="other patients to judge the model by")
    parser.add_argument("--no-intervals", action="store_true", help="numbers without intervals: faster")
    parser.add_argument(
        "--refits", metavar="N", type=_count, default=0,
        help=f"refits behind the intervals of predicted risks, {REFITS} are enough; none if left out",
    )  # fmt: skip


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from 0 to 999999999")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) == 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not 0 or a whole number from 2 to 999")
    return int(text)


def run(args: argparse.Namespace, console: Console) -> Answer:
    """Train, judge out of fold and on the test table, save."""
    check_target(Path(args.out))
    study, table, test, answers = _tables(args, console)
    _look(study, table, console, "")
    if test is not None:
        _look(study, test, console, "test table: ")
        _overlap(study, table, test, console)
    model = MultiTaskModel(study, effort=args.effort, random_state=args.seed)
    with console.progress() as bar:
        model.fit(table, progress=lambda doing, share: bar.at(FITTING * share, doing))
        steps = len(model.tasks_) * (1 if test is None else 2)
        done = [0]

        def judged(task: str) -> None:
            done[0] += 1
            bar.at(FITTING + (1 - FITTING) * done[0] / steps, f"judging {task}")

        intervals = not args.no_intervals
        own = scoring.score(model, table, scoring.out_of_fold(model, table), intervals, judged)
        own = scoring.without_fitted(model, own)
        other = None
        if test is not None:
            said = [describe(note) for note in encode(study, test).notes]
            with console.hearing(known=said, where="test table: "):
                given = scoring.predicted(Opened(model), test)
            other = scoring.score(model, test, given, intervals, judged)
    if args.refits:
        with console.progress() as bar:
            model.fit_intervals(table, args.refits, progress=lambda doing, share: bar.at(share, doing))
    files.write_folder(args.out, reading.remember(model.files(), answers))
    console.note(f"model {model.version_} saved in {args.out}")
    return Answer(_data(args, model, table, own, test, other), _text(model, table, own, other))


def _tables(
    args: argparse.Namespace, console: Console
) -> tuple[Study, pd.DataFrame, pd.DataFrame | None, Answers | None]:
    """The study, the table, the test table, and how they were cleaned; without a study, one is inferred and they are."""
    answers = reading.asked(args)
    chosen = Path(args.study) if args.study is not None else Path(args.table).parent / "study.toml"
    if args.study is None and not chosen.is_file():
        answers = answers or Answers()
        cleaned = reading.read_clean(args.table, console, answers)
        found = infer(cleaned.table, cleaned.units, name=study_name(args.table))
        _say_inferred(found, console)
        study, table = found.study, cleaned.table
        return study, with_identifier(study, table), _test(study, args.test, answers, console), answers
    if not chosen.is_file():
        raise CommandError(f"{chosen}: no such file; check the path")
    try:
        study = Study.from_toml(chosen)
    except UnicodeDecodeError:
        raise StudyError(f"{chosen}: not UTF-8 text; save it as UTF-8") from None
    table = reading.read_for(study, args.table, answers, console)
    if answers is not None:
        table = with_identifier(study, table)
    return study, table, _test(study, args.test, answers, console), answers


def _test(study: Study, path: str | None, answers: Answers | None, console: Console) -> pd.DataFrame | None:
    if path is None:
        return None
    table = reading.read_for(study, path, answers, console, "test table: ")
    return table if answers is None else with_identifier(study, table)


def _say_inferred(found: Inferred, console: Console) -> None:
    """Say that the study is a guess, what it asks, and which suspected leaks it leaves out."""
    asked = ", ".join(f"{task.name} ({task.kind})" for task in found.study.tasks)
    console.warn(
        f"no study was given, so one was inferred: {asked} from {len(found.study.features)} features; "
        "`profile` shows every guess, and --study-out writes the study to correct"
    )
    for column in dict.fromkeys(s.column for s in found.suspicions if s.kind == "leakage"):
        why = next(s.reason for s in found.suspicions if s.column == column and s.kind == "leakage")
        console.warn(f"column {column!r} is left out, a suspected leak: {why}")


def check_target(out: Path) -> None:
    """Before an hour of work: the model can be written to `out`, and nothing but a model would be replaced.

    Raises
    ------
    CommandError
        Something else is there.
    OSError
        The place cannot be written to.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise CommandError(f"{out} exists and is not a folder; choose another name")
    if out.is_dir() and any(out.iterdir()):
        strangers = sorted(path.name for path in out.iterdir() if path.name not in _own_files(out))
        if strangers:
            raise CommandError(
                f"{out} holds what is not part of a model ({strangers[0][:60]!r}); choose another folder"
            )
    parent = out.absolute().parent
    blocking = [above for above in (parent, *parent.parents) if above.exists() and not above.is_dir()]
    if blocking:
        raise CommandError(f"{blocking[0]} is not a folder; choose another name")
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=parent):
        pass


def _own_files(folder: Path) -> set[str]:
    """The names that a model's manifest lists, and the manifest; nothing where there is no model."""
    try:
        manifest = json.loads((folder / files.MANIFEST).read_bytes())
        if manifest["format"] == files.FORMAT:
            return {files.MANIFEST, *manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()
    return set()


def _look(study: Study, table: pd.DataFrame, console: Console, where: str) -> None:
    """Warn of cells that could not be read, and of an identifier that is missing or not unique."""
    notes = Notes()
    notes.add(
        [*encode(study, table).notes, *(note for t in targets(study, table).values() for note in t.notes)]
    )
    notes.tell(console, where)
    if study.identifier not in table.columns:
        console.warn(f"{where}no column {study.identifier!r}, the study's identifier")
        return
    repeated = int(table[study.identifier].dropna().duplicated(keep=False).sum())
    if repeated and (study.patient is None or study.patient == study.identifier):
        console.warn(
            f"{where}{number(repeated)} rows share their {study.identifier} with another row; "
            "rows of one patient stay in one fold only where the study names a patient column"
        )


def _overlap(study: Study, table: pd.DataFrame, test: pd.DataFrame, console: Console) -> None:
    """Warn of patients who are in both tables: the same identifier and the same findings."""
    known = set(_patients(study, table))
    both = sum(patient in known for patient in _patients(study, test))
    if both:
        console.warn(
            f"test table: {number(both)} rows are also in the training table, with identifier and findings"
        )


def _patients(study: Study, table: pd.DataFrame) -> list[tuple[str | None, bytes]]:
    X = encode(study, table).X
    return [(name, row.tobytes()) for name, row in zip(identifiers(table, study), X, strict=True)]


def _data(
    args: argparse.Namespace,
    model: MultiTaskModel,
    table: pd.DataFrame,
    own: dict[str, Score],
    test: pd.DataFrame | None,
    other: dict[str, Score] | None,
) -> dict[str, object]:
    blend = model.training_["blend"]
    weights = {task: dict(zip(b["experts"], b["weights"], strict=True)) for task, b in blend.items()}
    answer: dict[str, object] = {
        "model": {"path": args.out, "version": model.version_, "study": model.study.name},
        "effort": args.effort,
        "seed": args.seed,
        "rows": len(table),
        "tasks": {
            task: {**found.to_dict(), "weights": weights[task], "sharing": blend[task]["sharing"]}
            for task, found in own.items()
        },
        "refits": 0 if model.intervals_ is None else model.intervals_.count,
        "left_out": model.left_out_,
    }
    if test is not None and other is not None:
        answer["test"] = {
            "rows": len(test),
            "tasks": {task: found.to_dict() for task, found in other.items()},
        }
    return answer


def _text(
    model: MultiTaskModel, table: pd.DataFrame, own: dict[str, Score], other: dict[str, Score] | None
) -> str:
    columns = {"out of fold": own} if other is None else {"out of fold": own, "test": other}
    head = f"{model.study.title or model.study.name}: {number(len(table))} patients, model {model.version_}"
    left_out = [f"Left out: {task}: {why}" for task, why in model.left_out_.items()]
    apart = [
        f"{task}: sharing hurts here (held-out loss {-found['gain']:.4f} higher): its shared trees were left out"
        for task, found in ((task, told["sharing"]) for task, told in model.training_["blend"].items())
        if found is not None and found["left_out"]
    ]
    return "\n\n".join([head, scoring.score_table(model.study, columns), *apart, *left_out])

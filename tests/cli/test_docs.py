"""docs/cli.md: every command has its example, and the examples have the shape of real answers."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from mtl.__main__ import COMMANDS, bound, parsers

from .conftest import CYTOLOGY, Call

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
EXAMPLES = {
    name: json.loads(text)
    for name, text in re.findall(r"```json example=(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)
}
CALLS = re.findall(r"python -m mtl (.*)", PAGE.replace("\\\n", " "))
VARIES = {
    "metrics",
    "scores",
    "gain",
    "rounds",
    "control",
    "contributions",
    "sentences",
    "weights",
    "printed",
}  # an example shows some of them


def test_every_command_has_a_section() -> None:
    assert re.findall(r"^## (\w+)$", PAGE, flags=re.MULTILINE) == list(COMMANDS)
    assert {call.split()[0] for call in CALLS} - {"COMMAND`."} == set(COMMANDS)


@pytest.mark.parametrize("call", [call for call in CALLS if not call.startswith("COMMAND")])
def test_every_call_is_understood(call: str) -> None:
    parsers()[0].parse_args(bound(shlex.split(call)))


def test_every_option_is_written_of() -> None:
    for name, parser in parsers()[1].items():
        section = PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0] + PAGE.split("## train")[0]
        for option in re.findall(r"--[a-z-]+", parser.format_help()):
            assert option in section or option == "--help", f"{name} {option}"


def same_shape(example: Any, real: Any, where: str = "") -> None:
    """Keys of the example are those of the answer, to the depth where an example shows only some."""
    if isinstance(example, dict):
        assert isinstance(real, dict), where
        last = where.rsplit(".", 1)[-1]
        if last in VARIES or last in ("tasks", "values", "explained", "columns"):
            assert set(example) <= set(real), where
        else:
            assert set(example) == set(real), where
        for key, value in example.items():
            same_shape(value, real[key], f"{where}.{key}")
    elif isinstance(example, list):
        assert isinstance(real, list), where
        if example:
            same_shape(example[0], real[0], f"{where}[0]")
    elif example is None or real is None:
        assert example is real, where
    else:
        numbers = (int, float)
        assert isinstance(real, numbers if isinstance(example, numbers) else type(example)), where


def test_the_answers_have_the_shape_of_the_examples(mtl: Call, tmp_path: Path) -> None:
    model, test = tmp_path / "model", CYTOLOGY / "test.csv"
    calls = {
        "profile": ["profile", CYTOLOGY / "train.csv", "--study-out", tmp_path / "study.toml"],
        "train": ["train", CYTOLOGY / "train.csv", "--out", model, "--test", test],
        "evaluate": ["evaluate", model, test],
        "predict": ["predict", model, test, "--out", tmp_path / "p.csv"],
        "case": ["predict", model, "-"],
        "explain": ["explain", model, test, "--id", "4", "--task", "malignant"],
        "report": ["report", model, test, "--id", "4", "--out", tmp_path / "case.pdf"],
        "card": ["card", model, "--out", tmp_path / "card.md"],
        "validate": ["validate", model, test, "--out", tmp_path / "report.html"],
    }
    own_test = {"link", "transfer", "backup", "restore", "forget", "audit"}
    assert set(EXAMPLES) == {*calls, *own_test}
    for name, call in calls.items():
        case = b'{"mean_area": 386.1, "mean_texture": null}' if name == "case" else None
        real = mtl(*call, "--json", stdin=case).json
        same_shape(EXAMPLES[name], real, name)


def test_the_metrics_named_are_those_there_are(mtl: Call, cytology: Path, pbc: Path) -> None:
    rows = dict(
        re.findall(r"^\| (binary|multiclass|regression|survival) \| (.*) \|$", PAGE, flags=re.MULTILINE)
    )
    tables = {cytology: CYTOLOGY / "test.csv", pbc: CYTOLOGY.parent / "pbc" / "cohort.csv"}
    for model, table in tables.items():
        for task in mtl("evaluate", model, table, "--json", "--no-intervals").json["tasks"].values():
            named = set(re.findall(r"`([^`]+)`", rows[task["kind"]]))
            found = {re.sub(r"=.*", "=class", re.sub(r"@.*", "@5y", name)) for name in task["metrics"]}
            assert named == found

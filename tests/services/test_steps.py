"""Every step that a job reports has words in every language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mtl.evidence.techniques import TECHNIQUES
from mtl.language import use
from mtl.services import steps

ROOT = Path(__file__).parents[2] / "mtl"
#: Who is told how far something is, by the names that the code gives them.
TOLD = {"report", "told", "log", "progress", "_within", "Step", "Piece"}


def heads(tree: ast.AST) -> set[str]:
    """What is reported in a module: the first argument of whoever is told, as far as it is written there."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if isinstance(first, ast.JoinedStr):
            first = first.values[0]
        if name in TOLD and isinstance(first, ast.Constant) and isinstance(first.value, str):
            found.add(first.value.removeprefix("training: ").partition(": ")[0])
    return found - {""}


def test_whatever_a_job_reports_has_words() -> None:
    found = {*TECHNIQUES} - {"blend", "linear"}
    for room in ("evidence", "jobs", "model", "store"):
        for path in (ROOT / room).rglob("*.py"):
            found |= {
                head for head in heads(ast.parse(path.read_text(encoding="utf-8"))) if " failed" not in head
            }
    assert {"metrics", "control", "experts", "own trees", "scoring", "blanking"} <= found
    assert found - {"job failed"} <= {*steps.STEPS}


def test_a_step_is_said_with_the_title_of_its_task() -> None:
    assert steps.said("") == "waiting"
    assert steps.said("metrics: death", str.upper) == "metrics: DEATH"
    assert steps.said("training: own trees: death", str.upper) == "training (own trees: DEATH)"
    assert steps.said("something else") == "something else"
    with use("zh_Hans"):
        assert steps.said("training: own trees: x") == "训练中（单任务树：x）"


@pytest.mark.parametrize("step", steps.STEPS)
def test_a_step_is_no_english_on_a_chinese_page(step: str) -> None:
    with use("zh_Hans"):
        assert not any("a" <= letter <= "z" for letter in steps.said(step))

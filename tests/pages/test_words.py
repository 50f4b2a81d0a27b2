"""What a person reads can be translated, and what comes from a file is shown as it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mtl.figures.markup import text
from mtl.services.patients.view import Number
from pages.ui import export, say

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "pages").rglob("*.py"), *(ROOT / "mtl").rglob("*.py")])


def test_no_message_hides_inside_an_f_string() -> None:
    """The collector of strings does not look into f-strings, so such a message would never be translated."""
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            for call in ast.walk(node):
                named = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                if named and call.func.id in ("_", "ngettext") and isinstance(call.args[0], ast.Constant):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not found


@pytest.mark.parametrize(
    "hostile", ["![x](http://a/b.png)", "<img src=x>", "$x$", ":red[a]", "[a](b)", "`a`\n# b"]
)
def test_markdown_shows_hostile_words_as_they_are(hostile: str) -> None:
    written = say.markdown(hostile)
    assert "\n" not in written
    for sign in "[]()<>$:`#":
        assert written.count(sign) == written.count("\\" + sign)


def test_markup_escapes_both_kinds_of_quotes() -> None:
    assert not set("<>\"'") & set(text("<a href='x' title=\"y\">"))


@pytest.mark.parametrize("cell", ["=1+1", "+a", "-a", "@a", "\tx", "\rx", " =x"])
def test_a_cell_is_never_a_formula(cell: str) -> None:
    assert str(export.safe(cell)).startswith("'")


def test_numbers_stay_numbers() -> None:
    assert export.safe(-1.5) == -1.5


@pytest.mark.parametrize(("value", "figure"), [(0.584, "58"), (0.001, "<1"), (0.9999, ">99"), (0.0, "0")])
def test_the_count_of_hundred_is_the_percentage(value: float, figure: str) -> None:
    assert say.of_hundred(value) == figure


def test_an_interval_is_said_or_pending() -> None:
    without = Number("a", "a", 0.58, "58 %")
    assert say.interval("binary", without) == "interval pending"
    assert say.interval("binary", Number("a", "a", 0.58, "58 %", 0.49, 0.66)) == "49 to 66"
    assert say.interval("binary", Number("a", "a", None, "–", reason="too few")) == ""

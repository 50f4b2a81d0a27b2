"""The house: floors, settings that hide, fonts, pins and the commands of the Makefile."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from packaging.requirements import Requirement

from mtl.figures.palette import DARK, LIGHT, Palette
from tools import fonts

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
STATIC = ROOT / "pages" / "static"
PAGES = sorted(p for p in (ROOT / "pages").glob("*.py") if p.name not in ("__init__.py", "shell.py"))


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_the_floors_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_server_entry_stands_on_services() -> None:
    """The import linter sees packages only; app.py is a file. What a failing page shows is a page's affair."""
    ours = {name for name in imports(ROOT / "app.py") if name.split(".")[0] in ("mtl", "pages")}
    assert ours <= {"mtl.services", "pages.ui"}


def test_no_page_is_named_like_a_standard_module() -> None:
    """`pages/` comes first on sys.path: a page called profile.py would break cProfile."""
    taken = {path.stem for path in (ROOT / "pages").glob("*")} & set(sys.stdlib_module_names)
    assert not taken


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_page_asks_the_guard_first(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    calls = [node for node in body if not isinstance(node, (ast.Import, ast.ImportFrom))][1:]
    assert ast.unparse(calls[0]).startswith("guard("), "the first statement after the imports is guard(...)"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


def test_streamlit_keeps_the_settings_we_ship() -> None:
    """A renamed option would be ignored without a word; the collector's is a hidden one."""
    code = (
        "import json; from streamlit import config; options = config.get_config_options();"
        "set_here = [key for key in options if options[key].where_defined != '<default>'];"
        "print(json.dumps({key: options[key].value for key in set_here}, default=str))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment(),
    )
    held = json.loads(answer.stdout)
    for section in ("browser", "client", "server", "runner"):
        for name, value in CONFIG[section].items():
            assert held[f"{section}.{name}"] == value
    assert CONFIG["runner"]["postScriptGC"] is False


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}


@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_the_theme_has_the_colours_of_the_figures(scheme: str, palette: Palette) -> None:
    theme = CONFIG["theme"][scheme]
    assert theme["primaryColor"] == theme["linkColor"] == palette.primary
    assert theme["backgroundColor"] == palette.background
    assert theme["secondaryBackgroundColor"] == palette.surface
    assert theme["textColor"] == palette.text
    assert theme["borderColor"] == palette.border
    assert theme["grayTextColor"] == palette.muted
    assert theme["sidebar"]["backgroundColor"] == palette.sidebar


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_published_example() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known near miss


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_marks_can_be_seen(palette: Palette) -> None:
    for ground in (palette.background, palette.surface, palette.sidebar):
        for word in (palette.text, palette.muted, palette.primary, palette.raises, palette.lowers):
            assert contrast(word, ground) >= 4.5
    for line in palette.series:
        assert contrast(line, palette.surface) >= 3
    assert all(re.fullmatch("#[0-9a-f]{6}", v) for v in asdict(palette).values() if isinstance(v, str))


@pytest.mark.parametrize("weight", ["regular", "bold"])
def test_the_chinese_font_has_every_character_we_use(weight: str) -> None:
    held = TTFont(STATIC / f"noto-sans-sc-{weight}.woff2").getBestCmap()
    missing = {c for c in fonts.used_characters() | fonts.gb2312_level_1() if ord(c) not in held}
    assert not missing, "run `python tools/fonts.py`"


def test_gb2312_level_1_is_complete() -> None:
    """3,755 characters, from 啊 to 座 (GB/T 2312-1980)."""
    characters = fonts.gb2312_level_1()
    assert len(characters) == 3755
    assert {"啊", "座"} <= characters
    assert "亍" not in characters  # the first of level 2


def test_fonts_are_small_and_licensed() -> None:
    faces = CONFIG["theme"]["fontFaces"]
    files = {STATIC / face["url"].removeprefix("app/static/") for face in faces}
    assert sum(file.stat().st_size for file in files) < 3_000_000
    for name in ("inter", "noto-sans-sc"):
        assert "SIL OPEN FONT LICENSE" in (STATIC / f"{name}-OFL.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_installed(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line or line.startswith(("#", "-r")):
            continue
        requirement = Requirement(line)
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), f"{line} is not pinned"
        assert requirement.specifier.contains(importlib.metadata.version(requirement.name)), line


def test_without_root_the_line_to_run_is_printed(tmp_path: Path) -> None:
    """A machine with neither the package nor a way to install it is told what to do."""
    for name, body in {"id": "echo 1000", "dpkg-query": "exit 1", "sudo": "exit 1"}.items():
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\n{body}\n")
        tool.chmod(0o755)
    result = subprocess.run(
        ["sh", str(ROOT / "tools" / "system.sh"), "libnosuch1"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "apt-get install -y --no-install-recommends libnosuch1" in result.stderr

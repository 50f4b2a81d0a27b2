"""docs/example.py runs, and docs/example.md shows it and what it prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "example.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


def test_the_page_shows_the_script() -> None:
    script = (ROOT / "docs" / "example.py").read_text(encoding="utf-8")
    assert block("python").strip() == script.split('"""', 2)[2].strip()


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    """After a change: run `python docs/example.py` and put what it prints into the page."""
    run = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "example.py")],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CONSILIUM_HOME": str(tmp_path), "PYTHONUTF8": "1"},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == block("text")

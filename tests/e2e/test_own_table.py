"""A researcher with a real export: from messy_clinic.csv to a trained model's patients, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
TRAINING = 120_000  # milliseconds


def test_from_a_messy_export_to_a_model(
    serve: Callable[..., object], sample_home: Path, tmp_path: Path, new_page: Callable[..., Page]
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample_home, home)
    url = serve(home=home).url  # type: ignore[attr-defined]
    tab = new_page()
    tab.goto(f"{url}/upload")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Bring a table")
    tab.locator("input[type=file]").set_input_files(ROOT / "sample_data" / "messy_clinic.csv")
    expect(tab.get_by_text("4 lines are no rows")).to_be_visible()
    for question in range(2):
        tab.get_by_text("yes, it means unknown").nth(question).click()
    tab.get_by_role("button", name="Answer").click()
    expect(tab.get_by_text("All questions are answered.")).to_be_visible()
    with tab.expect_download() as log:
        tab.get_by_role("button", name="Cleaning log (CSV)").click()
    lines = log.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "row,line,column,before,after,rule" and len(lines) > 4_000
    tab.get_by_role("link", name="Make a study of it").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Study")
    tab.get_by_role("link", name="Train a model of it").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Train")
    tab.get_by_role("button", name="Train", exact=True).click()
    expect(tab.get_by_role("progressbar")).to_be_visible()
    tab.reload()
    expect(tab.get_by_text("How well it does on patients it has not seen")).to_be_visible(timeout=TRAINING)
    tab.get_by_role("button", name="Use this model: see the patients").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Patients")
    expect(tab.get_by_text("420")).not_to_have_count(0)

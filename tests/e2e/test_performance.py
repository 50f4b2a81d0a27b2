"""Evidence in a real browser: begun by itself, followed, and in the end the command line's numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from mtl.__main__ import main
from mtl.services.evidence import words as evidence_words
from mtl.store import database

NewPage = Callable[..., Page]
GBSG = Path(__file__).parents[2] / "sample_data" / "gbsg" / "cohort.csv"
COMPUTING = 120_000  # milliseconds, beside other tests


@pytest.fixture(autouse=True)
def same_home(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield
    database.close()


def test_the_pages_numbers_are_the_command_lines(
    app_url: str, new_page: NewPage, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["evaluate", "rotterdam", str(GBSG), "--json"]) == 0
    tasks = json.loads(capsys.readouterr().out)["tasks"]
    tab = new_page()
    tab.goto(f"{app_url}/performance?cohort=gbsg&panel=accuracy&task=recurrence")
    metrics = tab.locator(".st-key-card_accuracy_all")
    expect(metrics).to_be_visible(timeout=COMPUTING)
    for value in tasks["recurrence"]["metrics"].values():
        expect(metrics).to_contain_text(evidence_words.value(value), use_inner_text=True)
    expect(metrics).to_contain_text("not estimable: fewer than 20 patients still at risk at 10 years")
    # A table written for the screen: what is told of every task at a glance is told again closely.
    tab.get_by_role("radio", name="Hormone therapy").click()
    expect(tab).to_have_url(re.compile("task=hormone_therapy"))
    for value in tasks["hormone_therapy"]["metrics"].values():
        expect(metrics).to_contain_text(evidence_words.value(value), use_inner_text=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_cutoffs(app_url: str, new_page: NewPage, scheme: str) -> None:
    tab = new_page(color_scheme=scheme, bypass_csp=True)
    tab.goto(f"{app_url}/performance?cohort=gbsg&panel=cutoff&task=recurrence&cutoff=0.37")
    expect(tab.locator(".st-key-card_cutoff_decision .js-plotly-plot")).to_be_visible(timeout=COMPUTING)
    expect(tab.locator(".st-key-card_cutoff_choice")).to_contain_text("Of 100 patients")
    result = Axe().run(tab)
    assert result.violations_count == 0, result.generate_report()

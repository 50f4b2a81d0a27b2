"""The tour with a presenter's remote, and a case on paper with the keyboard alone."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from mtl import language
from mtl.services.patients import cases, cohorts
from mtl.services.tour import story
from mtl.store import database
from pages.ui import navigation

NewPage = Callable[..., Page]


@pytest.fixture(autouse=True)
def same_home(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield
    database.close()


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_a_presenter_walks_to_the_end(app_url: str, new_page: NewPage, lang: str) -> None:
    """Nothing but the remote's two keys; each view shows what is said above the fold or further down."""
    with language.use(lang):
        told = story.steps([page.address for page in navigation.pages()])
    tab = new_page(locale={"en": "en-GB", "zh_Hans": "zh-CN"}[lang], bypass_csp=True)
    tab.goto(app_url)
    tab.locator(".st-key-story_start button").click()
    tab.locator(".st-key-story_present button").click()
    expect(tab.get_by_test_id("stSidebar")).to_be_hidden()
    for place, step in enumerate(told, start=1):
        expect(tab.locator(".story-words")).to_have_text(step.sentence)
        expect(tab).to_have_url(re.compile(rf"[?&]story={place}\b"))
        main = tab.get_by_test_id("stMainBlockContainer")
        for words in step.shown:
            expect(main).to_contain_text(words, use_inner_text=True)
        if step.focus and step.focus != "chosen":
            expect(tab.locator(f".st-key-card_{step.focus}")).to_be_in_viewport(ratio=0.2)
        tab.keyboard.press("PageDown")
    expect(tab.locator(".story-words")).to_have_count(0)
    expect(tab.get_by_test_id("stSidebar")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_tour(app_url: str, new_page: NewPage, scheme: str) -> None:
    tab = new_page(color_scheme=scheme, bypass_csp=True)
    tab.goto(f"{app_url}/?story=3")  # a pasted link leads to the step's page
    expect(tab.locator(".st-key-card_why")).to_be_in_viewport(ratio=0.2)
    tab.locator(".st-key-story_present button").click()
    expect(tab.get_by_test_id("stSidebar")).to_be_hidden()
    result = Axe().run(tab)
    assert result.violations_count == 0, result.generate_report()


def reach(tab: Page, goal: Locator, most: int = 60) -> None:
    """Press Tab until the goal has the focus."""
    expect(goal).to_be_visible()
    for _ in range(most):
        if goal.evaluate("goal => goal === document.activeElement"):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"{most} times Tab did not reach {goal}")


def test_from_the_cohort_to_the_paper_with_the_keyboard_alone(app_url: str, new_page: NewPage) -> None:
    """The first page, its cohort, the first patient, another task, the sheet: nothing but Tab, arrows and Enter."""
    key = str(cohorts.worklist("rotterdam", cohorts.Query(limit=1)).rows["case_key"].iloc[0])
    case = cases.open_case(key)
    tab = new_page(accept_downloads=True)
    tab.goto(app_url)
    reach(
        tab,
        tab.get_by_role("link", name="Patients", exact=True).or_(tab.locator("a[href*='patients']")).first,
    )
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Patients")
    reach(tab, tab.locator(f".st-key-open_{key} button"), 120)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_contain_text(case.identifier)
    button = tab.locator(".st-key-report button:visible")
    reach(tab, button)
    with tab.expect_download() as download:
        tab.keyboard.press("Enter")
    assert download.value.suggested_filename == f"consilium-{key}.pdf"
    sheet = "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(download.value.path().read_bytes())).pages
    )
    for output in case.outputs:
        number = tab.locator(f'[data-number="{output.headline.column}"]').first.inner_text()
        assert number == output.headline.text
        assert number in sheet

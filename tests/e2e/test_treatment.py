"""From a case to a treatment in a real browser: a promise in five forms, an unknown finding, back to the case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from mtl.services.treatment import treatments
from mtl.store import cohorts, database
from pages.ui.treatment_benefit import FORMS


@pytest.fixture(autouse=True)
def same_home(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield
    database.close()


def settled(tab: Page) -> None:
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def faultless(tab: Page) -> None:
    result = Axe().run(tab)
    assert result.violations_count == 0, result.generate_report()


def test_a_treatment_from_the_case(app_url: str, new_page: Callable[..., Page]) -> None:
    cohort = cohorts.get("rotterdam")
    key = cohort.case_keys[cohort.identifiers().index("41")].decode()
    promise = treatments.view(key, "hormon").expected[0].shown
    assert promise is not None
    # axe is injected as a script text, which the policy of the app rightly refuses
    tab = new_page(bypass_csp=True)
    tab.goto(f"{app_url}/case?case={key}")
    settled(tab)
    tab.get_by_role("link", name="Usual practice and trials").first.click()
    expect(tab.get_by_role("heading", name="3 · Expected difference")).to_be_visible()
    settled(tab)
    for form, label in FORMS.items():
        tab.get_by_role("radio", name=label, exact=True).click()
        shown = tab.locator(f'[data-form="{form}"]')
        expect(shown.locator('[data-benefit="difference"]').first).to_have_text(promise.at(5).difference_text)
        expect(shown.locator('[data-benefit="treated"]').first).to_have_text(promise.at(5).treated_text)
        settled(tab)
        faultless(tab)
    dark = new_page(color_scheme="dark", viewport={"width": 390, "height": 900}, bypass_csp=True)
    dark.goto(tab.url)
    expect(dark.locator('[data-form="icons"]')).to_be_visible()
    settled(dark)
    faultless(dark)
    tab.get_by_role("button", name="Oestrogen receptor", exact=True).click()
    tab.get_by_role("button", name="Apply").click()
    grey = tab.locator('[data-box="expected"]')
    expect(grey).to_contain_text("cannot be said without: Oestrogen receptor")
    expect(tab.locator("[data-benefit]")).to_have_count(0)
    settled(tab)
    faultless(tab)
    tab.get_by_role("button", name="Back to the record").click()
    expect(grey).to_have_count(0)
    assert key in tab.url

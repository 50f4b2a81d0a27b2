"""A patient of one's own, in a real browser: typed in, opened, signed, and marked in the list."""

from __future__ import annotations

import re
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect


def test_new_patient_case_record_worklist(app_url: str, new_page: Callable[..., Page]) -> None:
    tab = new_page(bypass_csp=True)
    name = "Bed 12 <b>"
    tab.goto(f"{app_url}/new?cohort=rotterdam")
    expect(tab.get_by_role("heading", level=1, name="New patient")).to_be_visible()
    expect(tab.get_by_text("valid 18 to 100")).to_be_visible()
    tab.get_by_label("Identifier").fill(name)
    tab.get_by_role("spinbutton", name="Age at surgery").fill("54")
    tab.get_by_role("spinbutton", name="Positive lymph nodes").fill("4")
    tab.get_by_role("button", name="Save and open").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text(f"Patient {name}")
    expect(tab).to_have_url(re.compile(r"/case\?case=[a-z2-7]{20}$"))
    shown = tab.locator('.c-number [data-number="recurrence@5y"]').inner_text()
    tab.get_by_role("tab", name="Record").click()
    tab.get_by_text("I agree").click()
    tab.get_by_label("Note").fill("seen in the tumour board")
    tab.get_by_role("button", name="Sign", exact=True).click()
    expect(tab.locator(".signed li")).to_contain_text([re.compile("agreed.*" + re.escape(shown), re.S)])
    result = Axe().run(tab)
    assert result.violations_count == 0, result.generate_report()
    tab.goto(f"{app_url}/patients?cohort=rotterdam")
    own = tab.locator(".st-key-card_own")
    expect(own).to_contain_text(name)
    expect(own).to_contain_text("signed")
    expect(own.locator('[data-number="recurrence@5y"]')).to_have_text(shown)
    own.get_by_role("button", name=name).click()
    tab.get_by_role("button", name="Edit").click()
    tab.get_by_text("I want to delete this patient").click()
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_text("subset 2,982 of 2,982")).to_be_visible()
    expect(tab.locator(".st-key-card_own")).to_have_count(0)

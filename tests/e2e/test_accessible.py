"""Every page is free of the faults that axe knows: in every language, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from mtl.language import LANGUAGES
from mtl.services.patients import cohorts
from mtl.store import database
from pages.ui import navigation

WIDTHS = (1440, 390)


@pytest.fixture(autouse=True)
def same_home(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield
    database.close()


def addresses() -> list[str]:
    """Every page as it is without a choice, then those about a patient."""
    key = str(cohorts.worklist("rotterdam", cohorts.Query(offset=4, limit=1)).rows["case_key"].iloc[0])
    plain = ["" if page.address == navigation.START else page.address for page in navigation.pages()]
    return [*plain, f"case?case={key}&task=recurrence", f"treatment?case={key}&treatment=hormon"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_axe_finds_nothing(app_url: str, new_page: Callable[..., Page], lang: str, scheme: str) -> None:
    """One tab walks them all: what is new of each page is loaded once and looked at twice."""
    # axe is injected as a script text, which the policy of the app rightly refuses.
    tab = new_page(color_scheme=scheme, bypass_csp=True)
    found = []
    for address in addresses():
        tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
        tab.goto(f"{app_url}/{address}{'&' if '?' in address else '?'}lang={lang}")
        expect(tab.get_by_role("heading", level=1)).to_be_visible()
        expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        expect(tab.get_by_test_id("stSkeleton")).to_have_count(0)
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            expect(tab.get_by_test_id("stMainMenu")).to_be_in_viewport(ratio=1)
            result = Axe().run(tab)
            faults = [fault for fault in result.response["violations"] if not is_drop_zone(fault)]
            wide = tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            if faults or wide:
                found.append(
                    f"{address} at {width}: {'too wide; ' if wide else ''}{result.generate_report()}"
                )
    assert not found, "\n\n".join(found)


def is_drop_zone(fault: dict[str, Any]) -> bool:
    """Whether the fault is only that Streamlit's drop zone is presentational and has a label.

    The area to drop a file on repeats the button inside it, which has the same label and the focus: nothing is lost
    to a screen reader, and the markup is Streamlit's own (1.67).
    """
    places = [node["html"] for node in fault["nodes"]]
    return fault["id"] == "presentation-role-conflict" and all(
        '"stFileUploaderDropzone"' in html for html in places
    )

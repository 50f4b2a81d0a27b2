"""Every page is free of the faults that axe knows, in light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pages.ui import navigation


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", navigation.pages(), ids=lambda page: page.address)
def test_axe_finds_nothing(
    app_url: str, new_page: Callable[..., Page], page: navigation.Page, scheme: str, width: int
) -> None:
    # axe is injected as a script text, which the policy of the app rightly refuses.
    tab = new_page(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    tab.goto(f"{app_url}/{page.address if page.address != navigation.START else ''}")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.get_by_test_id("stMainMenu")).to_be_in_viewport(ratio=1)
    result = Axe().run(tab)
    ours = [fault for fault in result.response["violations"] if not is_drop_zone(fault)]
    assert not ours, result.generate_report()


def is_drop_zone(fault: dict[str, Any]) -> bool:
    """Whether the fault is only that Streamlit's drop zone is presentational and has a label.

    The area to drop a file on repeats the button inside it, which has the same label and the focus: nothing is lost
    to a screen reader, and the markup is Streamlit's own (1.67).
    """
    places = [node["html"] for node in fault["nodes"]]
    return fault["id"] == "presentation-role-conflict" and all(
        '"stFileUploaderDropzone"' in html for html in places
    )

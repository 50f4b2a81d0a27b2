"""What people do, in a real browser: from the list to a case, its reasons, a what-if, and back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from mtl.language import percent
from mtl.services.patients import cases, cohorts
from mtl.store import database

NewPage = Callable[..., Page]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def samples_url(serve: Callable[..., object], sample_home: Path) -> str:
    """A server whose samples are ready."""
    return serve(home=sample_home).url


@pytest.fixture(autouse=True)
def same_home(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield
    database.close()


def key_of(cohort: str, place: int) -> str:
    rows = cohorts.worklist(cohort, cohorts.Query(offset=place, limit=1)).rows
    return str(rows["case_key"].iloc[0])


def with_a_gap(cohort: str) -> str:
    """Return a patient with a value that was not measured."""
    rows = cohorts.worklist(cohort, cohorts.Query(sort="known", descending=False, limit=1)).rows
    assert int(rows["known"].iloc[0]) < int(rows["of"].iloc[0])
    return str(rows["case_key"].iloc[0])


def opened(tab: Page, url: str) -> None:
    """Open an address and wait until its page stands still: a click on what still moves is lost."""
    tab.goto(url)
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    settled(tab)


def settled(tab: Page) -> None:
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def shown(place: Locator) -> str:
    return place.inner_text().strip()


@pytest.mark.parametrize("cohort", ["rotterdam", "cytology", "pbc", "pbc with a gap"])
def test_every_panel_shows_the_same_number(samples_url: str, tab: Page, cohort: str) -> None:
    """List, card, waterfall and what-if, for every task kind, with and without missing values."""
    name = cohort.split()[0]
    key = with_a_gap(name) if "gap" in cohort else key_of(name, 3)
    case = cases.open_case(key)
    opened(tab, f"{samples_url}/patients?cohort={name}")
    tab.get_by_label("Search identifier").fill(case.identifier)
    tab.get_by_label("Search identifier").press("Enter")
    row = tab.locator(f".st-key-row_{key}")
    expect(row).to_be_visible()
    listed = {
        str(cell.get_attribute("data-number")): shown(cell) for cell in row.locator("[data-number]").all()
    }
    row.get_by_role("button").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text(case.identifier)
    assert case.identifier not in re.split(r"[=&?]", tab.url)
    for output in case.outputs:
        column, printed = output.headline.column, output.headline.text
        opened(tab, f"{samples_url}/case?case={key}&task={output.task.name}")
        expect(tab.locator(f'.c-number [data-number="{column}"]')).to_have_text(printed)
        expect(tab.locator(".f-end .f-number")).to_have_text(printed)
        expect(tab.locator(f'[data-what="before"][data-number="{column}"]')).to_have_text(printed)
        if column in listed:
            assert listed[column] == printed


@pytest.mark.parametrize(("cohort", "held_out"), [("rotterdam", True), ("gbsg", False)])
def test_every_card_shows_the_command_lines_number(
    samples_url: str, tab: Page, cohort: str, held_out: bool
) -> None:
    """A training patient by the model that did not see the patient, an external one by the model itself."""
    key = key_of(cohort, 11)
    identifier = cases.open_case(key).identifier
    asked = [
        "explain", "rotterdam", f"sample_data/{cohort}/cohort.csv", "--id", identifier, "--json",
    ]  # fmt: skip
    told = subprocess.run([sys.executable, "-m", "mtl", *asked], cwd=ROOT, check=True, capture_output=True)
    answer = json.loads(told.stdout)
    assert answer["out_of_fold"] is held_out
    opened(tab, f"{samples_url}/case?case={key}")
    assert len(answer["tasks"]) == 6
    for task in answer["tasks"].values():
        column = task["headline"]
        printed = percent(task["values"][column]["value"])
        expect(tab.locator(f'.c-number [data-number="{column}"]')).to_have_text(printed)


def test_reload_back_and_a_pasted_link_show_the_same_view(
    samples_url: str, tab: Page, new_page: NewPage
) -> None:
    key = key_of("rotterdam", 7)
    opened(tab, f"{samples_url}/case?case={key}")
    tab.get_by_role("radio", name="Chemotherapy").click()
    expect(tab).to_have_url(re.compile("task=chemotherapy"))
    tab.get_by_role("radio", name="10 y").click()
    expect(tab).to_have_url(re.compile("years=10"))
    expect(tab.locator('[data-number="death@10y"]').first).to_be_visible()
    for again in (tab, new_page()):
        again.goto(tab.url)
        expect(again.locator('.c-number [data-number="death@10y"]')).to_be_visible()
        expect(again.get_by_role("radio", name="Chemotherapy")).to_be_checked()
    tab.get_by_role("button", name="next", exact=True).click()
    expect(tab).not_to_have_url(re.compile(key))
    other = tab.get_by_role("heading", level=1)
    expect(other).not_to_have_text("Patient 8")
    tab.go_back()
    expect(other).to_have_text("Patient 8")
    expect(tab).to_have_url(re.compile(key))


def test_a_card_is_chosen_by_a_click_or_by_the_keyboard(samples_url: str, tab: Page) -> None:
    opened(tab, f"{samples_url}/case?case={key_of('rotterdam', 13)}")
    cards = tab.locator("[class*='st-key-card_task_']")
    expect(cards).to_have_count(6)
    expect(cards.nth(0).get_by_role("button")).to_be_visible()  # before it is there, the card is deaf
    cards.nth(0).click()
    expect(tab).to_have_url(re.compile("task=nodal_metastasis"))
    cards.nth(1).get_by_role("button").focus()
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile("task=high_grade"))


def test_what_if_answers_for_every_task_at_once(samples_url: str, tab: Page) -> None:
    opened(tab, f"{samples_url}/case?case={key_of('rotterdam', 2)}&task=recurrence")
    tab.get_by_role("spinbutton", name="Positive lymph nodes").fill("14")
    tab.get_by_role("button", name="Predict again").click()
    after = tab.locator("[data-what='after']")
    expect(after).to_have_count(6)
    before = tab.locator("[data-what='before']")
    changed = [shown(a) != shown(b) for a, b in zip(after.all(), before.all(), strict=True)]
    assert any(changed)
    assert not changed[0]  # whether nodes are involved may not see how many are
    tab.get_by_role("button", name="Back to the record").click()
    expect(after).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "page", ["", "patients", "rotterdam", "pbc", "cytology?lang=zh_Hans", "explain", "similar"]
)
def test_axe_finds_nothing_where_there_is_something(
    samples_url: str, new_page: NewPage, page: str, scheme: str, width: int
) -> None:
    tab = new_page(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    cohort, _, query = page.partition("?")
    if page == "explain":
        page = f"explain?cohort=rotterdam&task=recurrence&case={key_of('rotterdam', 4)}"
    if page == "similar":
        page, cohort = f"case?case={key_of('rotterdam', 4)}&task=recurrence", "similar"
    address = f"case?case={key_of(cohort, 4)}&{query}" if cohort in ("rotterdam", "pbc", "cytology") else page
    opened(tab, f"{samples_url}/{address}")
    markers = {"": "[class*='st-key-cohort'], .facts", "patients": ".row-cells.head", "explain": ".depend"}
    marker = markers.get(cohort, ".fall")
    expect(tab.locator(marker).first).to_be_visible()
    if cohort == "similar":
        tab.get_by_role("tab", name="Patients like this one").click()
        expect(tab.locator(".near")).to_have_count(10)
    tab.wait_for_timeout(500)
    result = Axe().run(tab)
    assert result.violations_count == 0, result.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

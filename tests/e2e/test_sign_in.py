"""Sign-in with a real provider: who comes, what their role opens, and that an expired word closes the page by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import ROOT, Serve, Server, free_port, status, wait_for

PEOPLE = {
    "ada-1": {"name": "Ada Clinician", "roles": ["clinician"], "groups": ["oncology"]},
    "ben-2": {"name": "Ben Viewer", "roles": ["viewer"]},
    "eve-3": {"name": "Eve Nobody", "roles": ["visitor"], "groups": ["admin"]},
}
SHORT = 30  # seconds for which the second provider's word is good


@dataclass(frozen=True)
class Guarded:
    """An app that asks its provider who somebody is."""

    server: Server
    provider: str


def provider(folder: Path, *options: str) -> Iterator[str]:
    """Run `oidc_provider_mock`, which knows PEOPLE."""
    port, log = free_port(), folder / "provider.txt"
    people = [f"--user-claims={json.dumps({'sub': name, **claims})}" for name, claims in PEOPLE.items()]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *people, *options],
            stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/.well-known/openid-configuration", process, log, 60)
        yield url
    finally:
        process.terminate()
        process.wait(15)


def guarded(serve: Serve, home: Path, folder: Path, url: str) -> Guarded:
    secrets, port = folder / "secrets.toml", free_port()
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
        'cookie_secret = "a secret of this test, and of no one else"\n'
        'client_id = "consilium"\nclient_secret = "s"\n'
        f'server_metadata_url = "{url}/.well-known/openid-configuration"\n'
    )
    environment = {"STREAMLIT_SECRETS_FILES": str(secrets), "AUTHLIB_INSECURE_TRANSPORT": "1"}
    return Guarded(serve(environment, home, port=port), url)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory, serve: Serve, sample_home: Path) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("lasting")
    for url in provider(folder):
        yield guarded(serve, sample_home, folder, url)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    context.route(
        "**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort()
    )
    yield context.new_page()
    context.close()


def sign_in(tab: Page, app: Guarded, who: str, page: str = "") -> None:
    tab.goto(f"{app.server.url}/{page}")
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_role("button", name=who).click()


def test_a_clinician_signs_in_works_and_signs_out(lasting: Guarded, visitor: Page) -> None:
    sign_in(visitor, lasting, "ada-1")
    expect(visitor.get_by_test_id("signed-in")).to_have_text("Ada Clinician · clinician")
    links = visitor.locator(".st-key-navigation").get_by_role("link")
    expect(links.filter(has_text="Patients").first).to_be_visible()
    expect(links.filter(has_text="Train")).to_have_count(0)
    visitor.goto(f"{lasting.server.url}/train")
    expect(visitor.get_by_role("heading", name="Not for your role")).to_be_visible()
    visitor.goto(f"{lasting.server.url}/patients?cohort=pbc")
    visitor.locator('[class*="st-key-open_"]').first.get_by_role("button").click()
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url) if "/media/" in request.url else None)
    with visitor.expect_download() as printed:
        visitor.get_by_role("button", name="Print").click()
    assert printed.value.path().read_bytes().startswith(b"%PDF")
    sheet = next(url for url in asked if not url.endswith((".svg", ".png", ".ico")))
    assert status(sheet) == 403  # without the cookie
    visitor.get_by_role("button", name="Sign out").click()
    visitor.get_by_role("button", name="End session").click()  # the provider's own page
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.goto(f"{lasting.server.url}/patients")
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_viewer_sees_lists_and_no_case(lasting: Guarded, visitor: Page) -> None:
    sign_in(visitor, lasting, "ben-2")
    visitor.goto(f"{lasting.server.url}/patients?cohort=pbc")
    expect(visitor.get_by_role("heading", name="Patients", exact=True)).to_be_visible()
    expect(visitor.locator('[class*="st-key-row_"]').first).to_be_visible()
    expect(visitor.locator('[class*="st-key-open_"]')).to_have_count(0)
    visitor.goto(f"{lasting.server.url}/case")
    expect(visitor.get_by_role("heading", name="Not for your role")).to_be_visible()


def test_somebody_without_a_role_gets_nothing(lasting: Guarded, visitor: Page) -> None:
    sign_in(visitor, lasting, "eve-3")
    expect(visitor.get_by_role("heading", name="No role yet")).to_be_visible()
    expect(visitor.locator(".st-key-navigation")).to_have_count(0)
    visitor.goto(f"{lasting.server.url}/patients")
    expect(visitor.get_by_role("heading", name="No role yet")).to_be_visible()


def test_an_idle_page_closes_when_the_word_expires(
    serve: Serve, sample_home: Path, tmp_path: Path, visitor: Page
) -> None:
    for url in provider(tmp_path, "--token-max-age", str(SHORT)):
        app = guarded(serve, sample_home, tmp_path, url)
        sign_in(visitor, app, "ada-1")
        expect(visitor.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
        # nobody touches anything
        expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible(timeout=120_000)
        expect(visitor.get_by_text("Rotterdam")).to_have_count(0)


@pytest.mark.parametrize("address", ["0.0.0.0", ""])
def test_without_sign_in_another_address_is_refused(tmp_path: Path, address: str) -> None:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(free_port())]
    done = subprocess.run(
        [*command, "--server.address", address], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "CONSILIUM_HOME": str(tmp_path), "STREAMLIT_SERVER_ADDRESS": address},
    )  # fmt: skip
    assert done.returncode == 1
    assert "sign-in is off" in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_name_made_to_point_here_is_refused(app_url: str) -> None:
    """What a page from elsewhere could do after its name was given this machine's address."""
    for host, answer in {"evil.example": 403, "127.0.0.1": 200, "localhost:1": 200}.items():
        asked = urllib.request.Request(f"{app_url}/ready", headers={"Host": host})
        try:
            with urllib.request.urlopen(asked, timeout=10) as found:
                assert found.status == answer
        except urllib.error.HTTPError as refused:
            assert refused.code == answer
            refused.close()
    assert status(app_url) == 200

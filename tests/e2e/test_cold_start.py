"""A cold server: asked for a page first, it answers with the shell, with and without sign-in."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from mtl.language import gettext, use
from pages.ui import navigation

SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1/oauth2callback"
cookie_secret = "a test's secret, no one else's"
client_id = "consilium"
client_secret = "a test's secret"
server_metadata_url = "http://127.0.0.1:9/none"
"""
NewPage = Callable[..., Page]


def received(tab: Page) -> list[bytes]:
    """Return a list that fills with what the server sends over the websocket."""
    frames: list[bytes] = []

    def keep(payload: str | bytes) -> None:
        frames.append(payload if isinstance(payload, bytes) else payload.encode())

    tab.on("websocket", lambda socket: socket.on("framereceived", keep))
    return frames


def test_a_cold_deep_link_shows_the_shell(serve: Callable[..., object], sample_home: Path, tab: Page) -> None:
    frames = received(tab)
    tab.goto(serve(home=sample_home).url + "/case")
    expect(tab.get_by_role("heading", name="Case")).to_be_visible()
    links = tab.locator(".st-key-navigation").get_by_role("link")
    expect(links).to_have_count(len(navigation.pages()))
    assert any(b"No patient is chosen" in frame for frame in frames)
    assert tab.url.endswith("/case")


def test_with_sign_in_a_cold_deep_link_shows_the_door_only(
    serve: Callable[..., object], sample_home: Path, tab: Page, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(SECRETS)
    frames = received(tab)
    tab.goto(serve({"STREAMLIT_SECRETS_FILES": str(secrets)}, sample_home).url + "/case")
    expect(tab.get_by_role("button", name="Sign in")).to_be_visible()
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(tab.locator(".st-key-navigation")).to_have_count(0)
    sent = b"".join(frames)
    assert b"Sign in" in sent
    assert b"No patient is chosen" not in sent
    assert tab.url.endswith("/case")


async def _heard(url: str, address: str) -> tuple[str, bytes]:
    """What the server sends over the websocket to somebody who opens an address."""
    said = BackMsg()
    said.rerun_script.page_name = address
    stream = url.replace("http:", "ws:") + "/_stcore/stream"
    async with connect(stream, subprotocols=["streamlit"], origin=url, max_size=None) as socket:
        await socket.send(said.SerializeToString())
        heard = b""
        async for data in socket:
            heard += data
            message = ForwardMsg.FromString(data)
            if message.WhichOneof("type") == "script_finished":
                return address, heard
    return address, heard


def test_with_sign_in_no_address_says_more_over_the_websocket(
    serve: Callable[..., object], sample_home: Path, tmp_path: Path
) -> None:
    """A cold server that is asked for every page at once, by somebody who has not signed in."""
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(SECRETS)
    server = serve({"STREAMLIT_SECRETS_FILES": str(secrets)}, sample_home)
    asked = ["", "shell", "nowhere", *(page.address for page in navigation.pages())]

    async def every() -> list[tuple[str, bytes]]:
        return await asyncio.gather(*(_heard(server.url, address) for address in asked))

    with ThreadPoolExecutor(1) as beside:  # the browser's loop has this thread
        answers = beside.submit(lambda: asyncio.run(every())).result(timeout=120)
    for address, heard in answers:
        assert b"Sign in" in heard, address
        for secret in (
            b"rotterdam",
            b"No patient is chosen",
            b"case_key",
            b"Take the tour",
            b"patients to see",
        ):
            assert secret not in heard, (address, secret)


def test_the_routes_answer(app_url: str) -> None:
    for route in ("/health", "/ready"):
        with urllib.request.urlopen(app_url + route, timeout=10) as answer:
            assert answer.status == 200
            assert isinstance(json.load(answer), dict)


@pytest.mark.parametrize("route", ["/", "/case", "/health", "/_stcore/health", "/app/static/inter.woff2"])
def test_every_answer_has_the_security_headers(app_url: str, route: str) -> None:
    with urllib.request.urlopen(app_url + route, timeout=10) as answer:
        headers = answer.headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-eval'" not in headers["Content-Security-Policy"].replace("'wasm-unsafe-eval'", "")
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("lang", ["en", "zh_Hans"])
def test_the_shipped_fonts_are_used(app_url: str, tab: Page, lang: str) -> None:
    loaded: list[str] = []
    missed: list[str] = []  # a deep link asks for nothing that is not there
    tab.on("response", lambda answer: (loaded if answer.status < 400 else missed).append(answer.url))
    tab.goto(f"{app_url}/patients?lang={lang}")
    with use(lang):
        heading = tab.get_by_role("heading", name=gettext("Patients"), exact=True)
    expect(heading).to_be_visible()
    assert "Inter" in heading.evaluate("element => getComputedStyle(element).fontFamily")
    tab.evaluate("() => document.fonts.ready.then(() => true)")
    names = {url.rsplit("/", 1)[-1] for url in loaded if "/app/static/" in url}
    assert "inter.woff2" in names
    # English readers fetch the regular weight too, for the switch that says 中文.
    if lang == "zh_Hans":
        assert "noto-sans-sc-bold.woff2" in names
    assert not missed


def test_the_language_follows_the_browser_and_the_switch(app_url: str, new_page: NewPage) -> None:
    tab = new_page(locale="zh-CN")
    tab.goto(f"{app_url}/patients")
    expect(tab.get_by_role("heading", name="患者", exact=True)).to_be_visible()
    assert "lang=" not in tab.url
    tab.get_by_role("radio", name="English").click()
    expect(tab.get_by_role("heading", name="Patients", exact=True)).to_be_visible()
    expect(tab).to_have_url(f"{app_url}/patients?lang=en")
    tab.locator(".st-key-navigation").get_by_role("link", name="Case").click()
    expect(tab.get_by_role("heading", name="Case", exact=True)).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("heading", name="Case", exact=True)).to_be_visible()

"""The page is told where the server is; nothing else is touched."""

from __future__ import annotations

import gzip

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from serving import page
from tests.serving.test_watch import ask

HTML = "<!DOCTYPE html><html><head><title>t</title></head><body>" + "é" * 2000 + "<head></body></html>"


async def _html(_request: Request) -> Response:
    return HTMLResponse(HTML, headers={"ETag": "file"})


async def _json(_request: Request) -> Response:
    return JSONResponse({"a": "<head>"}, headers={"ETag": "data"})


APP = Starlette(
    routes=[Route("/patients", _html), Route("/data", _json)],
    middleware=[Middleware(page.ToldWhere), Middleware(GZipMiddleware, minimum_size=10)],
)


def test_the_page_is_told_once_and_the_policy_knows_it() -> None:
    answer = ask("/patients", app=APP, Accept="text/html,*/*", Accept_Encoding="gzip")
    told = f"<script>{page.script()}</script>"
    assert answer.body.decode() == HTML.replace("<head>", f"<head>{told}", 1)
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "etag" not in answer.headers
    assert page.digest().startswith("'sha256-") and "<" not in page.script()


def test_what_is_no_page_passes_as_it_is() -> None:
    data = ask("/data", app=APP, Accept="text/html")
    assert data.json == {"a": "<head>"} and data.headers["etag"] == "data"
    packed = ask(
        "/patients", app=APP, Accept="*/*", Accept_Encoding="gzip"
    )  # no browser that opens an address
    assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body).decode() == HTML


@pytest.mark.parametrize(("base", "path"), [("", "/"), ("clinic", "/clinic/"), ("/a/b/", "/a/b/")])
def test_a_server_below_a_path_says_so(base: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda name: {"server.baseUrlPath": base}[name])
    assert page.script() == f'window.__streamlit={{BACKEND_BASE_URL:location.origin+"{path}"}}'

"""Server entry: the Streamlit app over pages/shell.py, its security headers, warm start and HTTP routes."""

from __future__ import annotations

import base64
import gc
import hashlib
import importlib
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mtl.services import exposure, samples


def inline_scripts() -> str:
    """Return the hashes of the scripts inside Streamlit's own page, so that the policy can name them."""
    page = Path(st.__file__).with_name("static") / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), flags=re.S)
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        f"script-src 'self' 'wasm-unsafe-eval' {inline_scripts()}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# What a first visitor would otherwise wait for.
WARM = ("lightgbm", "pandas", "plotly.graph_objects", "sklearn", "mtl")


class SecurityHeaders:
    """Middleware that adds the security headers to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def sign_in() -> bool:
    """Return whether visitors have to sign in; by secrets that cannot be read nobody does, and nobody is let in."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Import what is heavy before the first visitor, and start preparing the samples."""
    reason = exposure.refused(st.get_option("server.address"), sign_in())
    if reason is not None:
        # Nothing has begun yet, and an exception would bury the reason in the server's own traceback.
        print(f"consilium: {reason}", file=sys.stderr, flush=True)
        os._exit(1)
    samples.start()
    for name in WARM:
        importlib.import_module(name)
    gc.collect()
    # What lives as long as the server need not be walked by every later collection.
    gc.freeze()
    yield


async def health(_request: Request) -> JSONResponse:
    """Answer that the server runs."""
    return JSONResponse({"status": "ok"})


async def ready(_request: Request) -> JSONResponse:
    """Answer 200 once the sample cohorts and models can be used, and what is still to do before that."""
    done = samples.ready()
    body = {"ready": done, "progress": [asdict(step) for step in samples.progress()]}
    return JSONResponse(body, status_code=200 if done else 503, headers={"Cache-Control": "no-store"})


app = st.App(
    "pages/shell.py",
    lifespan=lifespan,
    routes=[Route("/health", health), Route("/ready", ready)],
    middleware=[Middleware(SecurityHeaders), Middleware(exposure.OnlyHere, sign_in=sign_in)],
)

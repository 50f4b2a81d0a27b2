"""Server entry: the Streamlit app over pages/shell.py, its security headers and warm start; serving/ has the rest."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import importlib
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Streamlit offers no public way to ask for the signed cookie; the pin and tests/e2e/test_sign_in.py hold this one.
from streamlit.web.server.starlette.starlette_websocket import (
    USER_COOKIE_NAME,
    _get_signed_cookie_with_chunks,
)

from mtl.services import exposure, identity, limits, samples, work
from mtl.services import trouble as said
from pages.ui import trouble
from serving import logs, page, routes, stopping
from serving.watch import Watch


def inline_scripts() -> str:
    """Return the hashes of the scripts inside Streamlit's own page, so that the policy can name them."""
    file = Path(st.__file__).with_name("static") / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", file.read_text(encoding="utf-8"), flags=re.S)
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        f"script-src 'self' 'wasm-unsafe-eval' {inline_scripts()} {page.digest()}",
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
LOOK_EVERY = 5.0  # seconds


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


def signed_in(scope: Scope) -> bool:
    """Return whether a request comes with the cookie of somebody whom the provider's word still covers."""
    raw = _get_signed_cookie_with_chunks(HTTPConnection(scope).cookies, USER_COOKIE_NAME)
    claims = json.loads(raw) if raw else {}
    return bool(claims.get("is_logged_in")) and not identity.expired(claims, time.time())


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Import what is heavy before the first visitor, start preparing the samples, and look after the jobs."""
    reason = exposure.refused(st.get_option("server.address"), sign_in())
    if reason is not None:
        # Nothing has begun yet, and an exception would bury the reason in the server's own traceback.
        print(f"consilium: {reason}", file=sys.stderr, flush=True)
        os._exit(1)
    limits.check()
    logs.start()
    ended = stopping.prepare()
    work.follow_users()
    try:
        samples.start()
    except said.SAID as error:  # such as a database that is not there
        print(f"consilium: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    for name in WARM:
        importlib.import_module(name)
    gc.collect()
    # What lives as long as the server need not be walked by every later collection.
    gc.freeze()
    watch = asyncio.create_task(look_after_jobs())
    logs.log.info("started")
    yield
    watch.cancel()
    await run_in_threadpool(ended)


def failed(error: Exception) -> bool:
    """Say on the page what went wrong, and write it down; Streamlit's own message is not shown."""
    logs.script_error(error, trouble.show(error))
    return True


async def look_after_jobs() -> None:
    """Report what a killed worker left, and give what waits a worker, even while nobody looks."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await run_in_threadpool(work.look_after)
        except Exception as error:  # a database that is being restarted must not end the watch
            logs.log.error("jobs could not be looked after", extra={"facts": logs.told(error)})


app = st.App(
    "pages/shell.py",
    lifespan=lifespan,
    routes=routes.ROUTES,
    middleware=[
        Middleware(Watch),
        Middleware(page.ToldWhere),
        Middleware(SecurityHeaders),
        Middleware(exposure.OnlyHere, sign_in=sign_in),
        Middleware(exposure.OnlySignedIn, sign_in=sign_in, signed_in=signed_in),
        Middleware(routes.Counted),
    ],
    on_script_error=failed,
)

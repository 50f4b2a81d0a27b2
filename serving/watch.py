"""Middleware that gives each request a name and a time, bounds it, counts it and writes it down.

What is written holds the route, never a path with a key, a query string, a header or a body.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mtl.services import limits, observe
from serving.answers import refused
from serving.logs import log

REQUEST_ID = "X-Request-ID"
OWN = ("/health", "/ready", "/metrics")
STREAM = "/_stcore/stream"
_GIVEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
_STREAMLIT = {
    STREAM: "stream",
    "/_stcore/upload_file": "upload",
    "/_stcore/metrics": "streamlit-metrics",
    "/_stcore/health": "health",
    "/_stcore": "streamlit",
    "/media": "media",
    "/component": "component",
    "/static": "static",
    "/app/static": "static",
    "/auth": "sign-in",
    "/oauth2callback": "sign-in",
}


def route(path: str) -> str:
    """The kind of address that a path is; a page's name and whatever else is in a path are left out.

    >>> route("/case"), route("/_stcore/upload_file/5c1f/0a"), route("/metrics")
    ('page', 'upload', 'metrics')
    """
    if path in OWN:
        return path[1:]
    return next(
        (name for head, name in _STREAMLIT.items() if path == head or path.startswith(head + "/")), "page"
    )


class Watch:
    """Names, bounds, counts and writes down every request and every browser tab."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._tabs = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch a request or a tab."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        name = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        one = _Request(name, route(scope["path"]), str(scope.get("method", "GET")))
        if scope["type"] == "http":
            await self._http(one, scope, receive, send)
        else:
            await self._tab(one, scope, receive, send)

    async def _http(self, one: _Request, scope: Scope, receive: Receive, send: Send) -> None:
        most = limits.request_seconds() if scope["path"] in OWN else limits.upload_seconds()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                one.status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = one.name
            await send(message)

        try:
            async with asyncio.timeout(most):
                await self._app(scope, receive, answer)
        except TimeoutError:
            log.warning("request took too long", extra={"facts": {"request": one.name, "route": one.route}})
            if one.status:
                raise  # half of it has gone out: the connection ends
            await refused(scope, 503, limits.too_slow(most))(scope, receive, answer)
        finally:
            one.ended("request")
            observe.REQUESTS.labels(one.route, one.method, str(one.status or 499)).inc()
            observe.REQUEST_SECONDS.labels(one.route).observe(one.seconds)

    async def _tab(self, one: _Request, scope: Scope, receive: Receive, send: Send) -> None:
        # The page itself says that the server is full; this is for those who knock without looking.
        if self._tabs >= 2 * limits.sessions():
            log.warning("too many connections", extra={"facts": {"request": one.name}})
            await receive()
            await send({"type": "websocket.close", "code": 1013})
            return
        self._tabs += 1
        observe.SESSIONS.inc()
        log.info("tab opened", extra={"facts": {"request": one.name}})
        try:
            await self._app(scope, receive, send)
        finally:
            self._tabs -= 1
            observe.SESSIONS.dec()
            one.ended("tab closed")


class _Request:
    def __init__(self, name: str, kind: str, method: str) -> None:
        self.name, self.route, self.method, self.status = name, kind, method, 0
        self.seconds, self._begin = 0.0, time.perf_counter()

    def ended(self, event: str) -> None:
        self.seconds = time.perf_counter() - self._begin
        facts = {
            "request": self.name,
            "route": self.route,
            "method": self.method,
            "status": self.status or None,
            "ms": round(1000 * self.seconds, 1),
        }
        (log.debug if self.route in ("static", "health") else log.info)(event, extra={"facts": facts})

"""The server's own addresses: does it run, can it be used, what has it counted."""

from __future__ import annotations

import hmac
import os
from dataclasses import asdict

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mtl.log import told
from mtl.services import limits, observe, samples, trouble
from serving.answers import refused
from serving.logs import log
from serving.stopping import stopping

TOKEN = "CONSILIUM_METRICS_TOKEN"
COUNTED = ("/metrics", "/_stcore/metrics")
_HERE = ("127.0.0.1", "::1", "localhost")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


async def health(_request: Request) -> JSONResponse:
    """Answer that the server runs."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def ready(_request: Request) -> JSONResponse:
    """Answer 200 once the sample cohorts and models can be used, and what is still to do before that."""
    try:
        steps = await run_in_threadpool(samples.progress)
    except trouble.SAID as error:  # such as a database that is away; what it says is for who signed in
        log.warning("not ready", extra={"facts": told(error)})
        body = {"ready": False, "error": "the state cannot be read; the server's log says why"}
        return JSONResponse(body, status_code=503, headers={"Cache-Control": "no-store", "Retry-After": "5"})
    done = all(step.done for step in steps) and not stopping.is_set()
    body = {"ready": done, "progress": [asdict(step) for step in steps]}
    return JSONResponse(body, status_code=200 if done else 503, headers={"Cache-Control": "no-store"})


async def metrics(_request: Request) -> Response:
    """Answer with what was counted; :class:`Counted` has seen to who asks."""
    return Response(await run_in_threadpool(observe.written), media_type=CONTENT_TYPE_LATEST)


ROUTES = [Route("/health", health), Route("/ready", ready), Route("/metrics", metrics)]


class Counted:
    """Middleware that gives counts to this machine, and to who has the token; Streamlit's own counts too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let pass."""
        if scope["type"] == "http" and scope["path"].rstrip("/") in COUNTED and not may_count(scope):
            await refused(scope, 403, limits.not_counted)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def may_count(scope: Scope) -> bool:
    """Whether a request comes from this machine, not through a proxy on it, or brings CONSILIUM_METRICS_TOKEN."""
    headers = Headers(scope=scope)
    token, given = os.environ.get(TOKEN, ""), headers.get("Authorization", "")
    if len(token) >= 16 and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    client = scope.get("client")
    return bool(client) and client[0] in _HERE and not any(name in headers for name in _FORWARDED)

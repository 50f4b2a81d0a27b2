"""Answers of the server's own addresses, in the language that the browser asks for."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Scope

from mtl.language import DEFAULT, match, use
from mtl.services.limits import Message

__all__ = ["refused", "spoken"]


def spoken(scope: Scope) -> str:
    """The first language of the request that there is."""
    wanted = Headers(scope=scope).get("Accept-Language", "")
    found = (match(part.split(";")[0].strip()) for part in wanted.split(",")[:10])
    return next((language for language in found if language), DEFAULT)


def refused(scope: Scope, status: int, message: Message) -> JSONResponse:
    """A refusal that says why and what to do."""
    with use(spoken(scope)):
        body = {"error": message()}
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "5"} if status == 503 else {})
    return JSONResponse(body, status_code=status, headers=headers)

"""The page that every address answers with, told where the server is, so that a deep link asks nowhere else first."""

from __future__ import annotations

import base64
import hashlib
import json

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEAD = b"<head>"


def script() -> str:
    """Return what the page is told: the library's own switch, which spares it two questions that end in 404."""
    path = "/".join(("", *filter(None, st.get_option("server.baseUrlPath").split("/")), ""))
    return f"window.__streamlit={{BACKEND_BASE_URL:location.origin+{json.dumps(path)}}}".replace(
        "<", "\\u003c"
    )


def digest() -> str:
    """Return the hash by which the content policy allows the script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()}'"


class ToldWhere:
    """Middleware that adds the script to the page; every other answer passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        if "text/html" in asked.get(
            "accept", ""
        ):  # a browser opens an address: two thousand bytes need no packing
            headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        begun: list[Message] = []
        body = bytearray()

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                begun.append(message)
            elif not begun or message["type"] != "http.response.body":
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    whole = bytes(body).replace(_HEAD, _HEAD + f"<script>{script()}</script>".encode(), 1)
                    headers = MutableHeaders(scope=begun[0])
                    headers["Content-Length"] = str(len(whole))
                    del headers["ETag"]  # of the file, not of what is sent
                    await send(begun[0])
                    await send({"type": "http.response.body", "body": whole})

        await self._app(scope, receive, told)


def _is_page(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    plain = "content-encoding" not in headers
    return plain and message["status"] == 200 and headers.get("content-type", "").startswith("text/html")

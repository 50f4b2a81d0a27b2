"""Who may reach a server without sign-in: this machine alone, unless somebody said otherwise."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

ENVIRONMENT = "CONSILIUM_INSECURE"
_PICTURES = (".svg", ".png", ".ico")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
REFUSAL = (
    "sign-in is off, so this server answers to its own machine only. Set up sign-in (docs/security.md), "
    f"or allow it without by {ENVIRONMENT}=1 (python -m mtl serve --insecure)"
)


def insecure() -> bool:
    """Whether somebody said that other machines may ask although nobody has to sign in."""
    return os.environ.get(ENVIRONMENT, "").strip().lower() in ("1", "true", "yes")


def is_loopback(address: str | None) -> bool:
    """Whether an address is this machine's own; no address means every one of its addresses.

    >>> [is_loopback(a) for a in ("127.0.0.1", "::1", "[::1]", "localhost", "app.localhost", "127.8.9.1")]
    [True, True, True, True, True, True]
    >>> [is_loopback(a) for a in ("0.0.0.0", "::", "10.1.2.3", "localhost.example.org", "", None)]
    [False, False, False, False, False, False]
    """
    plain = (address or "").strip().strip("[]").casefold()
    if plain == "localhost" or plain.endswith(".localhost"):
        return True
    try:
        found = ipaddress.ip_address(plain)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def refused(address: str | None, sign_in: bool) -> str | None:
    """Why a server may not listen at an address; None where it may."""
    if sign_in or insecure() or is_loopback(address):
        return None
    return f"not listening on {address or 'every address'}: {REFUSAL}"


def host_of(header: str) -> str:
    """The host of a `Host` header, without its port.

    >>> host_of("127.0.0.1:8501"), host_of("[::1]:8501"), host_of("localhost")
    ('127.0.0.1', '::1', 'localhost')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.rpartition(":")[0] if header.count(":") == 1 else header


class OnlySignedIn:
    """ASGI middleware: with sign-in on, files that the app hands out or takes in are for who is signed in.

    Streamlit serves a file that a page offers under an address made of its content, to whoever has that address, and
    takes files into memory from whoever has the page open, the page of the door included. Pictures of the frame, such
    as the logo on the door, are everybody's.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        sign_in: Callable[[], bool],
        signed_in: Callable[[Scope], bool],
    ) -> None:
        self._app, self._sign_in, self._signed_in = app, sign_in, signed_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an allowed request on."""
        if (
            scope["type"] == "http"
            and _guarded(scope["path"])
            and self._sign_in()
            and not self._signed_in(scope)
        ):
            await _refuse(send, "Sign in first.\n")
            return
        await self._app(scope, receive, send)


def _guarded(path: str) -> bool:
    plain = path.casefold()
    return "/upload_file" in plain or ("/media/" in plain and not plain.endswith(_PICTURES))


async def _refuse(send: Send, words: str) -> None:
    body = words.encode()
    heads = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": heads})
    await send({"type": "http.response.body", "body": body})


class OnlyHere:
    """ASGI middleware: without sign-in, a request that came to another address, or under another name, is refused.

    The address is that of the connection itself, however the server was started. The name is what the browser asked
    for: it keeps a page from elsewhere, whose name was made to point at this machine, and a proxy that would show the
    server to others, from reading it.
    """

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], sign_in: Callable[[], bool]
    ) -> None:
        self._app, self._sign_in = app, sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an allowed request on."""
        if scope["type"] not in ("http", "websocket") or self._allowed(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(send, REFUSAL[0].upper() + REFUSAL[1:] + ".\n")

    def _allowed(self, scope: Scope) -> bool:
        if insecure() or self._sign_in():
            return True
        server = scope.get("server")  # None: a socket in the file system
        if server is not None and server[1] is not None and not is_loopback(server[0]):
            return False
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        return all(is_loopback(host_of(host)) for host in hosts)

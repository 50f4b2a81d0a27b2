"""Who may reach a server without sign-in."""

from __future__ import annotations

from typing import Any

import pytest

from mtl.services import exposure
from tests.apart import run


def answer(scope: dict[str, Any], sign_in: bool = False) -> list[dict[str, Any]]:
    """What the middleware sends; "passed" where the request reached the app."""
    sent: list[dict[str, Any]] = []

    async def app(_scope: object, _receive: object, _send: object) -> None:
        sent.append({"type": "passed"})

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    run(exposure.OnlyHere(app, lambda: sign_in)(scope, receive, send))
    return sent


def scope(address: str | None, host: str | None, kind: str = "http") -> dict[str, Any]:
    heads = [] if host is None else [(b"host", host.encode())]
    return {"type": kind, "server": None if address is None else (address, 8501), "headers": heads}


@pytest.mark.parametrize(
    ("address", "host", "passes"),
    [
        ("127.0.0.1", "127.0.0.1:8501", True),
        ("::1", "[::1]:8501", True),
        ("::ffff:127.0.0.1", "localhost", True),
        (None, "localhost", True),
        ("127.0.0.1", None, True),
        ("10.0.0.5", "10.0.0.5:8501", False),
        ("10.0.0.5", "localhost", False),  # a header that lies
        ("127.0.0.1", "evil.example:8501", False),  # a name made to point here
        ("127.0.0.1", "localhost.evil.example", False),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_without_sign_in_this_machine_alone_is_answered(
    address: str | None, host: str | None, passes: bool, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = scope(address, host, kind)
    assert (answer(asked) == [{"type": "passed"}]) is passes
    assert answer(asked, sign_in=True) == [{"type": "passed"}]
    if not passes:
        assert answer(asked)[0].get("status", answer(asked)[0].get("code")) in (403, 1008)
    monkeypatch.setenv(exposure.ENVIRONMENT, "1")
    assert answer(asked) == [{"type": "passed"}]


@pytest.mark.parametrize(
    ("path", "guarded"),
    [
        ("/media/0a1b.pdf", True),
        ("/base/media/0a1b.CSV", True),
        ("/_stcore/upload_file/s/f", True),
        ("/media/0a1b.svg", False),
        ("/case", False),
        ("/health", False),
    ],
)
def test_files_are_for_who_is_signed_in(path: str, guarded: bool) -> None:
    for sign_in, signed_in, passes in ((True, True, True), (True, False, not guarded), (False, False, True)):
        sent: list[dict[str, Any]] = []

        async def app(_scope: object, _receive: object, _send: object, sent: list[Any] = sent) -> None:
            sent.append({"type": "passed"})

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        made = exposure.OnlySignedIn(app, lambda on=sign_in: on, lambda _scope, known=signed_in: known)
        run(made({"type": "http", "path": path, "headers": []}, send, send))
        assert (sent == [{"type": "passed"}]) is passes
        assert passes or sent[0]["status"] == 403


def test_the_lifespan_is_not_asked() -> None:
    assert answer({"type": "lifespan"}) == [{"type": "passed"}]


def test_where_a_server_may_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert exposure.refused("127.0.0.1", sign_in=False) is None
    assert "CONSILIUM_INSECURE" in str(exposure.refused("0.0.0.0", sign_in=False))
    assert "every address" in str(exposure.refused(None, sign_in=False))
    assert exposure.refused("0.0.0.0", sign_in=True) is None
    monkeypatch.setenv(exposure.ENVIRONMENT, "0")
    assert exposure.refused("0.0.0.0", sign_in=False) is not None
    monkeypatch.setenv(exposure.ENVIRONMENT, "yes")
    assert exposure.refused("0.0.0.0", sign_in=False) is None

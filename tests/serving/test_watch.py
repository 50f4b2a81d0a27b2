"""What stands round the app: who may see the counts, what is written down, what takes too long, what a full server says."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mtl.log import Lines
from mtl.services import observe
from mtl.store import database, mishaps
from serving import routes
from serving.logs import script_error
from serving.watch import Watch, route
from tests.apart import run

SECRET = "secret-patient-777"


async def _page(request: Request) -> PlainTextResponse:
    if request.query_params.get("slow"):
        await asyncio.sleep(30)
    return PlainTextResponse("page")


APP = Starlette(
    routes=[*routes.ROUTES, Route("/case", _page), Route("/_stcore/metrics", _page)],
    middleware=[Middleware(Watch), Middleware(routes.Counted)],
)


class Answer:
    status = 0
    body = b""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(path: str, client: str = "127.0.0.1", app: Any = APP, query: str = "", **headers: str) -> Answer:
    answer = Answer()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "scheme": "http", "server": ("127.0.0.1", 8501), "client": (client, 5000), "http_version": "1.1",
        "headers": [(name.lower().replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    run(app(scope, receive, send))
    return answer


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    caplog.set_level(logging.DEBUG, "consilium")
    return lambda: [json.loads(Lines().format(record)) for record in caplog.records]


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/_stcore/metrics"])
def test_counts_are_for_this_machine_or_with_the_token(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(path, client="10.0.0.8").status == 403
    assert (
        ask(path, X_Forwarded_For="10.0.0.8").status == 403
    )  # a proxy on this machine asks for somebody else
    chinese = ask(path, client="10.0.0.8", Accept_Language="fr, zh-CN;q=0.9, en;q=0.8").json["error"]
    english = ask(path, client="10.0.0.8").json["error"]
    assert "统计" in chinese and "token" in english
    monkeypatch.setenv(routes.TOKEN, "t" * 20)
    assert ask(path, client="10.0.0.8", Authorization="Bearer " + "t" * 19 + "u").status == 403
    assert ask(path, client="10.0.0.8", Authorization="Bearer " + "t" * 20).status in (200, 307)
    monkeypatch.setenv(routes.TOKEN, "short")
    assert ask(path, client="10.0.0.8", Authorization="Bearer short").status == 403


def test_what_is_counted_names_nobody(private_home: object) -> None:
    ask("/case", query=f"case={SECRET}")
    ask(f"/media/{SECRET}")
    text = ask("/metrics").body.decode()
    assert 'consilium_http_requests_total{method="GET",route="page",status="200"}' in text
    assert "consilium_own_models 0.0" in text and 'consilium_info{version="' in text
    assert SECRET not in text


def test_a_database_that_is_away_is_told_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "consilium_database_up 1.0" in observe.written().decode()
    database.close()
    monkeypatch.setenv("CONSILIUM_DATABASE_URL", "postgresql://ada:pw@/x?unix_sock=/nowhere/.s.PGSQL.5432")
    monkeypatch.setattr(mishaps, "PATIENCE", 0.0)
    found = ask("/ready")
    assert found.status == 503 and found.json["ready"] is False
    assert "cannot be read" in found.json["error"] and "nowhere" not in found.json["error"]
    counted = ask("/metrics").body.decode()
    assert "consilium_database_up 0.0" in counted and "consilium_own_models" not in counted
    assert ask("/health").status == 200


def test_a_page_run_is_counted_with_how_it_ended() -> None:
    class StopException(BaseException):
        """As Streamlit ends a page on purpose."""

    for error in (StopException, ValueError):
        with pytest.raises(error), observe.page_run("test"):
            raise error(SECRET)
    text = observe.written().decode()
    assert 'consilium_page_run_seconds_count{page="test"} 2.0' in text
    assert 'consilium_page_run_errors_total{error="ValueError",page="test"} 1.0' in text
    assert "StopException" not in text and SECRET not in text


def test_no_patient_in_a_log_line(lines: Callable[[], list[dict[str, Any]]]) -> None:
    ask("/case", query=f"case={SECRET}", Cookie=SECRET, X_Request_ID="given-by-the-proxy")
    ask(f"/media/{SECRET}")
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        script_error(error, "1a2b3c4d")
        logging.getLogger("consilium.other").exception("failed")
        logging.getLogger("elsewhere").exception(SECRET)  # others put an error's text into the message
    found = lines()
    assert SECRET not in json.dumps(found)
    assert [line["route"] for line in found if line["event"] == "request"] == ["page", "media"]
    assert found[0]["request"] == "given-by-the-proxy"
    failed = next(line for line in found if line["event"] == "page failed")
    assert failed["incident"] == "1a2b3c4d" and failed["level"] == "error"
    assert failed["error"] == "ValueError" and "test_watch.py" in failed["at"][-1]


def test_a_request_has_a_name() -> None:
    assert ask("/health", X_Request_ID="abc-12345").headers["x-request-id"] == "abc-12345"
    made = ask("/health", X_Request_ID="no\tname {}").headers["x-request-id"]
    assert len(made) == 16 and made != ask("/health").headers["x-request-id"]


def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSILIUM_LIMIT_UPLOAD_S", "1")
    for language, words in (("en", "longer than 1 s"), ("zh", "超过1秒")):
        answer = ask("/case", query="slow=1", Accept_Language=language)
        assert answer.status == 503 and words in answer.json["error"]
        assert answer.headers["retry-after"] == "5"


def test_more_tabs_than_twice_the_limit_are_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page tells who comes beyond the limit; this stops those who do not look at pages."""
    monkeypatch.setenv("CONSILIUM_LIMIT_SESSIONS", "2")

    async def stays(_scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await receive()

    app, sent = Watch(stays), []

    async def crowd() -> None:
        leave = asyncio.Event()

        async def receive() -> dict[str, str]:
            await leave.wait()
            return {"type": "websocket.disconnect"}

        async def knock() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        scope = {"type": "websocket", "path": "/_stcore/stream", "headers": []}
        tabs = [asyncio.create_task(app(scope, receive, send)) for _ in range(4)]
        await asyncio.sleep(0.01)
        await app(scope, knock, send)
        leave.set()
        await asyncio.gather(*tabs)
        leave.clear()
        last = asyncio.create_task(app(scope, receive, send))
        await asyncio.sleep(0.01)
        leave.set()
        await last

    run(crowd())
    assert sent == ["websocket.accept"] * 4 + ["websocket.close", "websocket.accept"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "page"), ("/case", "page"), ("/_stcore/stream", "stream"), ("/_stcore/upload_file/a/b", "upload"),
     ("/_stcore/agent/interact", "streamlit"), ("/mediatheque", "page"), ("/app/static/x.woff2", "static")],
)  # fmt: skip
def test_routes_are_few(path: str, kind: str) -> None:
    assert route(path) == kind

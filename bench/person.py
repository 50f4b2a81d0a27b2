"""A person at the real server, less the browser: brings a table, trains on it, scores it, signs a case, through the pages.

What a page then says is the acknowledgement: the table's name, a model's result, the file to take away, the signed note.
"""

from __future__ import annotations

import asyncio
import http.cookiejar
import re
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from bench.app import Tab, click, write

AGAIN = 0.5  # seconds between two looks at a page that waits for a job


class PageError(RuntimeError):
    """The page said in words that it could not."""


class Person(Tab):
    """One tab, and what its page says."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "overview", "")
        self.words: list[str] = []
        self.problems: list[str] = []
        self.session = ""
        self._places: list[FileURLs] = []

    def _finished(self, message: ForwardMsg) -> bool:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.words, self.problems, self.widgets = [], [], {}
            self.session = message.new_session.initialize.session_id or self.session
        elif kind == "file_urls_response":
            self._places = list(message.file_urls_response.file_urls)
        elif kind == "delta":
            self._see(message)
        return super()._finished(message)

    def _see(self, message: ForwardMsg) -> None:
        block = message.delta.add_block
        if block.WhichOneof("type") == "tab_container":
            self._know(block.tab_container.id)
        element = message.delta.new_element
        name = element.WhichOneof("type")
        found = getattr(element, name) if name else None
        if name == "alert" and found.format == Alert.ERROR:
            self.problems.append(found.body)
        self.words.append(str(getattr(found, "body", "")))
        self._know(getattr(found, "id", ""), list(getattr(found, "options", [])))

    def _know(self, name: object, options: list[str] | None = None) -> None:
        if isinstance(name, str) and name:
            self.widgets[name.rsplit("-", 1)[-1]] = (name, options or [])

    def says(self, words: str) -> bool:
        """Whether the page now holds the words."""
        return any(words in one for one in self.words)

    def named(self, beginning: str) -> str:
        """The key of the one widget that begins so."""
        found = [key for key in self.widgets if key.startswith(beginning)]
        if not found:
            raise PageError(f"no {beginning} on {self.page}: {self.problems[:2]}")
        return found[0]

    async def _until(self, there: Callable[[], bool], patience: float) -> None:
        """Look at the page again until something is there; PageError where it says that it will not be."""
        until = time.monotonic() + patience
        while not there():
            if self.problems:
                raise PageError(self.problems[0][:200])
            if time.monotonic() > until:
                raise PageError(f"{self.page}: nothing came of it in {patience:.0f} s")
            await asyncio.sleep(AGAIN)
            await self.go(self.page, self.query)

    # What a person does -----------------------------------------------------------------------------------------------

    async def upload(self, content: bytes, name: str) -> None:
        """Bring a table, until the page names it."""
        await self.go("upload", "")
        message = BackMsg()
        message.file_urls_request.request_id = secrets.token_hex(8)
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(60):
            while not self._places:
                self._finished(ForwardMsg.FromString(await self.socket.recv()))  # type: ignore[arg-type]
        place = self._places.pop()
        await asyncio.to_thread(put, self.url, place.upload_url, name, content)
        key = self.named("bring_")

        def bring(tab: Tab) -> Iterator[WidgetState]:
            state = WidgetState(id=tab.widgets[key][0])
            state.file_uploader_state_value.uploaded_file_info.add(
                name=name, size=len(content), file_id=place.file_id, file_urls=place
            )
            yield state

        await self.act(bring)
        if not self.says(name):
            raise PageError(f"the table is not there: {self.problems[:1]}")

    async def train(self, patience: float) -> None:
        """Train a model of the table, until the page says how well it does."""
        await self.go("train", "")
        await self.act(click("train"))
        await self._until(lambda: self.says("How well it does") and not self.says("running"), patience)

    async def score(self, patience: float) -> None:
        """Score the table by the model that is chosen, until its numbers can be taken away."""
        await self.go("score", "")
        await self.act(click("score"))
        await self._until(lambda: "scores_csv" in self.widgets, patience)

    async def sign(self, case: str, note: str) -> None:
        """Agree to a case's numbers, until the page shows the record."""
        await self.go("case", f"case={case}")
        await self.act(write("detail", "Record"))
        decision, said = self.named("record_decision_"), self.named("record_note_")

        def sign(tab: Tab) -> Iterator[WidgetState]:
            yield WidgetState(id=tab.widgets[decision][0], string_value=tab.widgets[decision][1][0])
            yield WidgetState(id=tab.widgets[said][0], string_value=note)
            yield WidgetState(id=tab.widgets["sign_record"][0], trigger_value=True)

        await self.act(sign)
        if not self.says(note):
            raise PageError(f"the record is not shown: {self.problems[:1]}")


def put(url: str, place: str, name: str, content: bytes) -> None:
    """Send a file as a browser does, with the cookie against forged requests."""
    cookies = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    opener.open(f"{url}/_stcore/health", timeout=30).close()
    token = next((one.value or "" for one in cookies if "xsrf" in one.name), "")
    edge = secrets.token_hex(16)
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    address = place if re.match(r"https?://", place) else url + place
    request = urllib.request.Request(address, body, method="PUT")
    request.add_header("Content-Type", f"multipart/form-data; boundary={edge}")
    request.add_header("X-Xsrftoken", token)
    opener.open(request, timeout=60).close()

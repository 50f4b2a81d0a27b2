"""Every public function of the services is refused to who may not, before it looks at anything; a new one cannot escape."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl.services import users
from mtl.services.users import NOBODY, ROLES, Forbidden, User, acting

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "mtl" / "services"
MODULES = sorted(
    ".".join(path.relative_to(SERVICES).with_suffix("").parts)
    for path in SERVICES.rglob("*.py")
    if path.stem != "__init__"
)
#: Public functions that ask for no permission although a page, a route or a command may call them: why.
OPEN = {
    "evidence.evidence.remaining": "words of a job that the caller has already",
    "exposure": "decides whether a request may come in at all; knows no patient",
    "observe": "counts requests and jobs; names no user, case or private model, and /metrics asks who may see it",
    "trouble": "words of an error that the caller has already",
    "work": "the server looks after its own jobs; no page calls it",
    "owners": "decides who may see what; its answers hold nothing else",
    "card.card.file_name": "words of a card that the caller has already",
    "card.card.markup": "words of a card that the caller has already",
    "card.card.printed": "words of a card that the caller has already",
    "card.card.wanting": "words of a card that the caller has already",
    "card.card.words_of": "words of a card that the caller has already",
    "documents.facts.cohort_title": "words of a cohort that the caller has already",
    "documents.facts.digest_of": "a digest of a table that the caller has already",
    "identity": "turns a provider's claims into a user; knows no patient",
    "users": "says who asks",
    "samples.start": "the server prepares the samples before anybody has come",
    "samples.ready": "answers /ready: whether the public samples are there",
    "samples.progress": "answers /ready: how far the public samples are",
    "uploads.forget_memory": "empties a cache",
    "uploads.owner": "the opaque name of the asking user's own folder",
    "own.studies.training_table": "a table that the caller has already",
    "own.studies.task_choices": "words of a draft that the caller has already",
    "patients.global_view.scale_text": "words of a task that the caller has already",
    "tour.story.prepare": "begins what the asking user may begin, or nothing",
    "tour.story.ready": "whether the asking user may take the tour",
    "patients.records.own_text": "words of a case that the caller has already",
    "paper.reports.pages": "counts the pages of a file that the caller has already",
    "paper.reports.file_name": "words of a case that the caller has already",
    "patients.similar.closeness_text": "words of an answer that the caller has already",
    "patients.similar.decoded": "words of an answer that the caller has already",
    "summary.summary": "words of a model's record that the caller has already",
}


class Touched(Exception):  # noqa: N818 - what happened, not an error
    """An argument was looked at."""


class Argument:
    """What must not be looked at before it is known who asks."""


def _touched(self: object, *_: object) -> Any:
    raise Touched


_USES = "getattr getitem iter str bool len call contains float int fspath hash eq"
for _use in _USES.split():
    setattr(Argument, f"__{_use}__", _touched)


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in MODULES:
        module = importlib.import_module(f"mtl.services.{name}")
        for own, function in inspect.getmembers(module, inspect.isfunction):
            if not own.startswith("_") and function.__module__ == module.__name__:
                yield f"{name}.{own}", function


FUNCTIONS = dict(functions())


def ask(function: Callable[..., Any], user: User) -> BaseException | None:
    """Call a function with arguments that must not be touched; what came of it."""
    needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    plain = [Argument() for p in needed if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    named = {p.name: Argument() for p in needed if p.kind is p.KEYWORD_ONLY}
    with acting(user):
        try:
            function(*plain, **named)
        except Exception as error:  # whatever it is, the caller judges
            return error
    return None


def called_from_outside() -> set[str]:
    """Modules of the services that a page, a command, app.py or the command line's entry imports."""
    files = [*(ROOT / "pages").rglob("*.py"), *(ROOT / "mtl" / "commands").glob("*.py"), ROOT / "app.py"]
    found: set[str] = set()
    for path in [*files, ROOT / "mtl" / "__main__.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            of = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if isinstance(node, ast.ImportFrom) and f"{of}.".startswith("mtl.services."):
                room = of.removeprefix("mtl.services").lstrip(".")
                found |= {room, *(f"{room}.{alias.name}".lstrip(".") for alias in node.names)}
    return found & set(MODULES)


def knows_the_store(module: str) -> bool:
    """Whether a module asks the store or the queue for anything, rather than naming their types."""
    tree = ast.parse((SERVICES / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    imported = set[str]()
    for node in ast.walk(tree):
        of = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if isinstance(node, ast.ImportFrom) and (of == "mtl" or of.startswith(("mtl.store", "mtl.jobs"))):
            imported |= {alias.asname or alias.name for alias in node.names}
    return any(not name[0].isupper() for name in imported)


def guarded() -> dict[str, str]:
    """Functions that ask for a permission before anything else, and which."""
    found = {}
    for name, function in FUNCTIONS.items():
        if name in OPEN or name.rpartition(".")[0] in OPEN:
            continue  # they would do what they are for
        refused = ask(function, NOBODY)
        if isinstance(refused, Forbidden):
            found[name] = re.search(r"\(([a-z]+:[a-z]+)\)", str(refused))[1]  # type: ignore[index]
    return found


@pytest.fixture(scope="module")
def permissions() -> dict[str, str]:
    return guarded()


def test_nobody_gets_past_a_service(permissions: dict[str, str]) -> None:
    outside = called_from_outside()
    escaped = [
        name
        for name in FUNCTIONS
        if name not in permissions
        and name not in OPEN
        and (module := name.rpartition(".")[0]) not in OPEN
        and module in outside
        and knows_the_store(module)
    ]
    assert escaped == [], "ask users.require(...) first, or say in OPEN why not"


def test_every_exception_is_still_one() -> None:
    stale = [name for name in OPEN if name not in FUNCTIONS and name not in MODULES]
    assert stale == []


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_is_refused_what_it_does_not_allow(permissions: dict[str, str], role: str) -> None:
    user = User("somebody", frozenset({role}))
    for name, permission in permissions.items():
        assert permission in users.PERMISSIONS, name
        if permission not in ROLES[role]:
            assert isinstance(ask(FUNCTIONS[name], user), Forbidden), name
    assert len({permissions[name] for name in permissions} - ROLES["viewer"]) >= 5


def test_an_unknown_role_allows_nothing(permissions: dict[str, str]) -> None:
    for name in permissions:
        assert isinstance(ask(FUNCTIONS[name], User("x", frozenset({"Admin", "root", ""}))), Forbidden)

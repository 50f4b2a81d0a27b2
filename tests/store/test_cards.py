"""Versions of a model card: appended, whole, never changed, and nobody's words lost to somebody else's."""

from __future__ import annotations

import json
import threading

import pytest

from mtl.store import cards, home
from mtl.store.database import StoreError


def test_a_version_follows_the_other() -> None:
    assert cards.latest("m-1") is None
    cards.append("m-1", 0, "ann", {"tripod 17": "approved"})
    cards.append("m-1", 1, "bob", {"tripod 17": "approved", "tripod 19": "none"})
    first, second = cards.versions("m-1")
    assert (first.number, first.who, first.answers) == (1, "ann", {"tripod 17": "approved"})
    assert (second.number, second.who) == (2, "bob")
    assert cards.latest("m-1") == second
    assert cards.versions("m-2") == []


def test_words_of_somebody_else_are_not_overwritten() -> None:
    cards.append("m", 0, "ann", {"tripod 17": "a"})
    with pytest.raises(cards.CardConflict, match="version 1"):
        cards.append("m", 0, "bob", {"tripod 17": "b"})
    assert [one.who for one in cards.versions("m")] == ["ann"]


def test_of_many_at_a_time_one_is_kept() -> None:
    lost: list[str] = []
    start = threading.Barrier(8)

    def save(who: str) -> None:
        start.wait()
        try:
            cards.append("m", 0, who, {"tripod 1": who})
        except cards.CardConflict:
            lost.append(who)

    threads = [threading.Thread(target=save, args=(f"u{k}",)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (kept,) = cards.versions("m")
    assert len(lost) == 7 and kept.who not in lost
    assert not list((home.room("cards") / "m").glob(f"{home.WORK}*"))


@pytest.mark.parametrize("words", ["a\x00b", "\x1b[2J", "x" * (cards.LONGEST + 1)])
def test_what_cannot_be_kept_leaves_nothing(words: str) -> None:
    with pytest.raises(ValueError):
        cards.append("m", 0, "ann", {"tripod 1": words})
    assert cards.versions("m") == []


@pytest.mark.parametrize("key", ["../m", "", "a/b", "M", ".work-x"])
def test_a_key_is_no_path(key: str) -> None:
    with pytest.raises(StoreError, match="no model's key"):
        cards.versions(key)


def test_a_damaged_version_says_which() -> None:
    cards.append("m", 0, "ann", {})
    (path,) = (home.room("cards") / "m").glob("*.json")
    path.write_text(json.dumps({"number": 0}))
    with pytest.raises(StoreError, match="version 000001 of the card of model m"):
        cards.latest("m")

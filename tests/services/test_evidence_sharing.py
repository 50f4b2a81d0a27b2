"""What is said of sharing follows from the numbers, in both languages; the audit follows a training where it is wanted."""

from __future__ import annotations

import pytest

from mtl import language
from mtl.jobs import audits, queue
from mtl.jobs.evidence import topic
from mtl.jobs.samples import model_key
from mtl.services.evidence import sharing as evidence_sharing
from mtl.services.evidence import techniques as evidence_techniques
from mtl.store.database import StoreError
from tests import two_hospitals
from tests.evidence import shared_by_hand


def said(name: str) -> evidence_sharing.Sentence:
    found = shared_by_hand.transfer()
    place = list(found["tasks"]).index(name)
    return evidence_sharing.sentences(two_hospitals.study(), found)[place]


def plain(words: str) -> str:
    return words.replace("\u00a0", " ")


def test_every_verdict_is_said_with_its_numbers() -> None:
    assert said("ill").head == "Sharing helped"
    assert "+0.050 (0.030 to 0.070)" in plain(said("ill").words)
    assert "+0.040 (0.020 to 0.060)" in plain(said("ill").words)
    hurt = said("sort")
    assert hurt.head == "Sharing hurt, and is switched off"
    assert "+0.020 (0.010 to 0.030)" in plain(hurt.words)  # the loss rose
    assert said("amount").head == "Cannot tell" and "shuffled" in said("amount").words
    level = said("death")
    assert level.head == "Sharing made no difference" and "within 0.01" in level.words


def test_hurt_but_still_in_the_model_says_so() -> None:
    found = shared_by_hand.task("hurt", -0.03, 0.01, -0.02)
    one = evidence_sharing.sentence("Ill", found)
    assert one.head == "Sharing hurt" and "weight of 0.25" in one.words


def test_nothing_to_share_and_too_few_labels() -> None:
    nothing = {"gain": None, "control": None}
    alone = shared_by_hand.task("alone", 0, 0, 0, helpers=[]) | nothing
    assert evidence_sharing.sentence("x", alone).head == "Nothing is shared"
    few = shared_by_hand.task("unclear", 0, 0, 0, reason="too few", scores={}) | nothing
    one = evidence_sharing.sentence("x", few)
    assert one.head == "Cannot tell" and "too few labels" in one.words
    study, found = two_hospitals.study(), {"tasks": {"ill": few, "death": alone}}
    assert evidence_sharing.gaps(study, found) == [] and evidence_sharing.losses(study, found) == []
    assert [row.cells[0] for row in evidence_sharing.scores(study, found)] == ["–", "0.700"]


def test_it_is_said_in_chinese() -> None:
    with language.use("zh_Hans"):
        for name in ("ill", "sort", "amount", "death"):
            one = said(name)
            assert not any("a" <= sign <= "z" for sign in one.head), one.head
            assert "（" in one.words or "：" in one.words


def test_pairs_beyond_chance_are_named_and_helpers_that_may_not_help_are_hidden() -> None:
    found = evidence_sharing.pairs(two_hospitals.study(), shared_by_hand.pairs())
    assert len(found.beyond) == 1 and "helps" in found.beyond[0]
    assert found.hidden[0] == (True, False, False, True)
    assert found.values[0][1] == 0.04 and found.values[1][0] != found.values[1][0]
    assert len(found.table) == 3 and found.table[2][2] == "not estimable"


def test_the_curve_begins_with_few_labels() -> None:
    points = evidence_sharing.curve(shared_by_hand.learning(), "ill")
    assert [point.labels for point in points] == [36, 90, 180, 360]
    assert points[0].blend is None and points[0].gain == "too few labels"
    assert evidence_sharing.curve(shared_by_hand.learning(), "death") == []


def technique(metric: float | None, over: tuple[float, float] | None) -> dict[str, object]:
    gain = None if over is None else shared_by_hand.both(*over)
    return {"metric": metric, "loss": 0.4, "slope": None, "over": gain}


def test_who_comes_first_is_said_even_when_it_is_not_ours() -> None:
    task = {
        "metric": "auroc",
        "techniques": {"blend": technique(0.80, None), "linear": technique(0.83, (0.03, 0.01))},
    }
    content = {"tasks": {"ill": task}, "techniques": {}}
    study = two_hospitals.study()
    words = plain(evidence_techniques.first(content, "ill"))
    assert (
        words.startswith("First is linear or Cox")
        and "number 2 with 0.800" in words
        and "chance" not in words
    )
    assert "0 of 1 task" in evidence_techniques.summary(study, content)
    task["techniques"]["linear"] = technique(0.79, (-0.01, 0.02))
    words = evidence_techniques.first(content, "ill")
    assert words.startswith("Ours comes first") and "chance" in words
    assert "1 of 1 task" in evidence_techniques.summary(study, content)
    assert [row.ours for row in evidence_techniques.rows(content, "ill")] == [True, False]
    task["techniques"] = {"blend": technique(0.8, None)}
    assert evidence_techniques.first(content, "ill") == "There is nothing to compare with."


def test_what_a_technique_cannot_do_is_named() -> None:
    took = {"seconds": 1.25, "parameters": 1234, "left_out": {"death": "no_survival"}}
    none = {"seconds": 0.0, "parameters": 0, "left_out": {"ill": "alone", "death": "other_kinds"}}
    content = {"tasks": {}, "techniques": {"perceptron": took, "chain": none}}
    first, second = evidence_techniques.costs(two_hospitals.study(), content)
    assert first.parameters == "1,234" and "it knows no censored follow-up" in first.cannot
    assert second.seconds == second.parameters == "–"


def test_an_audit_follows_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue.process, "ensure", lambda: None)
    audits.follow("c", "m")  # the tests want no refits, so no audits
    assert queue.latest(topic("c", "m", "transfer")) is None
    monkeypatch.setenv(audits.SETTING, "1")
    audits.follow("c", "m")
    job = queue.latest(topic("c", "m", "transfer"))
    assert job is not None and job.kind == "gather_evidence" and job.payload["part"] == "transfer"
    audits.follow_sample("gbsg")  # its model is Rotterdam's
    assert queue.latest(topic("gbsg", model_key("gbsg"), "transfer")) is None
    audits.follow_sample("pbc")
    assert queue.latest(topic("pbc", model_key("pbc"), "transfer")) is not None
    monkeypatch.setenv(audits.SETTING, "0")
    assert not audits.wanted()
    monkeypatch.setenv(audits.SETTING, "perhaps")
    with pytest.raises(StoreError, match="CONSILIUM_AUDIT"):
        audits.wanted()

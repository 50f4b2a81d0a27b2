"""What sharing brought, in the report: the page's sentences and numbers, from content made by hand."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from mtl import language
from mtl.report.document import Part, Picture, Points, Table, Words
from mtl.services.documents.facts import Evidence, Facts
from mtl.services.evidence import sharing as evidence_sharing
from mtl.services.evidence import techniques as evidence_techniques
from mtl.services.validation import sharing as validation_sharing
from tests.evidence import shared_by_hand
from tests.two_hospitals import study

TASKS = ("ill", "sort", "amount", "death")
NOBODY = Evidence("nobody", 0, "", {})


def facts() -> Facts:
    return Facts(study(), {"left_out": {}}, "v", "d", {}, False)


def said(parts: tuple[Part, ...]) -> str:
    out = []
    for part in parts:
        out.append(part.title)
        for block in part.blocks:
            match block:
                case Words():
                    out.append(block.text)
                case Points():
                    out += block.items
                case Table():
                    out += [*block.head, *(cell for row in block.rows for cell in row)]
                case Picture():
                    ET.fromstring(block.svg)
                    out.append(block.alt)
    return "\n".join(out)


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_verdicts_are_those_of_the_page(lang: str) -> None:
    with language.use(lang):
        found = shared_by_hand.transfer()
        told = said(validation_sharing.transfer(facts(), NOBODY, found, TASKS))
        for one in evidence_sharing.sentences(study(), found):
            assert one.head in told and one.words in told
        for _title, _metric, gaps in evidence_sharing.gaps(study(), found):
            assert all(gap.printed in told for gap in gaps)


def test_only_the_tasks_asked_for() -> None:
    told = said(validation_sharing.transfer(facts(), NOBODY, shared_by_hand.transfer(), ("ill",)))
    assert "Sharing helped" in told and "switched off" not in told


def test_pairs_and_curves() -> None:
    told = said(validation_sharing.pairs(facts(), NOBODY, shared_by_hand.pairs(), TASKS))
    assert all(words in told for words in evidence_sharing.pairs(study(), shared_by_hand.pairs()).beyond)
    (curve,) = validation_sharing.learning(facts(), NOBODY, shared_by_hand.learning(), TASKS)
    points = evidence_sharing.curve(shared_by_hand.learning(), "ill")
    assert all(point.gain in said((curve,)) for point in points)
    assert any(isinstance(block, Picture) for block in curve.blocks)


def test_techniques() -> None:
    over = {"metric": shared_by_hand.limits(-0.01, 0.02), "loss": shared_by_hand.limits(0.01, 0.02)}
    found: dict[str, Any] = {
        "tasks": {
            "ill": {
                "metric": "auroc",
                "techniques": {
                    "blend": {"metric": 0.81, "loss": 0.4, "slope": 1.01, "over": None},
                    "single": {"metric": 0.8, "loss": 0.41, "slope": 0.9, "over": over},
                },
            }
        },
        "techniques": {
            "blend": {"seconds": 12.0, "parameters": 900, "left_out": {}},
            "single": {"seconds": 3.0, "parameters": 500, "left_out": {"death": "no_survival"}},
        },
    }
    told = said(validation_sharing.techniques(facts(), NOBODY, found, TASKS))
    assert evidence_techniques.first(found, "ill") in told
    assert evidence_techniques.summary(study(), found) in told
    for row in evidence_techniques.rows(found, "ill"):
        assert row.metric in told and row.name in told

"""The truth table of refusals, written by hand, row by row."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from mtl.treatment.refusal import Box, Facts, Reason, refusal

FINE = Facts()
# name of the row: (what differs from a case where all is well, box 3, contrast of box 2); None: shown
TABLE: dict[str, tuple[dict[str, object], Reason | None, Reason | None]] = {
    "all is well": ({}, None, None),
    "two treatments": ({"combination": True}, Reason.COMBINATION, Reason.COMBINATION),
    "another outcome": ({"same_outcome": False}, Reason.OTHER_OUTCOME, None),
    "no effect, not for them": ({"applies": False, "no_effect": True}, Reason.NO_EFFECT, None),
    "no effect, though for them": ({"applies": True, "no_effect": True}, Reason.NO_EFFECT, None),
    "no effect, unknown if for them": ({"applies": None, "no_effect": True}, Reason.NO_EFFECT, None),
    "not for them": ({"applies": False, "no_effect": False}, Reason.NOT_APPLICABLE, None),
    "not for them, effect unknown": ({"applies": False, "no_effect": None}, Reason.NOT_APPLICABLE, None),
    "unknown if for them": ({"applies": None}, Reason.UNKNOWN, None),
    "for them, unknown if no effect": ({"applies": True, "no_effect": None}, Reason.UNKNOWN, None),
    "both unknown": ({"applies": None, "no_effect": None}, Reason.UNKNOWN, None),
    "follow-up too short": ({"estimable": False}, Reason.NOT_ESTIMABLE, None),
    "no treatment task": ({"propensity": None, "given": 0, "not_given": 0}, Reason.UNCOUNTED, Reason.UNCOUNTED),
    "19 not given it": ({"not_given": 19}, Reason.FEW_NOT_GIVEN, Reason.FEW_NOT_GIVEN),
    "20 not given it": ({"not_given": 20}, None, None),
    "19 given it": ({"given": 19}, None, Reason.FEW_GIVEN),
    "20 given it": ({"given": 20}, None, None),
    "hardly ever given": ({"propensity": 0.0999, "given": 0}, None, Reason.PROPENSITY),
    "at the lower limit": ({"propensity": 0.1}, None, None),
    "at the upper limit": ({"propensity": 0.9}, None, None),
    "nearly always given": ({"propensity": 0.9001}, None, Reason.PROPENSITY),
    "nearly always, few without": (
        {"propensity": 0.95, "not_given": 3}, Reason.FEW_NOT_GIVEN, Reason.PROPENSITY,
    ),
    "few on both sides": ({"given": 5, "not_given": 5}, Reason.FEW_NOT_GIVEN, Reason.FEW_GIVEN),
    "out of distribution": ({"novel": True}, Reason.NOVEL, None),
    "out of distribution and few": ({"novel": True, "not_given": 2}, Reason.FEW_NOT_GIVEN, Reason.FEW_NOT_GIVEN),
    "another outcome and no effect": (
        {"same_outcome": False, "no_effect": True}, Reason.OTHER_OUTCOME, None,
    ),
    "unknown and out of distribution": ({"applies": None, "novel": True}, Reason.UNKNOWN, None),
    "two treatments, nothing else right": (
        {"combination": True, "same_outcome": False, "applies": None, "novel": True, "propensity": None},
        Reason.COMBINATION, Reason.COMBINATION,
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE)
def test_row(row: str) -> None:
    differs, expected, contrast = TABLE[row]
    facts = replace(FINE, **differs)
    assert refusal(Box.EXPECTED, facts) is expected
    assert refusal(Box.CONTRAST, facts) is contrast


def test_every_reason_has_a_row() -> None:
    assert {reason for _, *answers in TABLE.values() for reason in answers} == {None, *Reason}


def test_shown_only_when_everything_required_is_known_and_right() -> None:
    """Every combination of the facts: box 3 is shown in exactly the one way that the brief allows."""
    for combination, same, applies, none, estimable, p, n, novel in itertools.product(
        (True, False), (True, False), (True, False, None), (True, False, None), (True, False),
        (None, 0.02, 0.5), (3, 20), (True, False),
    ):  # fmt: skip
        facts = Facts(combination, same, applies, none, estimable, p, 0, n, novel)
        allowed = (
            not combination and same and applies is True and none is False and estimable and p is not None
            and n >= 20 and not novel
        )  # fmt: skip
        assert (refusal(Box.EXPECTED, facts) is None) == allowed

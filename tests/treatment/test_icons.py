"""A hundred people are always a hundred, and each number is its share rounded down or up."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.language import percent
from mtl.treatment.icons import largest_remainder, people
from mtl.treatment.printed import printed


def test_icons_sum_to_a_hundred_for_ten_thousand_random_inputs() -> None:
    rng = np.random.default_rng(0)
    untreated = rng.uniform(size=10_000) ** rng.choice([0.05, 1, 20], size=10_000)  # also near 0 and 1
    treated = untreated ** np.exp(rng.normal(scale=0.6, size=10_000))
    for before, after in zip(untreated, treated, strict=True):
        found = people(before, after)
        parts = (found.either, found.more, found.fewer, found.affected)
        assert sum(parts) == 100
        assert min(parts) >= 0
        assert found.more == 0 or found.fewer == 0
        for whole, exact in (
            (found.untreated, before), (found.treated, after), (found.treated - found.untreated, after - before)
        ):  # fmt: skip
            assert abs(whole - 100 * exact) < 1 + 1e-6


def test_largest_remainder_against_its_definition() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        shares = rng.dirichlet(np.ones(int(rng.integers(2, 8))))
        whole = largest_remainder(shares)
        assert whole.sum() == 100
        floors = np.floor(100 * shares)
        raised = whole > floors
        remainders = 100 * shares - floors
        assert set((whole - floors).tolist()) <= {0.0, 1.0}
        if raised.any() and not raised.all():
            assert remainders[raised].min() >= remainders[~raised].max() - 1e-9


@pytest.mark.parametrize("shares", [[0.5, 0.6], [-0.1, 1.1], [np.nan, 1.0]])
def test_what_is_no_whole_is_refused(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="parts of a whole"):
        largest_remainder(shares)


def test_printed_numbers_add_up_and_the_interval_holds_them() -> None:
    rng = np.random.default_rng(2)
    for before, ratio in rng.uniform([0.01, 0.4], [0.99, 1.6], size=(500, 2)):
        after = before**ratio
        shown = printed(5, "5 years", before, after, after - before - 0.001, after - before + 0.001, True)
        change = shown.people.treated - shown.people.untreated
        digits = int("".join(c for c in shown.difference_text if c.isdigit()))
        assert digits == abs(change) or (change == 0 and "<" in shown.difference_text)
        assert shown.untreated_text == percent(shown.people.untreated / 100)


def test_nothing_is_rounded_to_certainty() -> None:
    shown = printed(1, "1 year", 0.9996, 0.9998, 0.0001, 0.0003, False)
    assert shown.untreated_text.startswith(">99")
    assert shown.difference_text == "<1"
    assert printed(1, "1 year", 0.5, 0.5, np.nan, np.nan, False).difference_text == "0"
    assert printed(1, "1 year", 0.5, 0.45, -0.1, 0.02, False).interval_text.count("−") == 1

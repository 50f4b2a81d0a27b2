"""A hundred people are always a hundred, and each number is its share rounded down or up."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.language import percent
from mtl.treatment.icons import people
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


def test_they_are_what_the_risk_leaves_on_every_other_page() -> None:
    for before, after in np.random.default_rng(1).uniform(0.01, 0.99, size=(2000, 2)):
        found = people(before, after)
        assert percent(1 - before) == percent((100 - found.untreated) / 100)
        assert percent(1 - after) == percent((100 - found.treated) / 100)


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        people(share, 0.5)


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

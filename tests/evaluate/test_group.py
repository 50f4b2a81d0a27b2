"""Shares and quartiles of a group, against statsmodels and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from mtl.evaluate.group import quartiles, share


@pytest.mark.parametrize(("count", "n"), [(0, 50), (50, 50), (1, 3), (12, 48), (34, 50), (499, 1000)])
def test_the_interval_is_wilsons(count: int, n: int) -> None:
    found = share(count, n)
    np.testing.assert_allclose(
        (found.low, found.high), proportion_confint(count, n, method="wilson"), atol=1e-12
    )


def test_nobody_is_no_share() -> None:
    found = share(0, 0)
    assert np.isnan(found.share) and (found.low, found.high) == (0, 1)
    assert np.isnan(quartiles([np.nan])).all()
    with pytest.raises(ValueError, match="between 0 and the size"):
        share(3, 2)

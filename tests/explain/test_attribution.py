"""The one representation of an explanation, and the linear expert's share in it."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest

from mtl.explain.attribution import Attribution
from mtl.explain.linear import linear_base, linear_contributions


def example(classes: int | None = None, n: int = 3) -> Attribution:
    rng = np.random.default_rng(0)
    shape = (n, 2) if classes is None else (n, 2, classes)
    base = 0.25 if classes is None else rng.normal(size=classes)
    data = pd.DataFrame({"nodes": np.arange(float(n)), "grade": ["2", None, "3"][:n]})
    return Attribution("death", rng.normal(size=shape), base, ["nodes", "grade"], data)


@pytest.mark.parametrize("classes", [None, 3])
def test_shap_exchange_has_the_same_numbers(classes, shap):
    found = example(classes)
    exchanged = found.to_shap()
    assert isinstance(exchanged, shap.Explanation)
    np.testing.assert_array_equal(exchanged.values, found.values)
    np.testing.assert_allclose(exchanged.base_values + exchanged.values.sum(axis=1), found.margin, rtol=1e-15)
    assert list(exchanged.feature_names) == found.features
    assert exchanged[1].data[0] == 1.0
    assert exchanged.base_values.shape == found.margin.shape


def test_a_row_is_an_attribution_of_one_row():
    found = example(3)
    one = found.row(1)
    np.testing.assert_array_equal(one.values, found.values[1:2])
    np.testing.assert_array_equal(one.margin, found.margin[1:2])
    assert one.data.index.tolist() == [1]
    np.testing.assert_array_equal(found.row(-1).values, found.values[2:])
    with pytest.raises(IndexError, match="row 3, there are 3"):
        found.row(3)


def test_shapes_that_do_not_fit_are_refused():
    found = example()
    with pytest.raises(ValueError, match=r"'death'.*do not fit"):
        Attribution("death", found.values[:, :1], 0.0, found.features, found.data)
    with pytest.raises(ValueError, match="base"):
        Attribution("death", found.values, np.zeros(3), found.features, found.data)
    with pytest.raises(ValueError, match="columns"):
        Attribution("death", found.values, 0.0, ["grade", "nodes"], found.data)


def test_linear_equals_every_coalition_enumerated():
    rng = np.random.default_rng(2)
    p, c = 4, 2

    def terms(X):
        return np.stack([np.sin((j + 1) * X[:, j])[:, None] * [1.0, j - 1.5] for j in range(p)], axis=1)

    intercept, background, x = rng.normal(size=c), rng.normal(size=(9, p)), rng.normal(size=p)
    worth = {}
    for size in range(p + 1):
        for coalition in combinations(range(p), size):
            mixed = background.copy()
            mixed[:, list(coalition)] = x[list(coalition)]
            worth[frozenset(coalition)] = intercept + terms(mixed).sum(axis=1).mean(axis=0)
    expected = np.zeros((p, c))
    for j in range(p):
        for coalition in (s for s in worth if j not in s):
            weight = factorial(len(coalition)) * factorial(p - len(coalition) - 1) / factorial(p)
            expected[j] += weight * (worth[coalition | {j}] - worth[coalition])
    mean = terms(background).mean(axis=0)
    found = linear_contributions(terms(x[None]), mean)
    np.testing.assert_allclose(found[0], expected, atol=1e-12)
    margin = intercept + terms(x[None])[0].sum(axis=0)
    np.testing.assert_allclose(linear_base(intercept, mean) + found[0].sum(axis=0), margin, rtol=1e-12)
    with pytest.raises(ValueError, match="do not fit"):
        linear_contributions(terms(x[None]), mean[:2])

"""Multiclass metrics against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as peer

from mtl.evaluate import NotEstimable, multiclass


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    p = rng.dirichlet([1.0, 2.0, 0.5, 1.0], 400)
    y = np.array([rng.choice(4, p=row) for row in p])
    return y, p


def test_equals_scikit_learn(pair) -> None:
    y, p = pair
    macro = peer.roc_auc_score(y, p, multi_class="ovr", average="macro")
    assert multiclass.macro_auroc(y, p) == pytest.approx(macro, abs=1e-9)
    assert multiclass.log_loss(y, p) == pytest.approx(peer.log_loss(y, p), abs=1e-9)
    assert multiclass.accuracy(y, p) == pytest.approx(peer.accuracy_score(y, p.argmax(axis=1)), abs=1e-12)
    assert multiclass.brier(y, p) == pytest.approx(peer.brier_score_loss(y, p), abs=1e-9)
    np.testing.assert_array_equal(multiclass.confusion(y, p), peer.confusion_matrix(y, p.argmax(axis=1)))


def test_absent_class_has_no_macro_auroc(pair) -> None:
    y, p = pair
    present = y != 2
    with pytest.raises(NotEstimable, match="class number 2 does not occur"):
        multiclass.macro_auroc(y[present], p[present])


def test_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="truth is 2 in row 1: give class numbers from 0 to 1"):
        multiclass.brier([0, 2], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ValueError, match=r"probabilities of row 0 sum to 0\.7"):
        multiclass.brier([0, 1], [[0.2, 0.5], [0.5, 0.5]])

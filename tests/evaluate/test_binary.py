"""Binary metrics against scikit-learn, with ties, and their degenerate inputs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as peer

from mtl.evaluate import NotEstimable, binary


@pytest.fixture(params=["continuous", "tied", "extreme"])
def pair(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    p = rng.beta(2, 3, 500)
    y = (rng.random(500) < p).astype(float)
    if request.param == "tied":
        p = np.round(p, 1)
    if request.param == "extreme":
        p[:20], p[20:40] = 0.0, 1.0
    return y, p


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (binary.auroc, peer.roc_auc_score),
        (binary.average_precision, peer.average_precision_score),
        (binary.log_loss, peer.log_loss),
        (binary.brier, peer.brier_score_loss),
        (binary.scaled_brier, lambda y, p: peer.d2_brier_score(y, p)),
        (binary.accuracy, lambda y, p: peer.accuracy_score(y, p > 0.5)),
    ],
)
def test_equals_scikit_learn(pair, ours, theirs) -> None:
    y, p = pair
    assert ours(y, p) == pytest.approx(theirs(y, p), abs=1e-9)


def test_auroc_of_any_monotone_scale(pair) -> None:
    y, p = pair
    assert binary.auroc(y, 5 * p - 40) == pytest.approx(binary.auroc(y, p), abs=1e-12)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class(label: float) -> None:
    y, p = np.full(30, label), np.linspace(0.1, 0.9, 30)
    for metric in (binary.auroc, binary.scaled_brier):
        with pytest.raises(NotEstimable, match="only one class among the 30"):
            metric(y, p)
    assert binary.brier(y, p) == pytest.approx(np.mean((p - label) ** 2))


def test_no_event_has_no_average_precision() -> None:
    with pytest.raises(NotEstimable, match="no event"):
        binary.average_precision(np.zeros(5), np.linspace(0, 1, 5))


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 2], [0.1, 0.2], "truth is 2 in row 1"),
        ([0, 1], [0.1, 1.2], "probability is 1.2 in row 1"),
        ([0, 1], [np.nan, 0.2], "probability is nan in row 0"),
        ([0, 1], [0.1, 0.2, 0.3], r"shape \(3,\), expected \(2\)"),
        ([], [], "truth is empty"),
    ],
)
def test_says_what_is_wrong_and_where(y, p, message) -> None:
    with pytest.raises(ValueError, match=message):
        binary.brier(y, p)

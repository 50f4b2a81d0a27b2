"""Tables of several blocks: the numbers of one block, and no copies of what large tables hold already."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mtl.model import blocks, cox, forest, linear
from mtl.model.basis import Basis
from mtl.model.grow import Growth, GrowthTask, TreeConfig
from mtl.model.losses import BinaryLoss, CoxLoss, Loss, MulticlassLoss, SquaredLoss
from mtl.model.masking import mask_at_random
from mtl.model.pool import Elsewhere

N = 500
RNG = np.random.default_rng(0)
X = mask_at_random(RNG.normal(size=(N, 4)), RNG)
SIGNAL = np.nan_to_num(X[:, 0]) + RNG.normal(size=N)
TIME, EVENT = RNG.exponential(size=N) * np.exp(-SIGNAL), (RNG.random(N) < 0.4).astype(float)
WEIGHT = RNG.uniform(0.5, 2.0, N)
LOSSES: dict[str, Callable[[], Loss]] = {
    "binary": lambda: BinaryLoss(SIGNAL > 0),
    "weighted": lambda: BinaryLoss(SIGNAL > 0, WEIGHT),
    "regression": lambda: SquaredLoss(SIGNAL),
    "classes": lambda: MulticlassLoss(np.digitize(SIGNAL, [-0.5, 0.5]), 3, WEIGHT),
    "survival": lambda: CoxLoss(TIME, EVENT, weight=WEIGHT),
    "ties": lambda: CoxLoss(np.ceil(8 * TIME), EVENT, weight=WEIGHT),
    "strata and periods": lambda: CoxLoss(
        np.ceil(20 * TIME), EVENT, np.column_stack([SIGNAL, -SIGNAL]), [5.0], np.arange(N) % 3
    ),
}


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 64 rows."""
    for module, name in ((blocks, "UNDIVIDED"), (blocks, "BLOCK"), (forest, "UNDIVIDED")):
        monkeypatch.setattr(module, name, 64)


@pytest.mark.parametrize("kind", LOSSES)
def test_a_hessian_is_the_same_block_by_block(kind: str, request: pytest.FixtureRequest) -> None:
    loss, rng = LOSSES[kind](), np.random.default_rng(1)
    design, margin = rng.normal(size=(N, 5)), rng.normal(size=(N, loss.n_outputs))
    at_once = loss.hessian(margin, design)
    request.getfixturevalue("small_blocks")
    in_blocks = loss.hessian(margin, design)
    np.testing.assert_allclose(in_blocks, at_once, rtol=1e-10, atol=1e-10 * np.abs(at_once).max())
    assert (in_blocks != at_once).any()  # or there was one block


def test_pieces_of_risk_sets_hold_every_row_and_death_once(small_blocks: None) -> None:
    for block in CoxLoss(np.ceil(8 * TIME), EVENT)._blocks:
        pieces = cox._pieces(block)
        for part, size in (("rows", block.rows.size), ("deaths", block.deaths.size)):
            places = [np.arange(size)[getattr(piece, part)] for piece in pieces]
            np.testing.assert_array_equal(np.concatenate(places), np.arange(size))
        assert len(pieces) > 1
        for piece in pieces:
            assert piece.rows.stop - piece.rows.start <= 64 or piece.times.stop - piece.times.start == 1


def test_trees_grow_the_same_block_by_block(request: pytest.FixtureRequest) -> None:
    def grown() -> Growth:
        everybody = np.arange(N)
        tasks = [GrowthTask(LOSSES[kind](), everybody) for kind in ("binary", "classes", "survival")]
        growth = Growth(X, range(4), [], tasks, TreeConfig(), seed=3)
        growth.extend(30)
        return growth

    at_once = grown().forest()
    margin = at_once.margin(X)
    request.getfixturevalue("small_blocks")
    in_blocks = grown().forest()
    np.testing.assert_array_equal(in_blocks.threshold, at_once.threshold)
    np.testing.assert_allclose(in_blocks.value, at_once.value, rtol=1e-9, atol=1e-12)
    assert at_once.margin(X).tobytes() == margin.tobytes()  # every bit: a row's sum knows no other row


def test_columns_of_a_masked_table_are_not_copied() -> None:
    growth = Growth(X, range(4), [], [GrowthTask(LOSSES["binary"](), np.arange(N))], TreeConfig(), seed=3)
    assert all(np.shares_memory(column, X) for column in growth._columns)


def test_the_order_of_a_table_in_memory_changes_no_tree() -> None:
    def grown(table: np.ndarray) -> forest.Forest:
        task = GrowthTask(LOSSES["binary"](), np.arange(N))
        growth = Growth(table, [0, 1, 3], [], [task], TreeConfig(), seed=3)
        growth.extend(20)
        return growth.forest()

    by_column, by_row = grown(X), grown(np.ascontiguousarray(X))
    np.testing.assert_array_equal(by_column.threshold, by_row.threshold)
    np.testing.assert_array_equal(by_column.value, by_row.value)


def test_stand_ins_of_many_rows_are_learnt_from_a_fixed_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    loss = LOSSES["regression"]()
    null = loss.gradient(np.zeros((N, 1)))
    basis = Basis.fit(X, ["numeric"] * 4, range(4), *null)
    expert = linear.LinearPath.fit(X, loss, basis, [linear.Penalty(0.1)]).expert(0)
    together = X.copy()
    together[:, 1] = 0.8 * X[:, 0] + 0.3 * X[:, 1]
    everybody = expert.with_stand_ins(together)
    monkeypatch.setattr(linear, "_MOST_ROWS", 400)
    sampled, again = expert.with_stand_ins(together), expert.with_stand_ins(together)
    assert everybody.stand_ins and sampled.stand_ins and again.stand_ins
    assert (sampled.stand_ins.coef == again.stand_ins.coef).all()
    assert (sampled.stand_ins.coef != everybody.stand_ins.coef).any()
    np.testing.assert_allclose(sampled.stand_ins.coef, everybody.stand_ins.coef, atol=0.15)


def test_memory_of_large_tables_is_given_back(small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    monkeypatch.setattr(blocks, "_trim", kept.append)
    blocks.give_back(64)
    assert not kept
    blocks.give_back(65)
    assert kept == [0]


def test_an_executor_elsewhere_must_say_how_it_shares() -> None:
    with pytest.raises(TypeError, match="share"):
        Elsewhere()  # type: ignore[abstract]

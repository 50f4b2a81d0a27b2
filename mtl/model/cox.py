"""The Cox partial likelihood: Efron ties, weights, strata, and offsets that change between periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mtl.model.blocks import block_size

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# A hazard below exp(-300) of the largest counts as exp(-300): squares of risk sums stay above underflow.
_LOWEST = -300.0


class CoxError(ValueError):
    """Follow-up data that the partial likelihood cannot use."""


@dataclass(frozen=True)
class _Block:
    """The event times of one stratum in one period, and the rows still at risk at the first of them.

    Rows are sorted by time. `deaths` are the rows with an event in the period, grouped by their `n_times`
    unique times; each has an Efron term: its time, the fraction of the tied hazard that has left the risk
    set, and the mean weight of the events at that time.
    """

    rows: IntArray  # (m,) row numbers of the data, by time
    period: int
    first: IntArray  # (k,) first row of the risk set at each event time
    passed: IntArray  # (m,) number of event times up to each row's own time
    deaths: IntArray  # (d,) positions in `rows`
    group: IntArray  # (k,) first death of each event time
    of_time: IntArray  # (d,) event time of each death
    fraction: FloatArray  # (d,)
    tied: bool
    weight: FloatArray | None  # (m,)
    death_weight: FloatArray | float  # (d,)
    mean_weight: FloatArray | float  # (d,)


@dataclass(frozen=True)
class _Forward:
    """What value, gradient and Hessian share, given the margins of a block."""

    shifted: FloatArray  # (m,) margin less the largest
    hazard: FloatArray  # (m,) weight * exp(shifted)
    denominator: FloatArray  # (d,) hazard at risk for each Efron term


class CoxLoss:
    """Negative log partial likelihood with Efron's method for ties; the margin is the log hazard ratio.

    With Q periods the loss is the sum over periods of the partial likelihood at `margin + offsets[:, q]`,
    of the events with `boundaries[q - 1] < time <= boundaries[q]`. The risk set of an event is every row of
    its stratum followed at least that long. Weighted ties follow Therneau and Grambsch (2000, section 3.3) as
    R's `survival` and `lifelines` do: each Efron term carries the mean weight of the tied events.

    Parameters
    ----------
    time : (n,) years.
    event : (n,) 1 for the event, 0 for censoring.
    offsets : (n, Q) or (n,), optional known log hazard ratios added to the margin.
    boundaries : Q - 1 increasing inner limits of the periods, years.
    strata : (n,) labels; rows of different strata are never compared.
    weight : (n,) not negative; an event of weight 0 is no event.

    Raises
    ------
    CoxError
        For shapes that do not fit, values that are not finite, or events other than 0 and 1.

    Examples
    --------
    Two patients, the first dies while both are at risk: the loss at equal hazards is log 2.

    >>> loss = CoxLoss([1.0, 2.0], [1, 0])
    >>> round(loss.value(np.zeros((2, 1))), 4)
    0.6931
    """

    n_outputs = 1
    has_intercept = False

    def __init__(
        self,
        time: npt.ArrayLike,
        event: npt.ArrayLike,
        offsets: npt.ArrayLike | None = None,
        boundaries: Sequence[float] = (),
        strata: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
    ) -> None:
        self.time = _column(time, "time")
        self.rows = int(self.time.size)
        self.event = _column(event, "event", self.rows)
        bad = np.flatnonzero((self.event != 0) & (self.event != 1))
        if bad.size:
            raise CoxError(f"event: row {bad[0]} has {self.event[bad[0]]}; events are 0 or 1")
        self.boundaries = tuple(float(b) for b in boundaries)
        if any(high <= low for low, high in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise CoxError(f"boundaries {self.boundaries} must increase")
        self.offsets = self._read_offsets(offsets)
        self.weight = None if weight is None else _column(weight, "weight", self.rows)
        if self.weight is not None and (self.weight < 0).any():
            bad = np.flatnonzero(self.weight < 0)
            raise CoxError(f"weight: row {bad[0]} has {self.weight[bad[0]]}; weights are not negative")
        counted = self.event == 1 if self.weight is None else (self.event == 1) & (self.weight > 0)
        self.total = float(counted.sum() if self.weight is None else self.weight[counted].sum())
        self._blocks = self._make_blocks(counted, strata)

    def _read_offsets(self, offsets: npt.ArrayLike | None) -> FloatArray | None:
        periods = len(self.boundaries) + 1
        if offsets is None:
            if periods > 1:
                raise CoxError("boundaries without offsets: give one column of offsets for each period")
            return None
        values = np.asarray(offsets, dtype=np.float64)
        if values.ndim == 1:
            values = values[:, None]
        if values.shape != (self.rows, periods):
            raise CoxError(f"offsets have shape {values.shape}, not ({self.rows}, {periods}): one a period")
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if bad.size:
            raise CoxError(f"offsets: row {bad[0]} has {values[bad[0]]}; offsets must be finite")
        return values if values.any() else None

    def _make_blocks(self, counted: npt.NDArray[np.bool_], strata: npt.ArrayLike | None) -> list[_Block]:
        if strata is None:
            stratum = np.zeros(self.rows, dtype=np.intp)
        else:
            labels = np.asarray(strata)
            if labels.shape != (self.rows,):
                raise CoxError(f"strata have shape {labels.shape}, expected ({self.rows},)")
            stratum = np.unique(labels, return_inverse=True)[1]
        order = np.lexsort((self.time, stratum))
        edges = np.flatnonzero(np.diff(stratum[order])) + 1
        blocks = []
        limits = (-np.inf, *self.boundaries, np.inf)
        for rows in np.split(order, edges):
            for period in range(len(limits) - 1):
                block = self._make_block(rows, counted, period, limits[period], limits[period + 1])
                if block is not None:
                    blocks.append(block)
        return blocks

    def _make_block(
        self, rows: IntArray, counted: npt.NDArray[np.bool_], period: int, low: float, high: float
    ) -> _Block | None:
        time = self.time[rows]
        dies = counted[rows] & (time > low) & (time <= high)
        if not dies.any():
            return None
        # Nobody who left before the first event is ever at risk.
        begin = int(np.searchsorted(time, time[np.argmax(dies)], side="left"))
        rows, time, dies = rows[begin:], time[begin:], dies[begin:]
        deaths = np.flatnonzero(dies)
        times, group, size = np.unique(time[deaths], return_index=True, return_counts=True)
        of_time = np.repeat(np.arange(times.size), size)
        weight = None if self.weight is None else self.weight[rows]
        death_weight: FloatArray | float = 1.0
        mean_weight: FloatArray | float = 1.0
        if weight is not None:
            death_weight = weight[deaths]
            mean_weight = (np.add.reduceat(death_weight, group) / size)[of_time]
        return _Block(
            rows=rows,
            period=period,
            first=np.searchsorted(time, times, side="left"),
            passed=np.searchsorted(times, time, side="right"),
            deaths=deaths,
            group=group,
            of_time=of_time,
            fraction=(np.arange(deaths.size) - group[of_time]) / size[of_time],
            tied=bool((size > 1).any()),
            weight=weight,
            death_weight=death_weight,
            mean_weight=mean_weight,
        )

    def start(self) -> FloatArray:
        """Return 0: a constant does not change the partial likelihood."""
        return np.zeros(1)

    def value(self, margin: FloatArray) -> float:
        """Return the negative log partial likelihood per event (0 without events)."""
        summed = sum(self._value(block, self._forward(block, margin)) for block in self._blocks)
        return summed / self.total if self.total else 0.0

    def gradient(self, margin: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient and diagonal Hessian of the summed loss, each `(n, 1)`."""
        gradient, hessian = np.zeros((self.rows, 1)), np.zeros((self.rows, 1))
        for block in self._blocks:
            self._add(block, self._forward(block, margin), gradient[:, 0], hessian[:, 0])
        return gradient, hessian

    def evaluate(self, margin: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return value, gradient and diagonal Hessian from one pass."""
        summed = 0.0
        gradient, hessian = np.zeros((self.rows, 1)), np.zeros((self.rows, 1))
        for block in self._blocks:
            forward = self._forward(block, margin)
            summed += self._value(block, forward)
            self._add(block, forward, gradient[:, 0], hessian[:, 0])
        return (summed / self.total if self.total else 0.0), gradient, hessian

    def _add(self, block: _Block, forward: _Forward, gradient: FloatArray, hessian: FloatArray) -> None:
        """Add a block's gradient and diagonal Hessian to those of all rows."""
        rate, squares = self._rates(block, forward)
        first = forward.hazard * rate
        squares *= forward.hazard
        squares *= forward.hazard
        second = first - squares
        np.maximum(second, 0.0, out=second)
        first[block.deaths] -= block.death_weight
        # Rows are unique within a block, so plain fancy addition is safe; alone, a block need not add.
        if len(self._blocks) == 1:
            gradient[block.rows] = first
            hessian[block.rows] = second
        else:
            gradient[block.rows] += first
            hessian[block.rows] += second

    def hessian(self, margin: FloatArray, design: FloatArray) -> FloatArray:
        """Return the exact second derivative by the coefficients of `design`, `(q, q)`, in O(n q^2)."""
        result = np.zeros((design.shape[1], design.shape[1]))
        for block in self._blocks:
            forward = self._forward(block, margin)
            rate, _ = self._rates(block, forward)
            root = np.sqrt(forward.hazard * rate)
            share = np.sqrt(block.mean_weight) / forward.denominator
            at_risk: FloatArray | None = None  # sums over everybody in later pieces
            for piece in reversed(_pieces(block)):
                rows = design[block.rows[piece.rows]]
                scaled = rows * root[piece.rows, None]
                result += scaled.T @ scaled
                moved = np.multiply(rows, forward.hazard[piece.rows, None], out=rows)
                first = block.first[piece.times] - piece.rows.start
                means = np.add.reduceat(moved, first, axis=0)[::-1].cumsum(axis=0)[::-1]
                if at_risk is not None:
                    means += at_risk
                at_risk = means[0].copy()
                if block.tied:
                    deaths, of_time = block.deaths[piece.deaths], block.of_time[piece.deaths]
                    group = block.group[piece.times] - piece.deaths.start
                    ties = np.add.reduceat(moved[deaths - piece.rows.start], group, axis=0)
                    place = of_time - piece.times.start
                    means = means[place] - block.fraction[piece.deaths, None] * ties[place]
                means *= share[piece.deaths, None]
                result -= means.T @ means
        return result

    def _forward(self, block: _Block, margin: FloatArray) -> _Forward:
        rows = margin[:, 0].take(block.rows)
        if self.offsets is not None:
            rows += self.offsets[:, block.period].take(block.rows)
        rows -= rows.max()
        hazard = np.exp(np.maximum(rows, _LOWEST))
        if block.weight is not None:
            hazard *= block.weight
        # Sums run from the last event time backwards, so late and small risk sets lose no digits.
        at_risk = np.add.reduceat(hazard, block.first)[::-1].cumsum()[::-1]
        if block.tied:
            ties = np.add.reduceat(hazard[block.deaths], block.group)
            at_risk = at_risk[block.of_time] - block.fraction * ties[block.of_time]
        return _Forward(rows, hazard, at_risk)

    @staticmethod
    def _value(block: _Block, forward: _Forward) -> float:
        logs = np.log(forward.denominator)
        own = forward.shifted[block.deaths]
        return float((block.mean_weight * logs).sum() - (block.death_weight * own).sum())

    @staticmethod
    def _rates(block: _Block, forward: _Forward) -> tuple[FloatArray, FloatArray]:
        """Return, per row, the sums of 1 / denominator and its square over the terms it was at risk for."""
        term = block.mean_weight / forward.denominator
        square = term / forward.denominator
        if not block.tied:
            return _cumulate(term).take(block.passed), _cumulate(square).take(block.passed)
        rate = _cumulate(np.add.reduceat(term, block.group)).take(block.passed)
        squares = _cumulate(np.add.reduceat(square, block.group)).take(block.passed)
        # In Efron's terms a tied death counts 1 - fraction, so its share is taken back.
        lost = np.add.reduceat(term * block.fraction, block.group)
        lost_squares = np.add.reduceat(square * block.fraction * (2.0 - block.fraction), block.group)
        rate[block.deaths] -= lost[block.of_time]
        squares[block.deaths] -= lost_squares[block.of_time]
        return rate, squares


@dataclass(frozen=True)
class _Piece:
    """Event times of a block, the rows from the first of them up to the next piece's first, and the deaths among them."""

    times: slice
    rows: slice
    deaths: slice


def _pieces(block: _Block) -> list[_Piece]:
    """A block's event times in pieces of up to :func:`block_size` rows, more only where one event time has more."""
    size = block_size(block.rows.size)
    first, group = np.append(block.first, block.rows.size), np.append(block.group, block.deaths.size)
    edges = [0]
    while edges[-1] < block.first.size:
        limit = np.searchsorted(first, first[edges[-1]] + size, side="right") - 1
        edges.append(max(int(limit), edges[-1] + 1))
    return [
        _Piece(slice(a, b), slice(int(first[a]), int(first[b])), slice(int(group[a]), int(group[b])))
        for a, b in pairwise(edges)
    ]


def _cumulate(values: FloatArray) -> FloatArray:
    result = np.empty(values.size + 1)
    result[0] = 0.0
    np.cumsum(values, out=result[1:])
    return result


def _column(values: npt.ArrayLike, name: str, rows: int | None = None) -> FloatArray:
    column = np.ascontiguousarray(values, dtype=np.float64)
    if column.ndim != 1 or column.size == 0 or (rows is not None and column.size != rows):
        raise CoxError(f"{name} has shape {column.shape}, expected ({rows or 'n'},)")
    bad = np.flatnonzero(~np.isfinite(column))
    if bad.size:
        raise CoxError(f"{name}: row {bad[0]} has {column[bad[0]]}; keep labelled rows only")
    return column

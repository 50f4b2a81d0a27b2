"""One number about a prediction, with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

MINIMUM_AT_RISK = 20
"""Patients still at risk below which a horizon is not estimable."""

MINIMUM_ROWS = 20
"""Rows below which a calibration curve or slope is not fitted."""

MINIMUM_EVENTS = 10
"""Events (binary: rows of the rarer class) below which a flexible calibration curve is not fitted."""


class NotEstimable(ValueError):  # noqa: N818  (an answer, not a fault of the caller)
    """The data cannot answer the question; the message says why and is shown to the reader."""


@dataclass(frozen=True)
class Metric:
    """A metric's value with the limits of its interval.

    `value` is None when the metric cannot be estimated, and `reason` then says why. `low` and `high` are None
    when no interval was asked for, or when it could not be had from the resamples.

    >>> Metric(0.75, 0.7, 0.8).to_dict()
    {'value': 0.75, 'low': 0.7, 'high': 0.8}
    >>> Metric(None, None, None, "only one class").to_dict()
    {'value': None, 'low': None, 'high': None, 'reason': 'only one class'}
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that JSON cannot carry, and a missing value without its reason."""
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise ValueError(
                    f"Metric.{name} is {number}: use None, with a reason, for what cannot be estimated"
                )
        if (self.value is None) != (self.reason is not None):
            raise ValueError("a Metric has either a value or a reason: give exactly one of them")

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the keys value, low, high and, only where value is None, reason."""
        numbers: dict[str, float | str | None] = {"value": self.value, "low": self.low, "high": self.high}
        return numbers if self.reason is None else {**numbers, "reason": self.reason}

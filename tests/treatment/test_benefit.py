"""The expected difference against hand computation and against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.study.trials import HazardRatio
from mtl.treatment.benefit import benefit, log_hazard_spread, ratio_of_period, survival_with

GBSG = [HazardRatio(value=0.69, low=0.54, high=0.89)]
PERIODS = [
    HazardRatio(value=0.53, low=0.48, high=0.57, end=5),
    HazardRatio(value=0.68, low=0.6, high=0.78, start=5),
]


def gathered(*survival: float) -> list[float]:
    """Cumulative hazard of each period from survival at its end."""
    return list(-np.diff(np.log([1.0, *survival])))


def test_one_period_by_hand() -> None:
    """S0 = .70 at 10 years, HR = .70: .70 ** .70 = exp(-.70 * .35667) = .77906."""
    found = benefit([gathered(0.70)], [HazardRatio(value=0.70)])
    assert found.treated[0] == pytest.approx(0.77906, abs=5e-6)
    assert found.difference[0] == pytest.approx(0.07906, abs=5e-6)
    assert found.untreated[0] == pytest.approx(0.70, abs=1e-12)


def test_two_periods_by_hand() -> None:
    """S0(5) ** HR1 * (S0(10) / S0(5)) ** HR2 = .80 ** .53 * (.60 / .80) ** .68 = .8885 * .8223 = .7306."""
    found = benefit([gathered(0.80, 0.60)], PERIODS, (5.0,))
    assert found.treated[0] == pytest.approx(0.80**0.53 * 0.75**0.68, abs=1e-12)
    assert found.treated[0] == pytest.approx(0.7306, abs=5e-5)


def test_before_the_second_period_only_the_first_ratio_counts() -> None:
    found = benefit([[-np.log(0.9), 0.0], gathered(0.80, 0.60)], PERIODS, (5.0,))
    assert found.treated[0] == pytest.approx(0.9**0.53, abs=1e-12)


def test_boundaries_of_another_trial_change_nothing() -> None:
    """The model's periods may be finer than the trial's: another trial may have a limit of its own."""
    one = benefit([gathered(0.80)], GBSG, spread=[0.1])
    split = benefit([gathered(0.90, 0.80)], GBSG, (2.0,), spread=[0.1])
    for name in ("treated", "low", "high"):
        np.testing.assert_allclose(getattr(split, name), getattr(one, name), atol=1e-12)


def simulated(hazard: np.ndarray, ratios: list[HazardRatio], spread: float, seed: int) -> tuple[float, ...]:
    """The same by brute force: pseudo-random draws of every uncertain number."""
    rng = np.random.default_rng(seed)
    n = 400_000
    scale = np.exp(spread * rng.normal(size=n))
    exponent = np.zeros(n)
    for gathered_here, ratio in zip(hazard, ratios, strict=True):
        se = (np.log(ratio.high) - np.log(ratio.low)) / (2 * 1.959964)
        exponent += np.exp(np.log(ratio.value) + se * rng.normal(size=n)) * gathered_here
    with_it, without = np.exp(-scale * exponent), np.exp(-scale * hazard.sum())
    return (*np.quantile(with_it - without, [0.025, 0.975]), *np.quantile(with_it, [0.025, 0.975]))


@pytest.mark.parametrize("spread", [0.0, 0.15, 0.5])
@pytest.mark.parametrize(
    ("survival", "ratios", "boundaries"),
    [((0.70,), GBSG, ()), ((0.05,), GBSG, ()), ((0.97,), GBSG, ()), ((0.80, 0.60), PERIODS, (5.0,))],
)
def test_interval_against_simulation(
    survival: tuple[float, ...], ratios: list[HazardRatio], boundaries: tuple[float, ...], spread: float
) -> None:
    hazard = np.array(gathered(*survival))
    found = benefit([hazard], ratios, boundaries, [spread])
    limits = (found.low[0], found.high[0], found.treated_low[0], found.treated_high[0])
    np.testing.assert_allclose(limits, simulated(hazard, ratios, spread, 1), atol=1e-3)
    assert found.whole[0]


def test_with_the_risk_known_the_interval_is_that_of_the_ratio() -> None:
    """Closed form: the difference is monotone in the ratio."""
    found = benefit([gathered(0.70)], GBSG)
    se = np.log(0.89 / 0.54) / (2 * 1.959964)
    low, high = (0.70 ** (0.69 * np.exp(sign * 1.959964 * se)) - 0.70 for sign in (1, -1))
    np.testing.assert_allclose([found.low[0], found.high[0]], [low, high], atol=2e-4)
    assert not found.whole[0]


def test_uncertain_risk_widens_the_interval_of_survival() -> None:
    alone, both = (benefit([gathered(0.70)], GBSG, spread=[s]) for s in (np.nan, 0.3))
    assert both.treated_high[0] - both.treated_low[0] > alone.treated_high[0] - alone.treated_low[0]


def test_without_an_interval_of_the_ratio_there_is_none() -> None:
    found = benefit([gathered(0.70)], [HazardRatio(value=0.7)], spread=[0.2])
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert not found.whole[0]


def test_the_same_question_has_the_same_answer() -> None:
    one, other = (benefit([gathered(0.70)], GBSG, spread=[0.2]) for _ in range(2))
    assert (one.low[0], one.high[0]) == (other.low[0], other.high[0])


@pytest.mark.parametrize("spread", [0.05, 0.4])
def test_spread_goes_back_to_the_interval_it_came_from(spread: float) -> None:
    hazard = 0.4
    low, high = (1 - np.exp(-hazard * np.exp(sign * 1.6448536 * spread)) for sign in (-1, 1))
    assert log_hazard_spread(low, high) == pytest.approx(spread, abs=1e-6)


@pytest.mark.parametrize("limits", [(0.0, 0.5), (0.5, 1.0), (0.6, 0.4)])
def test_an_interval_that_is_none_is_refused(limits: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        log_hazard_spread(*limits)


def test_a_period_without_a_ratio_is_an_error() -> None:
    with pytest.raises(ValueError, match="from 5 years"):
        ratio_of_period([HazardRatio(value=0.5, end=5)], (5.0,))


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="a column a period"):
        benefit([[0.1, 0.2]], GBSG)
    assert survival_with([[0.0]], [0.5])[0] == 1.0

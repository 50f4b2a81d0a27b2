"""How strong an unmeasured confounder would have to be to explain an effect away: the E-value."""

from __future__ import annotations

import math

COMMON = 0.15  # share with the event from which a hazard ratio is no longer near a risk ratio


def e_value(ratio: float, low: float, high: float, share_with_event: float) -> tuple[float, float]:
    """E-value of a hazard ratio and of the limit of its interval that is nearer to 1 (1 where it includes 1).

    The smallest risk ratio with which an unmeasured confounder would have to go with both the treatment and the outcome,
    beyond everything adjusted for, to move the estimate (or the limit) to 1. VanderWeele and Ding, Ann Intern Med 2017;
    where the event is common the hazard ratio is first turned into an approximate risk ratio, (1 - .5 ** sqrt(HR)) /
    (1 - .5 ** sqrt(1 / HR)) (VanderWeele, Epidemiology 2017).

    >>> [round(v, 2) for v in e_value(3.9, 1.8, 8.7, 0.05)]  # the paper's example, smoking in pregnancy and breastfeeding
    [7.26, 3.0]
    >>> e_value(0.8, 0.6, 1.1, 0.05)[1]
    1.0
    """

    def risk_ratio(hazard_ratio: float) -> float:
        if share_with_event < COMMON:
            return hazard_ratio
        return (1 - math.pow(0.5, math.sqrt(hazard_ratio))) / (1 - math.pow(0.5, math.sqrt(1 / hazard_ratio)))

    def of(risk: float) -> float:
        away = max(risk, 1 / risk)
        return away + math.sqrt(away * (away - 1))

    nearer = low if ratio > 1 else high
    crosses = (nearer <= 1) if ratio > 1 else (nearer >= 1)
    return of(risk_ratio(ratio)), 1.0 if crosses else of(risk_ratio(nearer))

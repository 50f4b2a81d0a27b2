"""Emulates a target trial on a cohort: from the protocol to a result that holds no patient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data.encode import encode
from mtl.model.offsets import FALSE, TRUE, holds
from mtl.study import Study
from mtl.treatment.balance import Imbalance, Overlap, imbalances, overlap_of
from mtl.treatment.curves import Curves, curves
from mtl.treatment.design import design
from mtl.treatment.e_value import e_value
from mtl.treatment.propensity import cross_fitted, logistic
from mtl.treatment.protocol import (
    FEWEST,
    Arms,
    Entry,
    Protocol,
    Refusal,
    Step,
    assemble,
    confounders,
    refusal,
)
from mtl.treatment.pseudo import pseudo_restricted_mean, pseudo_survival
from mtl.treatment.robust import Difference, Population, Quantity, difference
from mtl.treatment.subgroups import Subgroup, explore
from mtl.treatment.weighting import NoRatio, inverse, overlap, weighted_cox

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
Method = Literal["crude", "adjusted", "overlap", "overlap_logistic", "inverse"]
# How a job may supply the propensity of the analysed patients: (n,), and where it comes from.
Propensity = Callable[[Arms, Progress], tuple[Floats, str]]


class Ratio(Entry):
    """A hazard ratio by one method, over the whole follow-up; None where it cannot be estimated, with the reason."""

    method: Method
    value: float | None
    low: float | None
    high: float | None
    reason: str = ""


class Result(Entry):
    """What came of a protocol. With a `refusal` everything after it that could not be had is absent.

    `unmeasured` are confounders of the protocol of which these patients have no value at all.
    """

    protocol: Protocol
    confounders: tuple[str, ...]
    unmeasured: tuple[str, ...] = ()
    flow: tuple[Step, ...]
    treated: int = 0
    untreated: int = 0
    events_treated: int = 0
    events_untreated: int = 0
    refusal: Refusal | None = None
    propensity: str = ""
    overlap: Overlap | None = None
    balance: tuple[Imbalance, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    e_value: tuple[float, float] | None = None
    curves: Curves | None = None
    differences: tuple[Difference, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()

    def ratio(self, method: Method) -> Ratio:
        """The hazard ratio by one method; KeyError where it was not asked for."""
        found = {one.method: one for one in self.ratios}
        return found[method]


def emulate(
    study: Study,
    table: pd.DataFrame,
    protocol: Protocol,
    propensity: Propensity | None = None,
    progress: Progress = lambda what, share: None,
) -> Result:
    """Run a protocol on a cohort.

    Parameters
    ----------
    propensity
        Gives the propensity of the analysed patients; left out, the model's treatment task is fitted to them alone.
    progress
        Called with what begins and the share done; what it raises ends the run.

    Raises
    ------
    ProtocolError
        The study cannot answer the protocol.
    """
    progress("patients", 0.0)
    arms = assemble(study, table, protocol)
    rows = table.iloc[arms.rows]
    wanted = confounders(study, protocol.treatment)
    X = encode(study, rows).X
    known = {feature.name: not np.isnan(X[:, j]).all() for j, feature in enumerate(study.features)}
    features = [name for name in wanted if known[name]]
    result = Result(
        protocol=protocol,
        confounders=tuple(features),
        unmeasured=tuple(name for name in wanted if not known[name]),
        flow=arms.flow,
        treated=int(arms.treated.sum()),
        untreated=int((~arms.treated).sum()),
        events_treated=int((arms.event & arms.treated).sum()),
        events_untreated=int((arms.event & ~arms.treated).sum()),
        refusal=refusal(arms, protocol.horizon),
    )
    if result.refusal is not None:
        return result
    if not features:
        return result.model_copy(update={"refusal": Refusal(reason="no_findings", needed=1)})
    progress("propensity", 0.05)
    inner: Progress = lambda what, share: progress("propensity", 0.05 + 0.35 * share)  # noqa: E731
    if propensity is None:
        chance = cross_fitted(study, rows, arms.treated, features, inner, protocol.seed)
        source = "fitted"
    else:
        chance, source = propensity(arms, inner)
    progress("overlap and balance", 0.4)
    seen = overlap_of(arms.treated, chance)
    weights = overlap(arms.treated, chance)
    result = result.model_copy(
        update={
            "propensity": source,
            "overlap": seen,
            "balance": imbalances(
                study, rows, arms.treated, weights, features, _others(study, rows, protocol)
            ),
        }
    )
    fewest = min(seen.within_treated, seen.within_untreated)
    if fewest < FEWEST:
        return result.model_copy(
            update={"refusal": Refusal(reason="no_overlap", count=fewest, needed=FEWEST)}
        )
    progress("hazard ratios", 0.45)
    columns = design(study, rows, features)
    ratios = hazard_ratios(arms, columns, chance)
    main = next(one for one in ratios if one.method == "overlap")
    strength = None
    if main.value is not None and main.low is not None and main.high is not None:
        strength = e_value(main.value, main.low, main.high, float(arms.event.mean()))
    return result.model_copy(
        update={
            "ratios": ratios,
            "e_value": strength,
            "curves": curves(arms, weights),
            "differences": differences(arms, columns, chance, protocol, progress),
            "subgroups": explore(rows, arms, chance, protocol.subgroups),
        }
    )


def hazard_ratios(arms: Arms, columns: Floats, chance: Floats) -> tuple[Ratio, ...]:
    """The same comparison by five methods: what adjusting changes, and how much depends on how it is done."""
    alone = arms.arm[:, None]
    return (
        _ratio("crude", arms, alone, None),
        _ratio("adjusted", arms, np.column_stack([alone, columns]), None),
        _ratio("overlap", arms, alone, overlap(arms.treated, chance)),
        _ratio("overlap_logistic", arms, alone, overlap(arms.treated, logistic(columns, arms.treated))),
        _ratio("inverse", arms, alone, inverse(arms.treated, chance)),
    )


def _ratio(method: Method, arms: Arms, columns: Floats, weights: Floats | None) -> Ratio:
    try:
        value, low, high = weighted_cox(arms.time, arms.event, columns, weights).ratio()
    except NoRatio as error:
        return Ratio(method=method, value=None, low=None, high=None, reason=str(error))
    return Ratio(method=method, value=value, low=low, high=high)


def differences(
    arms: Arms, columns: Floats, chance: Floats, protocol: Protocol, progress: Progress
) -> tuple[Difference, ...]:
    """Survival and restricted mean at the horizon, for the overlap and for everybody eligible."""
    at = protocol.horizon
    pseudo: dict[Quantity, Floats] = {
        "survival": pseudo_survival(arms.time, arms.event, at, arms.treated),
        "restricted_mean": pseudo_restricted_mean(arms.time, arms.event, at, arms.treated),
    }
    out: list[Difference] = []
    populations: tuple[Population, ...] = ("overlap", "everybody")
    for population in populations:
        for quantity, values in pseudo.items():
            progress("doubly robust differences", 0.5 + 0.12 * len(out))
            out.append(difference(quantity, values, arms.treated, columns, chance, population, protocol.seed))
    return tuple(out)


def _others(study: Study, rows: pd.DataFrame, protocol: Protocol) -> dict[str, Floats]:
    """Whether each other treatment was given (n,): shown in the balance, not adjusted for."""
    out = {}
    for treatment in study.treatments:
        if treatment.column != protocol.treatment:
            truth = holds(study.given(treatment.column), rows)
            out[treatment.column] = np.where(truth == TRUE, 1.0, np.where(truth == FALSE, 0.0, np.nan))
    return out

"""When a treatment box may not be shown: every refusal, decided in one place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

FEWEST = 20  # comparable patients on a side
LOWEST, HIGHEST = 0.1, 0.9  # propensity within which given and not given overlap


class Box(Enum):
    """What is asked for: the difference that a trial promises, or outcomes of given beside not given."""

    EXPECTED = "expected"
    CONTRAST = "contrast"


class Reason(Enum):
    """Why a box is refused. The words are put together where words live."""

    COMBINATION = "combination"
    OTHER_OUTCOME = "other outcome"
    NO_EFFECT = "no effect"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "applicability unknown"
    NOT_ESTIMABLE = "not estimable"
    UNCOUNTED = "comparable patients cannot be counted"
    FEW_NOT_GIVEN = "too few comparable, not given"
    NOVEL = "out of distribution"
    PROPENSITY = "propensity outside the limits"
    FEW_GIVEN = "too few comparable, given"


@dataclass(frozen=True)
class Facts:
    """What a refusal rests on.

    Attributes
    ----------
    combination : bool
        More than one treatment's effect is involved, and no trial is of them together.
    same_outcome : bool
        The trial's outcome is the task's.
    applies, no_effect : bool or None
        Whether the trial speaks for the patient; whether trials showed no effect in such patients. None: unknown, since a
        finding is missing. `no_effect` is False where the trial names nobody.
    estimable : bool
        The risk without treatment can be estimated at some horizon.
    propensity : float or None
        Share of such patients who were given it; None where no task predicts it.
    given, not_given : int
        Comparable patients.
    novel : bool
        Out of distribution.
    """

    combination: bool = False
    same_outcome: bool = True
    applies: bool | None = True
    no_effect: bool | None = False
    estimable: bool = True
    propensity: float | None = 0.5
    given: int = FEWEST
    not_given: int = FEWEST
    novel: bool = False


def refusal(box: Box, facts: Facts) -> Reason | None:
    """Why a box is refused; None where it may be shown. The first row that fits decides.

    ::

        box       what is the case                                       answer
        --------  -----------------------------------------------------  --------------
        both      several treatments, no trial of them together          COMBINATION
        expected  the trial's outcome is not the task's                  OTHER_OUTCOME
        expected  trials showed no effect in such patients               NO_EFFECT
        expected  the trial did not have such patients                   NOT_APPLICABLE
        expected  unknown whether it had them, or whether no effect      UNKNOWN
        expected  no horizon can be estimated                            NOT_ESTIMABLE
        both      no task predicts the treatment: nobody is comparable   UNCOUNTED
        contrast  propensity below .1 or above .9                        PROPENSITY
        contrast  fewer than 20 comparable patients given it             FEW_GIVEN
        both      fewer than 20 comparable patients not given it         FEW_NOT_GIVEN
        expected  out of distribution                                    NOVEL
        both      otherwise                                              shown

    Too little overlap refuses the observational contrast only: a trial's effect on a well-estimated risk without
    treatment needs no patient who was given it.

    >>> refusal(Box.EXPECTED, Facts(given=0, propensity=0.01)) is None
    True
    >>> refusal(Box.CONTRAST, Facts(given=0, propensity=0.01)).name
    'PROPENSITY'
    >>> refusal(Box.EXPECTED, Facts(applies=None)).name
    'UNKNOWN'
    """
    expected = box is Box.EXPECTED
    p = facts.propensity
    rows = (
        (True, facts.combination, Reason.COMBINATION),
        (expected, not facts.same_outcome, Reason.OTHER_OUTCOME),
        (expected, facts.no_effect is True, Reason.NO_EFFECT),
        (expected, facts.applies is False, Reason.NOT_APPLICABLE),
        (expected, facts.applies is None or facts.no_effect is None, Reason.UNKNOWN),
        (expected, not facts.estimable, Reason.NOT_ESTIMABLE),
        (True, p is None, Reason.UNCOUNTED),
        (not expected, p is not None and not LOWEST <= p <= HIGHEST, Reason.PROPENSITY),
        (not expected, facts.given < FEWEST, Reason.FEW_GIVEN),
        (True, facts.not_given < FEWEST, Reason.FEW_NOT_GIVEN),
        (expected, facts.novel, Reason.NOVEL),
    )
    return next((reason for asked, holds, reason in rows if asked and holds), None)

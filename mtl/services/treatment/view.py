"""What a page shows of one treatment of one case: three boxes, frozen and printed once."""

from __future__ import annotations

from dataclasses import dataclass

from mtl.services.patients.view import Case, Floats, Given, TaskOutput
from mtl.study import Task, Treatment
from mtl.study.trials import Trial
from mtl.treatment.practice import Observed
from mtl.treatment.printed import Printed
from mtl.treatment.refusal import Reason


@dataclass(frozen=True)
class Refused:
    """A box that is not shown, and why, in a sentence."""

    reason: Reason
    sentence: str


@dataclass(frozen=True)
class Outcome:
    """What became of comparable patients in one task, side by side, one entry a horizon each."""

    task: Task
    given: tuple[Observed, ...]
    not_given: tuple[Observed, ...]


@dataclass(frozen=True)
class Practice:
    """What was usually done.

    Attributes
    ----------
    output : TaskOutput or None
        The treatment task's number and reasons; None where no task predicts the treatment.
    given, not_given : int
        Comparable patients, this one left out.
    where : str
        The cohort they are from.
    refused : Refused or None
        Why their outcomes are not shown side by side.
    outcomes : tuple of Outcome
        Empty where refused.
    """

    output: TaskOutput | None
    given: int
    not_given: int
    where: str
    refused: Refused | None
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, eq=False)
class BenefitCurve:
    """Survival over time without and with the treatment, (m,) each, up to the last horizon."""

    years: Floats
    untreated: Floats
    treated: Floats


@dataclass(frozen=True)
class Promise:
    """What one trial promises for one outcome, or why that is not said.

    Attributes
    ----------
    trial : Trial
    ratio : str
        The trial's hazard ratio as printed: "0.69 (0.54 to 0.89)", by period where there are several.
    refused : Refused or None
    moments : tuple of Printed
        One an estimable horizon; empty where refused.
    curve : BenefitCurve or None
        None where refused.
    member : bool or None
        Whether the patient would have been in the trial; None: cannot be said.
    membership : str
        The same in a sentence.
    rests_on : tuple of str
        The findings that decide it: "Positive lymph nodes: 4".
    columns : tuple of str
        Their features' names.
    notes : tuple of str
        What the interval holds, and what is assumed.
    """

    trial: Trial
    ratio: str
    refused: Refused | None
    moments: tuple[Printed, ...]
    curve: BenefitCurve | None
    member: bool | None
    membership: str
    rests_on: tuple[str, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...]

    def at(self, years: float | None) -> Printed:
        """The time asked for, else the 5-year one, else the last; ValueError where the promise is refused."""
        if not self.moments:
            raise ValueError(
                f"trial {self.trial.name!r} is refused for this patient: there is no number to show"
            )
        by_year = {moment.years: moment for moment in self.moments}
        return by_year.get(years or 5.0) or by_year.get(5.0) or self.moments[-1]


@dataclass(frozen=True)
class Expected:
    """The expected difference in one outcome, a promise a trial.

    `refused` is set where no trial may be applied: why the first that measured this outcome is not, else the first of all.
    """

    task: Task
    promises: tuple[Promise, ...]
    refused: Refused | None

    @property
    def shown(self) -> Promise | None:
        """The first trial that speaks for the patient."""
        return next((promise for promise in self.promises if promise.refused is None), None)


@dataclass(frozen=True)
class TreatmentView:
    """One treatment of one case. The three boxes never merge.

    Attributes
    ----------
    case : Case
        As recorded, or edited.
    edited : tuple of str
        The findings that differ from the record, as printed.
    treatment : Treatment
    given : Given
        What is recorded about it.
    together : tuple of Treatment
        Others asked about at the same time.
    treated : tuple of TaskOutput
        First box: the outcome tasks, with what was given.
    practice : Practice
        Second box.
    expected : tuple of Expected
        Third box: one a survival outcome.
    """

    case: Case
    edited: tuple[str, ...]
    treatment: Treatment
    given: Given
    together: tuple[Treatment, ...]
    treated: tuple[TaskOutput, ...]
    practice: Practice
    expected: tuple[Expected, ...]

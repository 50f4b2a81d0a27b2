"""One treatment of one case: as treated, what was usually done, and the difference that a trial promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtl.language import study_language
from mtl.services.patients import cases, witness
from mtl.services.patients.answer import Answer
from mtl.services.patients.cases import CaseError
from mtl.services.patients.edits import EditError
from mtl.services.patients.view import Case, Given, TaskOutput
from mtl.services.treatment import comparable, promises
from mtl.services.treatment import words as treatment_words
from mtl.services.treatment.view import Expected, Outcome, Practice, Promise, Refused, TreatmentView
from mtl.services.users import require
from mtl.study import Treatment
from mtl.treatment.practice import Sides, outcomes
from mtl.treatment.refusal import Box, Facts, Reason, refusal

__all__ = [
    "CaseError",
    "EditError",
    "Expected",
    "Practice",
    "Promise",
    "Reason",
    "Refused",
    "TreatmentView",
    "of_case",
    "view",
]


def view(
    case_key: str,
    column: str,
    edits: Mapping[str, object] | None = None,
    together: Sequence[str] = (),
) -> TreatmentView:
    """The three boxes of one treatment of one case; they never merge.

    Parameters
    ----------
    case_key
        From a worklist or an address.
    column
        The treatment's column in the study.
    edits
        Feature name -> value instead of the recorded one; None is not known, which is legal: what rests on it is then
        refused. What was given cannot be edited.
    together
        Columns of other treatments asked about at the same time.

    Raises
    ------
    CaseError
        No such case, or the study has no such treatment.
    EditError
        An edit names no feature, a treatment, or has a value that the feature cannot have.
    """
    require("case:read")
    with witness.instead("treatment", treatment=column):
        case = cases.open_case(case_key, edits)
    return of_case(case, column, together)


def of_case(case: Case, column: str, together: Sequence[str] = ()) -> TreatmentView:
    """The same for an opened case, which may be in no cohort here; CaseError where the study has no such treatment."""
    require("case:read")
    treatment = _treatment(case, column)
    others = tuple(_treatment(case, name) for name in dict.fromkeys(together) if name != column)
    found = case.answer
    sides, where = _sides(found, column)
    facts = Facts(
        combination=bool(others),
        propensity=_propensity(case, treatment),
        given=int(sides.given.sum()) if sides else 0,
        not_given=int(sides.not_given.sum()) if sides else 0,
        novel=case.novel,
    )
    asked = (treatment, *others)
    prognosis = tuple(output for output in case.outputs if output.task.role == "prognosis")
    return TreatmentView(
        case=case,
        edited=tuple(treatment_words.finding_text(f) for f in case.findings if f.edited),
        treatment=treatment,
        given=_given(case, treatment),
        together=others,
        treated=prognosis,
        practice=_practice(case, treatment, asked, facts, sides, where),
        expected=tuple(
            promises.expected(case, o, treatment, asked, facts) for o in prognosis if o.kind == "survival"
        ),
    )


def _treatment(case: Case, column: str) -> Treatment:
    for treatment in case.study.treatments:
        if treatment.column == column:
            return treatment
    known = ", ".join(case.study.treatment_columns) or "none"
    raise CaseError(f"the study has no treatment {column[:80]!r}; it has {known}")


def _given(case: Case, treatment: Treatment) -> Given:
    return next(one for one in case.treatments if one.treatment.column == treatment.column)


def _usual(case: Case, treatment: Treatment) -> TaskOutput | None:
    return next((o for o in case.outputs if o.task.name == treatment.task and o.kind == "binary"), None)


def _propensity(case: Case, treatment: Treatment) -> float | None:
    usual = _usual(case, treatment)
    return None if usual is None else usual.headline.value


# What was usually done ---------------------------------------------------------------------------


def _sides(found: Answer, column: str) -> tuple[Sides | None, str]:
    those = comparable.pool(found, column)
    if those is None:
        return None, ""
    cohort = those.cohort
    title = cohort.study.title.get(study_language()) if cohort.sample else ""
    return comparable.among(found, those, column), title or cohort.name


def _practice(
    case: Case,
    treatment: Treatment,
    asked: tuple[Treatment, ...],
    facts: Facts,
    sides: Sides | None,
    where: str,
) -> Practice:
    reason = refusal(Box.CONTRAST, facts)
    refused = (
        None if reason is None else Refused(reason, treatment_words.refused_either(reason, facts, asked))
    )
    shown: tuple[Outcome, ...] = ()
    those = comparable.pool(case.answer, treatment.column)
    if reason is None and sides is not None and those is not None:
        shown = tuple(
            Outcome(
                output.task,
                outcomes(those.outcomes[output.task.name], sides.given, tuple(output.task.horizons)),
                outcomes(those.outcomes[output.task.name], sides.not_given, tuple(output.task.horizons)),
            )
            for output in case.outputs
            if output.task.role == "prognosis" and output.task.name in those.outcomes
        )
    return Practice(_usual(case, treatment), facts.given, facts.not_given, where, refused, shown)

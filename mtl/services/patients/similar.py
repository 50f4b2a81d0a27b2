"""Patients like this one: the nearest of those the model was trained on, and what really became of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.evaluate.group import Share, share
from mtl.explain import similar as near
from mtl.explain.similar import Ground
from mtl.language import _, number, study_language
from mtl.services.owners import may_see
from mtl.services.patients.similar_outcomes import GroupNumber, GroupOutcome, group_outcome, outcome_text
from mtl.services.patients.texts import value_text
from mtl.services.patients.view import Case, Finding
from mtl.services.users import require
from mtl.store import leaves as store
from mtl.store.cohorts import Cohort
from mtl.store.leaves import Candidates
from mtl.study import Feature, Treatment

__all__ = [
    "GROUP",
    "GROUPS",
    "Difference",
    "GivenShare",
    "GroupNumber",
    "GroupOutcome",
    "Neighbour",
    "Similar",
    "closeness_text",
    "similar",
]

GROUPS = (25, 50, 100, 200)  # sizes of the group that a page may offer
GROUP = 50
LISTED = 10
APART = 0.1  # numbers whose ranks lie further apart than this share of the patients differ


@dataclass(frozen=True)
class Difference:
    """A finding that a neighbour has otherwise: its name, and the neighbour's value in words."""

    label: str
    text: str


@dataclass(frozen=True)
class Neighbour:
    """One of the nearest.

    Attributes
    ----------
    key : str
        The neighbour's case.
    identifier : str
        As recorded: for the screen only.
    closeness : float
        0 to 1.
    differs : tuple of Difference
        The findings that differ, the most different first.
    alike : int
        Findings, of those the task may see, that do not.
    outcome : str
        What is recorded of the task, in words.
    recorded : bool
        Whether anything is.
    given : tuple of str
        Treatments that were given.
    """

    key: str
    identifier: str
    closeness: float
    differs: tuple[Difference, ...]
    alike: int
    outcome: str
    recorded: bool
    given: tuple[str, ...]


@dataclass(frozen=True)
class GivenShare:
    """How many of the group were given a treatment, of those of whom it is recorded."""

    treatment: Treatment
    share: Share


@dataclass(frozen=True, eq=False)
class Similar:
    """Patients like one, as one task sees them.

    Attributes
    ----------
    ground : Ground
        What closeness is measured on: "shared" trees, the task's "own" trees, or "linear" terms.
    tasks : tuple of str
        The tasks that see patients this way; only their outcomes are told, since another task may not see
        everything by which this group was chosen.
    cohort_name : str
        Whose patients they are.
    n_group, n_searched, n_cohort : int
        Patients in the group, rows searched, and rows of the cohort (more than searched where it was sampled).
    farthest : float
        Closeness of the last of the group.
    nearest : tuple of Neighbour
    outcomes : tuple of GroupOutcome
        One a task of `tasks`, the one asked for first.
    treatments : tuple of GivenShare
    left_out_fold : bool
        The leaves are those of a predictor that was fitted without this patient.
    """

    ground: Ground
    tasks: tuple[str, ...]
    cohort_name: str
    n_group: int
    n_searched: int
    n_cohort: int
    farthest: float
    nearest: tuple[Neighbour, ...]
    outcomes: tuple[GroupOutcome, ...]
    treatments: tuple[GivenShare, ...]
    left_out_fold: bool


def similar(case: Case, task: str, group: int = GROUP) -> Similar | None:
    """The patients most like a case, as a task sees them; None where no training patient is in the store.

    Closeness is the share of the task's shared trees in which two patients share a leaf. Patient and neighbours are
    put into the leaves of one and the same forest: for a patient of the training set that of the fold in which this
    patient was left out, so that their outcome has shaped no leaf. All rows of the patient are left out.

    Parameters
    ----------
    task
        One of the case's tasks; KeyError names them.
    group
        Size of the group whose outcomes are told, 1 to 1000.
    """
    require("case:read")
    if isinstance(group, bool) or not 1 <= group <= 1000:
        raise ValueError(f"group={group!r}: choose 1 to 1000 patients")
    case.output(task)
    found = case.answer
    cohort = store.training_cohort(found.record)
    if cohort is None or not may_see(cohort.key):  # whose model answers may not show whose patients they were
        return None
    known = store.candidates(cohort)
    chosen, closeness, here = _group(case, task, group, cohort, known)
    predictor = found.reader.predictor
    like = [o for o in case.outputs if near.ground(predictor, o.task.name).name == here.name]
    like.sort(key=lambda output: output.task.name != task)
    return Similar(
        ground=here,
        tasks=tuple(output.task.name for output in like),
        cohort_name=cohort.study.title.get(study_language()) or cohort.name,
        n_group=len(chosen),
        n_searched=len(known.rows),
        n_cohort=known.total,
        farthest=float(closeness[chosen[-1]]) if len(chosen) else 0.0,
        nearest=_neighbours(case, task, cohort, known, chosen[:LISTED], closeness),
        outcomes=tuple(group_outcome(output, known.outcomes[output.task.name], chosen) for output in like),
        treatments=tuple(_given(t, known, chosen) for t in cohort.study.treatments),
        left_out_fold=found.fold >= 0,
    )


def _group(
    case: Case, task: str, group: int, cohort: Cohort, known: Candidates
) -> tuple[NDArray[np.intp], NDArray[np.float64], Ground]:
    found, predictor = case.answer, case.answer.reader.predictor
    here = near.ground(predictor, task)
    made = store.leaves(cohort, found.record, found.fold, predictor)
    if here.kind == near.LINEAR:
        closeness = made.terms(here.name).closeness(predictor.task(task).linear, found.X)
    else:
        own = near.leaf_codes(near.forest_of(predictor, task), found.X)[:, 0]
        closeness = near.shared_leaves(made.codes(here.name), own)
    return near.nearest(closeness, _excluded(case, cohort, known), group), closeness, here


def _excluded(case: Case, cohort: Cohort, known: Candidates) -> NDArray[np.bool_]:
    """Rows of the patient. In another cohort an equal identifier is the same patient only if the findings say so."""
    found = case.answer
    if found.cohort is cohort or found.fold >= 0:
        who = store.patient_of(found.study, found.row)
        return np.asarray(known.patients == who)
    return np.zeros(len(known.rows), dtype=bool)


def _neighbours(
    case: Case,
    task: str,
    cohort: Cohort,
    known: Candidates,
    places: NDArray[np.intp],
    closeness: NDArray[np.float64],
) -> tuple[Neighbour, ...]:
    seen = set(cohort.study.visible(task))
    columns = [j for j, finding in enumerate(case.findings) if finding.feature.name in seen]
    apart = known.standing.differences(case.answer.X[0], known.X[places])
    shown = case.output(task).task
    rows = []
    for i, place in enumerate(places.tolist()):
        other = [j for j in columns if apart[i, j] > APART]
        other.sort(key=lambda j: -apart[i, j])
        words, recorded = outcome_text(shown, known.outcomes[task], place)
        rows.append(
            Neighbour(
                key=cohort.case_keys[known.rows[place]].decode(),
                identifier=str(known.identifiers[place]),
                closeness=float(closeness[place]),
                differs=tuple(_difference(case.findings[j], known.X[place, j]) for j in other),
                alike=len(columns) - len(other),
                outcome=words,
                recorded=recorded,
                given=_treated(cohort, known, place),
            )
        )
    return tuple(rows)


def _difference(own: Finding, encoded: float) -> Difference:
    feature = own.feature
    return Difference(feature.title(study_language()), value_text(feature, decoded(feature, encoded)))


def decoded(feature: Feature, encoded: float) -> object:
    """An encoded value as it would be recorded; None where missing."""
    if np.isnan(encoded):
        return None
    if feature.kind == "boolean":
        return bool(encoded)
    if feature.levels and encoded in feature.level_numbers:
        return feature.levels[feature.level_numbers.index(encoded)].value
    return float(encoded)


def _treated(cohort: Cohort, known: Candidates, place: int) -> tuple[str, ...]:
    treatments = cohort.study.treatments
    return tuple(t.title(study_language()) for t in treatments if known.given[t.column][place] == 1)


def _given(treatment: Treatment, known: Candidates, chosen: NDArray[np.intp]) -> GivenShare:
    told = known.given[treatment.column][chosen]
    return GivenShare(treatment, share(int((told == 1).sum()), int((told >= 0).sum())))


def closeness_text(found: Similar) -> str:
    """What closeness means here, in a sentence."""
    if found.ground.kind == near.LINEAR:
        return _(
            "The model has no trees for this task: closeness is 1 / (1 + d), d being the root mean square difference "
            "of the standardised terms of its linear part."
        )
    trees = number(found.ground.trees)
    if found.ground.kind == near.OWN:
        return _(
            "Closeness is the share of the task's own {count} trees in which both end in the same leaf; "
            "it shares no tree with another task."
        ).format(count=trees)
    return _("Closeness is the share of the {count} shared trees in which both end in the same leaf.").format(
        count=trees
    )

"""Who takes part, what may be asked, and when there is no answer."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.data.samples import load_sample
from mtl.treatment.protocol import Arms, Protocol, ProtocolError, assemble, confounders, refusal
from tests.treatment.simulated import STUDY, cohort


def asked(**changed: object) -> Protocol:
    return Protocol.model_validate({"treatment": "given", "outcome": "relapse", "horizon": 2.0} | changed)


def test_confounders_are_what_the_treatment_task_may_see() -> None:
    assert confounders(STUDY, "given") == ["sick", "kind", "old"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"treatment": "drug"}, "no treatment 'drug'"),
        ({"outcome": "drug"}, "is no survival task"),
        ({"outcome": "cure"}, "no task 'cure'"),
        ({"eligibility": "late > 1"}, "reads 'late', which is not known"),
        ({"eligibility": "event == 0"}, "reads 'event', which is not known"),
        ({"eligibility": "given == 'yes'"}, "reads 'given', which is not known"),
        ({"eligibility": "sick >"}, "eligibility: "),
        ({"eligibility": "__import__('os')"}, "eligibility: "),
        ({"subgroups": ("late > 1",)}, "subgroup reads 'late'"),
        ({"given": ("perhaps",), "against": ("no",)}, "has no level 'perhaps'"),
        ({"given": ("yes",), "against": ("yes",)}, "on both sides"),
        ({"given": ("yes",)}, "both sides of the comparison"),
    ],
)
def test_what_cannot_be_answered_says_why(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ProtocolError, match=words.replace("(", r"\(")):
        assemble(STUDY, cohort(), asked(**changed))


def test_a_protocol_survives_its_json_and_lets_nothing_else_in() -> None:
    one = asked(eligibility="sick > 0", subgroups=("old",))
    assert Protocol.model_validate_json(one.model_dump_json()) == one
    for wrong in ({"horizon": -1}, {"horizon": float("nan")}, {"patient": 7}, {"eligibility": "x" * 2001}):
        with pytest.raises(ValueError):
            asked(**wrong)


def test_the_flow_counts_everybody_who_left() -> None:
    table = cohort()
    arms = assemble(STUDY, table, asked(eligibility="sick > 0", given=("yes",), against=("no",)))
    known = table["sick"].notna()
    kept = known & (table["sick"] > 0) & table["given"].isin(["yes", "no"]) & table["time"].notna()
    assert arms.rows.tolist() == np.flatnonzero(kept).tolist()
    assert [one.reason for one in arms.flow] == ["eligible", "unknown_eligible", "treatment", "outcome"]
    assert arms.flow[1].removed == int((~known).sum())
    assert len(table) - sum(one.removed for one in arms.flow) == len(arms.rows) == arms.flow[-1].left
    assert (arms.treated == (table["given"][kept] == "yes")).all()


def test_without_levels_the_study_says_who_was_treated() -> None:
    table = cohort()
    arms = assemble(STUDY, table, asked())
    assert arms.flow[0].reason == "treatment"
    assert int(arms.treated.sum()) == int(((table["given"] == "yes") & table["time"].notna()).sum())
    assert len(arms.rows) == int(table["time"].notna().sum())  # "other" is not "yes"


def trial(treated: int, untreated: int, events: int = 20, follow_up: float = 5.0, at: float = 1.0) -> Arms:
    n = treated + untreated
    event = np.arange(n) < events
    return Arms(np.arange(n), np.arange(n) < treated, np.where(event, at, follow_up), event, ())


@pytest.mark.parametrize(
    ("arms", "reason"),
    [
        (trial(0, 0), "nobody"),
        (trial(0, 50), "no_treated"),
        (trial(50, 0), "no_untreated"),
        (trial(19, 50), "few_treated"),
        (trial(50, 19), "few_untreated"),
        (trial(50, 50, events=9), "few_events"),
        (trial(50, 50, follow_up=1.9), "horizon"),
        (trial(50, 50, at=2.1), "few_events"),
        (trial(29, 50, events=10, follow_up=2.0), "horizon"),
        (trial(30, 20, events=10, follow_up=2.0), None),
    ],
)
def test_refusals_row_by_row(arms: Arms, reason: str | None) -> None:
    found = refusal(arms, 2.0)
    assert (None if found is None else found.reason) == reason


def test_no_node_negative_patient_was_treated() -> None:
    study, table = load_sample("rotterdam")
    for treatment in ("hormon", "chemo"):
        arms = assemble(
            study,
            table,
            Protocol(treatment=treatment, outcome="recurrence", horizon=5, eligibility="nodes == 0"),
        )
        found = refusal(arms, 5.0)
        assert found is not None
        assert (found.reason, len(arms.rows)) == ("no_treated", 1436)

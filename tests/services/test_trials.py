"""Target trials as a service: who may ask, what is counted, the job and its result, the pages to take away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mtl import language
from mtl.jobs import process
from mtl.jobs.trials import emulate_trial, propensity_of
from mtl.services import users
from mtl.services.treatment import trials
from mtl.services.treatment.trials import Protocol, ProtocolError
from mtl.store import cohorts as stored
from mtl.store import database
from mtl.store import trials as kept_trials
from mtl.store.cohorts import Cohort
from tests.treatment.simulated import register

ASKED = Protocol(
    treatment="given", outcome="relapse", horizon=2, given=("yes",), against=("no",), subgroups=("old",)
)


@pytest.fixture(scope="module")
def home_of_trials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trials")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(home))
        register(ASKED)
        database.close()
    return home


@pytest.fixture
def simulated(home_of_trials: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cohort]:
    monkeypatch.setenv("CONSILIUM_HOME", str(home_of_trials))
    yield stored.get("simulated")
    database.close()


def test_only_research_may_ask(simulated: Cohort) -> None:
    key = kept_trials.trial_key(simulated, ASKED)
    with users.acting(users.User("nobody", frozenset({"viewer", "clinician"}))):
        for ask in (
            lambda: trials.choices("simulated"),
            lambda: trials.look("simulated", ASKED),
            lambda: trials.run("simulated", ASKED),
            lambda: trials.progress(key),
            lambda: trials.cancel(key),
            lambda: trials.result(key),
            lambda: trials.recent("simulated"),
            lambda: trials.document(key, "html"),
        ):
            with pytest.raises(users.Forbidden):
                ask()


def test_what_a_cohort_allows(simulated: Cohort) -> None:
    offered = trials.choices("simulated")
    assert [one.column for one in offered.treatments] == ["given"]
    assert [one.name for one in offered.outcomes] == ["relapse"]
    assert offered.findings == {"given": ("sick", "kind", "old")}
    seen = trials.look("simulated", ASKED)
    assert seen.refusal is None
    assert seen.treated + seen.untreated == seen.flow[-1].left


def test_a_run_that_is_there_is_not_run_again(simulated: Cohort) -> None:
    key = trials.run("simulated", ASKED)
    found = trials.result(key)
    assert found is not None and found.cohort == "simulated"
    assert trials.progress(key) is None  # no job was needed
    assert key in [one.key for one in trials.recent("simulated")]
    assert process.pid() is None


def test_the_job_keeps_its_result_once(simulated: Cohort) -> None:
    asked = ASKED.model_copy(update={"eligibility": "sick > 9"})  # refused: nothing is fitted
    payload = {"cohort": "simulated", "protocol": asked.model_dump_json()}
    told: list[str] = []
    emulate_trial(payload, lambda stage, share: told.append(stage))
    emulate_trial(payload, lambda stage, share: told.append(stage))
    assert told == ["patients", "saving", "saving"]
    found = trials.result(kept_trials.trial_key(simulated, asked))
    assert found is not None and found.result.refusal is not None
    assert found.result.refusal.reason == "nobody"
    assert "nobody" not in trials.document(found.key, "markdown").content.decode().split("## ")[1]


def test_what_cannot_be_run_is_refused_before_the_queue(simulated: Cohort) -> None:
    with pytest.raises(ProtocolError, match="not known when treatment"):
        trials.run("simulated", ASKED.model_copy(update={"eligibility": "late > 1"}))
    for key in ("0" * 16, "../../etc/passwd", "", "x" * 500):
        assert trials.result(key) is None
        with pytest.raises(ProtocolError, match="no such result"):
            trials.document(key, "html")


def test_the_key_says_what_was_asked_of_which_rows(simulated: Cohort) -> None:
    key = kept_trials.trial_key(simulated, ASKED)
    assert key == kept_trials.trial_key(simulated, ASKED.model_copy())
    assert key != kept_trials.trial_key(simulated, ASKED.model_copy(update={"horizon": 1.0}))


class Tags(HTMLParser):
    """Which tags and outside addresses a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.outside += [
            v for k, v in attrs if k in ("src", "href") and v and not v.startswith("data:image/svg+xml,")
        ]


def test_the_page_to_take_away_needs_nothing_else(simulated: Cohort) -> None:
    key = kept_trials.trial_key(simulated, ASKED)
    found = trials.document(key, "html")
    page = found.content.decode("utf-8")
    seen = Tags()
    seen.feed(page)
    assert not seen.outside
    assert not seen.tags & {"script", "link", "iframe", "b" * 2}
    assert "simulated &lt;b&gt;" in page and "simulated <b>" not in page
    assert found.name == "target-trial-simulated-given.html"


def test_page_and_markdown_print_the_same_numbers(simulated: Cohort) -> None:
    key = kept_trials.trial_key(simulated, ASKED)
    page = re.sub(
        r"<style>.*?</style>|<[^>]*>", " ", trials.document(key, "html").content.decode(), flags=re.S
    )
    written = trials.document(key, "markdown").content.decode()
    kept = trials.result(key)
    assert kept is not None
    for one in kept.result.ratios:
        assert one.value is not None
        assert language.number(one.value, 2) in page
        assert language.number(one.value, 2) in written
    assert "Exploration only" in page and "Exploration only" in written
    with language.use("zh_Hans"):
        trials.document(key, "html")
        trials.document(key, "markdown")


@pytest.fixture
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


def test_the_cohort_of_the_model_is_asked_by_its_own_folds(samples: Path) -> None:
    """Rotterdam: node-positive, postmenopausal; hormone therapy by the model and by plain logistic regression."""
    from mtl.treatment.design import design
    from mtl.treatment.emulate import hazard_ratios
    from mtl.treatment.protocol import assemble, confounders

    found = stored.get("rotterdam")
    table, study = found.table(), found.study
    for treatment, who, wanted, near in (
        (
            "hormon",
            "nodes > 0 and meno",
            0.67,
            0.055,
        ),  # .724: the model's propensity is just outside .67 +/- .05
        ("chemo", "nodes > 0 and not meno", 0.71, 0.06),
    ):
        asked = Protocol(treatment=treatment, outcome="recurrence", horizon=5, eligibility=who)
        arms = assemble(study, table, asked)
        supply = propensity_of(found, asked)
        assert supply is not None
        chance, source = supply(arms, lambda what, share: None)
        assert source == "model"
        columns = design(study, table.iloc[arms.rows], confounders(study, treatment))
        ratios = {one.method: one.value for one in hazard_ratios(arms, columns, chance)}
        assert ratios["overlap"] == pytest.approx(wanted, abs=near)
        assert ratios["overlap_logistic"] == pytest.approx(wanted, abs=near)


def test_patients_who_were_not_in_training_are_asked_anew(samples: Path) -> None:
    from mtl.treatment.protocol import assemble

    found = stored.get("gbsg")
    asked = Protocol(treatment="hormon", outcome="recurrence", horizon=3)
    supply = propensity_of(found, asked)
    assert supply is not None
    arms = assemble(found.study, found.table(), asked)
    chance, source = supply(arms, lambda what, share: None)
    assert source == "fitted"
    assert len(chance) == len(arms.rows)

"""Sharing: a cohort of one's own is seen by nobody else until it is shared, by everything that takes a key."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mtl.data.samples import load_sample
from mtl.jobs.samples import model_key
from mtl.services import access, identity, models, owners, uploads
from mtl.services.access import GROUP, USER, AccessError
from mtl.services.evidence import evidence
from mtl.services.own import scoring
from mtl.services.paper import reports
from mtl.services.patients import cases, cohorts, global_view, records, similar
from mtl.services.patients import private as private_cases
from mtl.services.patients.cases import CaseError
from mtl.services.patients.cohorts import CohortError, Query
from mtl.services.treatment import treatments, trials  # fmt: skip
from mtl.services.users import Forbidden, User, acting
from mtl.store import cohorts as store
from mtl.store import database, scores, shares
from mtl.store import models as model_store
from mtl.store.database import StoreError

ADA = User("ada", frozenset({"researcher", "clinician"}), frozenset({"oncology"}), "Ada")
BEN = User("ben", frozenset({"researcher", "clinician"}), frozenset({"surgery"}), "Ben")
EVE = User("eve", frozenset({"admin"}), frozenset(), "Eve")
N = 40


@pytest.fixture(scope="module")
def prepared(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where Ada has a cohort of her own."""
    home = tmp_path_factory.mktemp("shared") / "home"
    database.close()
    shutil.copytree(trained_home, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(home))
        study, table = load_sample("pbc")
        with acting(ADA):
            made = store.register(f"{owners.prefix()}liver", "liver", study, table.iloc[:N])
        scores.score(made, model_store.get(model_key("pbc")), lambda *_: None)
        database.close()
    return home


@pytest.fixture
def key(prepared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The key of Ada's cohort; shares of the test alone."""
    monkeypatch.setenv("CONSILIUM_HOME", str(prepared))
    with acting(ADA):
        found = f"{owners.prefix()}liver"
    for user in (ADA, BEN, EVE):
        with acting(user):
            access.arrived(user)
    yield found
    for one in shares.of(found):
        shares.take_back(found, one.kind, one.who)


def case_of(key: str) -> str:
    return store.get(key).case_keys[3].decode()


REFUSED: dict[str, Callable[[str], object]] = {
    "worklist": lambda key: cohorts.worklist(key, Query()),
    "neighbours": lambda key: cohorts.neighbours(key, Query(), case_of(key)),
    "random case": lambda key: cohorts.random_case(key, "death_or_transplant", 0, 1),
    "that matter": lambda key: cohorts.that_matter(key),
    "open": lambda key: cases.open_case(case_of(key)),
    "what if": lambda key: cases.what_if(case_of(key), {}),
    "own outcome": lambda key: cases.own_outcome(case_of(key)),
    "sign": lambda key: records.sign(case_of(key), "agree"),
    "estimate": lambda key: records.estimate(case_of(key), {"death_or_transplant": 3}),
    "treatment": lambda key: treatments.view(case_of(key), "trt"),
    "importances": lambda key: global_view.importances(key),
    "swarm": lambda key: global_view.swarm(key, "death_or_transplant"),
    "private case": lambda key: private_cases.create(key, "x", {}),
    "private list": lambda key: private_cases.mine(key),
    "score": lambda key: models.score(key, model_key("pbc")),
    "score by its model": lambda key: models.score("pbc", f"{key}-0123456789abcdef"),
    "resolve its model": lambda key: models.resolve(f"{key}-0123456789abcdef"),
    "title of its model": lambda key: scoring.title(f"{key}-0123456789abcdef", "en"),
    "trial": lambda key: trials.choices(key),
    "trials": lambda key: trials.recent(key),
    "evidence": lambda key: evidence.state(key, "accuracy"),
    "share": lambda key: access.give(key, USER, "ben"),
    "end sharing": lambda key: access.take_back(key, USER, "ben"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_nobody_else_gets_at_a_cohort_by_any_key(key: str, what: str) -> None:
    with acting(BEN), pytest.raises((CohortError, CaseError, StoreError, AccessError)):
        REFUSED[what](key)
    with acting(ADA):  # who asks makes the difference, not the question
        assert owners.cohort(key).n == N and owners.own(key) is store.get(key)


def test_lists_do_not_name_it(key: str) -> None:
    for user, seen in ((ADA, True), (BEN, False), (EVE, False)):
        with acting(user):
            assert (key in [one.key for one in cohorts.overview()]) is seen
            assert records.decided([case_of(key)]) == set()


@pytest.mark.parametrize(("kind", "who"), [(USER, "ben"), (GROUP, "surgery")])
def test_shared_it_is_read_and_not_changed(key: str, kind: str, who: str) -> None:
    with acting(ADA):
        access.give(key, kind, who)
        access.give(key, kind, who)
        assert [(one.kind, one.who) for one in access.cohorts_of()[0].shares] == [(kind, who)]
    with acting(BEN):
        assert cohorts.worklist(key, Query()).n_total == N
        assert cases.open_case(case_of(key)).cohort == key
        with pytest.raises(CohortError, match="somebody else's"):
            models.score(key, model_key("pbc"))
        with pytest.raises(AccessError):
            access.give(key, USER, "eve")
        assert access.cohorts_of() == []
        mine = private_cases.create(key, f"mine {kind}", {})
    with acting(EVE), pytest.raises(CohortError):
        cohorts.worklist(key, Query())
    with acting(EVE):  # an administrator decides who sees it, without seeing it
        assert [(one.owner, one.n, one.mine) for one in access.cohorts_of()] == [("Ada", N, False)]
        access.take_back(key, kind, who)
    with acting(BEN):
        for closed in (lambda: cases.open_case(case_of(key)), lambda: cases.open_case(mine)):
            with pytest.raises(CaseError):
                closed()


def test_what_one_has_opened_another_does_not_get_from_memory(key: str) -> None:
    with acting(ADA):
        case = cases.open_case(case_of(key))
        private = private_cases.create("pbc", "bed 9", {"age": 51})
        cases.open_case(private)
        assert case.identifier
    with acting(BEN):
        for foreign in (case.key, private):
            with pytest.raises(CaseError):
                cases.open_case(foreign)
        with pytest.raises(CaseError):
            private_cases.draft(private)
        assert private_cases.mine("pbc").n_total == 0
    with acting(ADA):
        private_cases.remove(private)


def test_similar_patients_are_not_those_of_a_cohort_one_may_not_see(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting(ADA):
        case = cases.open_case(store.get("pbc").case_keys[0].decode())
        assert similar.similar(case, "death_or_transplant") is not None
        hidden = store.get(key)
        monkeypatch.setattr(similar.store, "training_cohort", lambda record: hidden)
    with acting(BEN):
        assert similar.similar(case, "death_or_transplant") is None
        assert reports.page_pdf(case)


def test_other_patients_under_the_same_name_are_not_shared(prepared: Path, key: str) -> None:
    study, table = load_sample("pbc")
    with acting(ADA):
        again = f"{owners.prefix()}again"
        store.register(again, "again", study, table.iloc[:20])
        access.give(again, GROUP, "surgery")
    with acting(BEN):
        assert owners.may_see(again)
        store.register(again, "again", study, table.iloc[:20])  # the same rows
        assert owners.may_see(again)
        store.register(again, "again", study, table.iloc[20:40])
        assert not owners.may_see(again)
    store.forget(again)


def test_one_shares_what_one_has_with_whom_one_knows(key: str) -> None:
    with acting(ADA):
        assert access.groups() == ["oncology", "surgery"]
        assert [one.label for one in access.people()] == ["Ben", "Eve"]
        for cohort, kind, who in (
            (key, USER, "nobody knows"), (key, GROUP, "ben"), (key, "role", "ben"), ("pbc", USER, "ben"),
            ("own-x-y", USER, "ben"),
        ):  # fmt: skip
            with pytest.raises(AccessError):
                access.give(cohort, kind, who)
    with acting(User("c", frozenset({"clinician"}))), pytest.raises(Forbidden):
        access.give(key, USER, "ben")


@pytest.mark.parametrize(
    "forged",
    ["own-", "own--", "own-aaaaaaaaaaaaaaaa", "own-aaaaaaaaaaaaaaaa-x-../y", "OWN-aaaaaaaaaaaaaaaa-x"],
)
def test_a_forged_key_opens_nothing(key: str, forged: str) -> None:
    with acting(BEN), pytest.raises((CohortError, StoreError)):
        owners.cohort(forged)


def test_names_do_not_collide_with_the_one_at_the_keyboard() -> None:
    for taken in ("local", "nobody"):
        assert identity.user_of({"sub": taken, "roles": ["admin"]}, identity.Rules()).name == f"oidc {taken}"
    long = identity.user_of({"sub": "x" * 400}, identity.Rules())
    assert len(long.name) < 100
    one, other = ({"iss": f"https://{name}", "sub": "1"} for name in "ab")
    many = identity.Rules(many=True)
    assert identity.user_of(one, many).name != identity.user_of(other, many).name
    with acting(identity.user_of(one, many)):
        first = uploads.owner()
    with acting(identity.user_of(other, many)):
        assert uploads.owner() != first

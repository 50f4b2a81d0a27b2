"""The panels about sharing: absent, offered, running, done; viewer and researcher; both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mtl.jobs.evidence import PARTS, gather
from mtl.language import LANGUAGES
from mtl.services import users
from mtl.services.evidence import evidence as evidence_service
from mtl.services.users import User
from mtl.store import cohorts, evidence, models
from tests.evidence import shared_by_hand
from tests.pages.test_trust import buttons, markup, opened

Open = Callable[..., AppTest]
READER = User("reader", frozenset({"viewer"}))
BY_HAND = {
    "transfer": shared_by_hand.transfer,
    "pairs": shared_by_hand.pairs,
    "learning": shared_by_hand.learning,
}


def put(*parts: str) -> None:
    for part in parts:
        evidence.keep(models.get("first-1"), cohorts.get("first"), part, PARTS[part].version, BY_HAND[part]())


def test_who_may_begins_it_and_stops_it_and_who_may_not_is_told(
    in_hospitals: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(open_app, "transfer", "first")
    assert {"Judge what sharing brought", "Try every pair of tasks", "Learn with fewer labels"} <= set(
        buttons(app)
    )
    next(b for b in app.button if b.label == "Try every pair of tasks").click().run()
    assert not app.exception and evidence_service.state("first", "pairs").state == "waiting"
    assert "Stop" in buttons(app)
    next(b for b in app.button if b.label == "Stop").click().run()
    assert evidence_service.state("first", "pairs").state == "cancelled"
    monkeypatch.setattr(users, "_ask", lambda: READER)
    monkeypatch.setattr(users, "LOCAL", READER)
    app = opened(open_app, "transfer", "first")
    assert "Try every pair of tasks" not in buttons(app)
    assert any("a researcher can begin it" in info.value for info in app.info)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_verdicts_come_first_and_everything_is_there(
    in_hospitals: Path, open_app: Open, lang: str
) -> None:
    put("transfer", "pairs", "learning")
    shown = markup(opened(open_app, "transfer", "first", lang))
    heads = {
        "en": ("Sharing helped", "Sharing hurt, and is switched off", "no difference", "Cannot tell", "Weights in"),
        "zh_Hans": ("共享有益", "共享有害，已关闭", "共享无差别", "无法判断", "模型中的权重"),
    }[lang]  # fmt: skip
    for head in heads:
        assert head in shown, head
    assert shown.index(heads[0]) < shown.index("<table>")
    assert (
        shown.count("ranges") >= 1
        and 'class="heat"' in shown
        and "h-hidden" in shown
        and 'class="plane"' in shown
    )
    assert "{" not in shown[shown.index(heads[0]) :].split("<style>")[0]  # nothing left unsaid


def test_other_patients_see_the_training_s_audit_and_are_told(in_hospitals: Path, open_app: Open) -> None:
    put("transfer")
    shown = markup(opened(open_app, "transfer", "later"))
    assert "on its own patients, not on those of this cohort" in shown and "Sharing helped" in shown


def test_techniques_are_trained_by_the_job_and_shown(in_hospitals: Path, open_app: Open) -> None:
    assert "Train the related techniques" in buttons(opened(open_app, "techniques", "first"))
    told: list[tuple[str, float]] = []
    asked = {"cohort": "first", "model": "first-1", "part": "techniques"}
    gather(asked, lambda stage, share: told.append((stage, share)))
    shares = [share for _stage, share in told]
    assert shares == sorted(shares) and shares[-1] == 1.0
    found = evidence_service.result("first", "techniques")
    assert found is not None
    assert set(found["tasks"]["death"]["techniques"]) == {"blend", "single", "linear"}
    assert set(found["tasks"]["ill"]["techniques"]) == {"blend", "single", "linear", "perceptron"}
    assert found["techniques"]["chain"]["left_out"]["ill"] == "alone"
    assert found["techniques"]["perceptron"]["left_out"]["death"] == "no_survival"
    for task in found["tasks"].values():
        for one in task["techniques"].values():
            assert one["metric"] > 0.1 and one["loss"] > 0 and (one["slope"] is None or one["slope"] > 0)
    shown = markup(opened(open_app, "techniques", "first", task="death"))
    assert "Ours comes first for" in shown and "LightGBM" in shown and "GPL" in shown

"""The panels of the page Performance: what a reader sees of real evidence, by role, language and state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mtl import jobs
from mtl.evidence import subgroups
from mtl.jobs.comparison import compare_models
from mtl.jobs.evidence import PARTS, gather
from mtl.language import LANGUAGES, number, percent, use
from mtl.services import users
from mtl.services.evidence import cutoffs, model_comparison
from mtl.services.evidence import words as evidence_words
from mtl.services.users import User
from mtl.store import cohorts, database, evidence, models
from pages.ui import evidence as panels

Open = Callable[..., AppTest]
READER = User("reader", frozenset({"viewer"}))
LANGUAGE = pytest.mark.parametrize("lang", LANGUAGES)
MINE = ("accuracy", "calibration", "cutoff", "risk_groups", "subgroups")
COMPUTED = {
    "gbsg": ("accuracy", "side_by_side", "calibration", "cutoff", "risk_groups", "subgroups"),
    "cytology": ("accuracy", "side_by_side", "calibration", "cutoff", "subgroups"),
    "pbc": ("accuracy",),
}


@pytest.fixture(scope="module")
def known(computed_home: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(computed_home))
        patch.setattr(subgroups, "RESAMPLES", 10)
        for cohort, parts in COMPUTED.items():
            for part in parts:
                payload = {"cohort": cohort, "model": cohorts.get(cohort).model, "part": part}
                gather(payload, lambda stage, share: None)
        database.close()
    return computed_home


@pytest.fixture
def here(known: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(known))
    monkeypatch.setattr("mtl.jobs.process.ensure", lambda: None)  # nobody works: what is begun waits
    yield known
    database.close()


def opened(open_app: Open, panel: str, cohort: str, lang: str | None = None, **parts: str) -> AppTest:
    app = open_app(lang=lang)
    app.switch_page("performance.py")
    for name, value in {"panel": panel, "cohort": cohort, **parts}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    assert len(app.title) == 1
    return app


def markup(app: AppTest) -> str:
    return unescape("\n".join(b.proto.body for b in app.get("html") if "<style>" not in b.proto.body))


def content(cohort: str, part: str) -> dict[str, Any]:
    of = cohorts.get(cohort)
    found = evidence.find(models.get(str(of.model)), of, part, PARTS[part].version)
    assert found is not None
    return found


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


@LANGUAGE
def test_every_number_of_the_evidence_is_on_the_page(open_app: Open, here: Path, lang: str) -> None:
    app = opened(open_app, "accuracy", "gbsg", lang)
    sent = markup(app)
    with use(lang):
        for value in content("gbsg", "accuracy")["tasks"]["recurrence"]["metrics"].values():
            assert evidence_words.value(value) in sent
        for name, technique in content("gbsg", "side_by_side")["tasks"]["recurrence"]["techniques"].items():
            assert evidence_words._(evidence_words.TECHNIQUES[name]) in sent
            assert evidence_words.value(technique["metrics"]["harrell_c"]) in sent
    assert charts(app) == 1
    assert ("not estimable" in sent) == (lang == "en")
    assert ("无法估计" in sent) == (lang != "en")


@pytest.mark.parametrize("metric", ["calibration_slope", "brier@5y"])
def test_another_metric_beside_other_techniques(open_app: Open, here: Path, metric: str) -> None:
    app = opened(open_app, "accuracy", "gbsg", task="recurrence")
    app.session_state["beside_metric"] = metric
    app.run()
    sent = markup(app)
    for technique in content("gbsg", "side_by_side")["tasks"]["recurrence"]["techniques"].values():
        assert evidence_words.value(technique["metrics"][metric]) in sent


@pytest.mark.parametrize(
    ("cohort", "panel", "task"),
    [
        ("gbsg", "accuracy", "hormone_therapy"),
        ("gbsg", "calibration", "recurrence"),
        ("gbsg", "calibration", "nodal_metastasis"),
        ("gbsg", "cutoff", "recurrence"),
        ("gbsg", "cutoff", "death"),
        ("gbsg", "risk_groups", "death"),
        ("gbsg", "subgroups", "recurrence"),
        ("cytology", "accuracy", "worst_area"),
        ("cytology", "calibration", "worst_area"),
        ("cytology", "calibration", "malignant"),
        ("cytology", "cutoff", "malignant"),
        ("cytology", "risk_groups", "malignant"),
        ("cytology", "subgroups", "worst_area"),
        ("pbc", "accuracy", "histologic_stage"),
        ("pbc", "accuracy", "no such task"),
    ],
)
def test_panels_of_every_kind_of_task(open_app: Open, here: Path, cohort: str, panel: str, task: str) -> None:
    opened(open_app, panel, cohort, task=task)


@LANGUAGE
@pytest.mark.parametrize("panel", MINE)
def test_panels_in_every_language(open_app: Open, here: Path, panel: str, lang: str) -> None:
    app = opened(open_app, panel, "gbsg", lang)
    assert charts(app) > 0
    assert "686" in markup(app)


def test_a_class_has_its_confusion_and_its_own_auroc(open_app: Open, here: Path) -> None:
    sent = markup(opened(open_app, "accuracy", "pbc", task="histologic_stage"))
    one = content("pbc", "accuracy")["tasks"]["histologic_stage"]
    for value in one["metrics"].values():
        assert evidence_words.value(value) in sent
    for row in one["confusion"]["counts"]:
        total = sum(row)
        for count in row:
            assert f"{number(count)} ({percent(count / total)})" in sent


def test_one_cutoff_moves_every_rate(open_app: Open, here: Path) -> None:
    found, task = content("gbsg", "cutoff"), "recurrence"
    entry = next(one for one in found["tasks"][task] if one.get("horizon") == 5)
    app = opened(open_app, "cutoff", "gbsg", task=task, cutoff="0.37")
    for cutoff in (0.37, 0.62):
        app.select_slider(key="cutoff").set_value(cutoff)
        app.run()
        at, sent = cutoffs.at(found, entry, cutoff), markup(app)
        for name in cutoffs.RATES:
            assert cutoffs.printed(name, at.rates[name]) in sent
        assert cutoffs.of_hundred(at) in sent
        assert at.hundred is not None and sum(at.hundred) == 100
    assert app.query_params["cutoff"] in ("0.62", ["0.62"])


@pytest.mark.parametrize("forged", ["1e9", "nan", "-1", "<b>", "0.123456"])
def test_a_forged_cutoff_is_not_taken(open_app: Open, here: Path, forged: str) -> None:
    app = opened(open_app, "cutoff", "gbsg", task="recurrence", cutoff=forged)
    assert app.select_slider(key="cutoff").value == 0.4


def test_horizons_that_cannot_be_told_say_why(open_app: Open, here: Path) -> None:
    for panel in ("calibration", "cutoff"):
        sent = markup(opened(open_app, panel, "gbsg", task="recurrence"))
        assert "within 10 years: not estimable: fewer than 20 patients still at risk at 10 years (0)" in sent


def test_every_group_has_its_size_and_small_ones_are_named(open_app: Open, here: Path) -> None:
    app = opened(open_app, "subgroups", "gbsg", task="recurrence", feature="size")
    one = content("gbsg", "subgroups")["tasks"]["recurrence"]["features"]["size"]
    sent = markup(app)
    for group in one["groups"]:
        assert number(group["n"]) in sent
        if "metrics" in group:
            assert evidence_words.value(group["metrics"]["auroc"]) in sent
    assert "Intervals are not corrected" in sent


def test_what_is_absent_is_begun_by_itself_for_who_may(open_app: Open, here: Path) -> None:
    cohort = cohorts.get("rotterdam")
    model = cohort.model
    for path in evidence.folder_of(models.get(str(model)), cohort).glob("accuracy-*.json"):
        path.unlink()  # another test may have had it computed in this home
    app = opened(open_app, "accuracy", "rotterdam")
    job = jobs.latest(f"evidence:accuracy:{model}:rotterdam")
    assert job is not None and job.state == "waiting"
    assert "waiting" in str(app.get("progress")[0].proto) or app.get("progress")
    app.button(key="stop_accuracy").click().run()
    assert jobs.latest(f"evidence:accuracy:{model}:rotterdam").state == "cancelled"  # type: ignore[union-attr]


def test_a_viewer_reads_and_begins_nothing(
    open_app: Open, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "LOCAL", READER)
    for panel in MINE:
        assert charts(opened(open_app, panel, "gbsg")) > 0
    app = opened(open_app, "calibration", "rotterdam")
    assert "a researcher can begin it" in app.info[0].value
    assert not [b for b in app.button if str(b.key).startswith(("begin_", "stop_"))]
    assert jobs.latest(f"evidence:calibration:{cohorts.get('rotterdam').model}:rotterdam") is None


def test_how_far_a_running_part_is(open_app: Open, here: Path) -> None:
    from mtl.jobs import queue
    from mtl.services.evidence import evidence as service

    service.begin("rotterdam", "cutoff")
    of = cohorts.get("rotterdam")
    record = models.get(str(of.model))
    job = queue.take()
    while job is not None and job.payload.get("part") != "cutoff":
        queue.end(job.key, "done")
        job = queue.take()
    assert job is not None
    evidence.note_beginning(record, of, "cutoff", PARTS["cutoff"].version, 0.0)
    queue.note(job.key, "cut-offs: recurrence", 0.5)
    with queue.process.alone():  # as a worker that lives
        state = service.state("rotterdam", "cutoff")
        assert state.state == "running" and state.remaining is not None and state.remaining < 60
        sent = str(opened(open_app, "cutoff", "rotterdam").get("progress")[0].proto)
        assert "Recurrence or death" in sent and "left" in sent
    queue.end(job.key, "failed", "the disk is full")
    app = open_app()
    app.switch_page("performance.py")
    app.query_params["panel"], app.query_params["cohort"] = "cutoff", "rotterdam"
    app.run()
    assert not app.exception
    assert "the disk is full" in app.error[0].value
    assert app.button(key="begin_cutoff")


def test_one_model_is_compared_with_nothing(
    open_app: Open, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_comparison, "choices", lambda cohort: [])
    assert "Train another" in opened(open_app, "compare", "cytology").info[0].value


def test_two_models_are_compared(open_app: Open, here: Path) -> None:
    record = models.get(str(cohorts.get("gbsg").model))
    other = models.register_exported("model-other", "<b>other</b>", models.load(record))
    compare_models({"cohort": "gbsg", "first": record.key, "second": other.key}, lambda stage, share: None)
    app = opened(open_app, "compare", "gbsg", first=record.key, second=other.key, task="recurrence")
    sent = markup(app)
    assert charts(app) == 1 and "cannot be told apart" in sent
    again = model_comparison.result("gbsg", record.key, other.key)
    assert again is not None
    for value in again["tasks"]["recurrence"]["less"].values():
        assert evidence_words.value(value) in sent
    # the other way round nothing was computed, and is offered
    app = opened(open_app, "compare", "gbsg", first=other.key, second=record.key)
    app.button(key="begin_comparison").click().run()
    state = model_comparison.state("gbsg", other.key, record.key)
    assert state.state == "waiting"
    model_comparison.cancel("gbsg", other.key, record.key)


def test_somebody_elses_model_is_not_there(here: Path) -> None:
    mine = str(cohorts.get("gbsg").model)
    with users.acting(READER), pytest.raises(users.Forbidden):
        model_comparison.begin("gbsg", mine, "x")
    from mtl.store.database import StoreError

    with pytest.raises(StoreError, match="there is no model"):
        model_comparison.result("gbsg", mine, "own-aaaaaaaaaaaaaaaa-secret")
    with pytest.raises(StoreError, match="choose two"):
        model_comparison.result("gbsg", mine, mine)


def test_every_panel_belongs_to_a_question() -> None:
    assert {panel.group for panel in panels.PANELS.values()} <= set(panels.GROUPS)
    assert next(iter(panels.PANELS)) == "accuracy"


def test_no_cohort_with_a_model_is_said(open_app: Open) -> None:
    app = open_app()
    app.switch_page("performance.py")
    app.run()
    assert not app.exception
    assert "nothing to judge" in app.info[0].value
